import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import { eventParser } from '../../../src/pipeline/index.ts'
import type { SseEvent } from '../../../src/sse/index.ts'
import type { StreamToken } from '../../../src/tokens/index.ts'
import { clientStream } from './wire.ts'

describe('an answer of calls and texts for a client of openai-chat', () => {
  const at = (index: number) => ({ choice: 0, index })
  const tokens: StreamToken[] = [
    { type: 'message-start', id: 'a', model: 'm' },
    { type: 'text-start', ...at(0) },
    { type: 'text-delta', ...at(0), text: 'a' },
    { type: 'text-end', ...at(0) },
    ...[1, 2].flatMap((index): StreamToken[] => [
      { type: 'tool-call-start', ...at(index), id: `call_${index}`, name: 'clock', kind: 'function' },
      { type: 'tool-call-delta', ...at(index), arguments: '{}' },
      { type: 'tool-call-end', ...at(index) },
    ]),
    { type: 'finish', choice: 0, reason: 'tool_calls' },
    { type: 'usage', usage: { input: 1, output: 1 } },
  ]

  interface Chunk {
    choices: Array<{ delta: { role?: string; tool_calls?: Array<{ index: number }> }; finish_reason: string | null }>
    usage?: object
  }
  const chunks: Chunk[] = []
  eventParser('sse').push(
    clientStream('openai-chat', tokens, undefined, () => {}),
    ({ data }) => {
      if (data !== '[DONE]') chunks.push(JSON.parse(data) as Chunk)
    },
  )

  it('numbers the calls from 0, whatever stood before them', () => {
    const numbers = chunks.flatMap(({ choices }) => (choices[0]?.delta.tool_calls ?? []).map(({ index }) => index))
    expect([...new Set(numbers)]).toEqual([0, 1])
  })

  it('says the role first, and the usage in a chunk whose choices are an empty list', () => {
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: {} })
  })

  it('has one finish reason', () => {
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason)).toHaveLength(1)
  })
})

describe('the events of an answer for a client of anthropic-messages', () => {
  it('stand in blocks whose numbers are dense, each opened and closed once, one at a time', () => {
    const at = (index: number) => ({ choice: 0, index })
    const tokens: StreamToken[] = [
      { type: 'message-start', id: 'a', model: 'm' },
      { type: 'reasoning-start', ...at(0) },
      { type: 'reasoning-delta', ...at(0), text: 'hm' },
      { type: 'tool-call-start', ...at(4), id: 'call_4', name: 'clock', kind: 'function' },
      { type: 'tool-call-start', ...at(7), id: 'call_7', name: 'clock', kind: 'function' },
      { type: 'tool-call-delta', ...at(7), arguments: '{}' },
      { type: 'reasoning-delta', ...at(0), text: '!' },
      { type: 'reasoning-end', ...at(0) },
      { type: 'tool-call-delta', ...at(4), arguments: '{}' },
      { type: 'tool-call-end', ...at(7) },
      { type: 'tool-call-end', ...at(4) },
      { type: 'finish', choice: 0, reason: 'tool_calls' },
    ]
    const marks: string[] = []
    eventParser('sse').push(
      clientStream('anthropic-messages', tokens, undefined, () => {}),
      ({ data }) => {
        const { type, index } = JSON.parse(data) as { type: string; index?: number }
        if (type === 'content_block_start' || type === 'content_block_stop') marks.push(`${type.slice(14)} ${index}`)
      },
    )
    expect(marks).toEqual(['start 0', 'stop 0', 'start 1', 'stop 1', 'start 2', 'stop 2'])
  })
})

describe('an answer that breaks in the middle', () => {
  const tokens: StreamToken[] = [
    { type: 'message-start', id: 'a', model: 'm' },
    { type: 'text-start', choice: 0, index: 0 },
    { type: 'text-delta', choice: 0, index: 0, text: 'half' },
    { type: 'error', error: new SluiceError('upstream_truncated', 'cut') },
  ]
  const eventsOf = (client: string): SseEvent[] => {
    const events: SseEvent[] = []
    const bytes = clientStream(client, tokens, undefined, () => {})
    eventParser('sse').push(bytes, (event) => {
      events.push({ ...event })
    })
    return events
  }

  it('closes its block and then says so in an event of that name, for a client of anthropic-messages', () => {
    expect(
      eventsOf('anthropic-messages')
        .map(({ event }) => event)
        .slice(-2),
    ).toEqual(['content_block_stop', 'error'])
  })

  it('fails in a way that is worth another try, for a client of openai-responses', () => {
    const last = JSON.parse(eventsOf('openai-responses').at(-1)!.data) as object
    expect(last).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' } },
    })
  })
})

describe('the events of an answer for a client of openai-responses', () => {
  const at = { choice: 0, index: 0 }
  const tokens: StreamToken[] = [
    { type: 'message-start', id: 'a', model: 'm' },
    { type: 'reasoning-start', ...at },
    { type: 'reasoning-delta', ...at, text: 'hm ' },
    { type: 'reasoning-delta', ...at, text: 'yes' },
    { type: 'reasoning-end', ...at },
    { type: 'text-start', choice: 0, index: 1 },
    { type: 'text-delta', choice: 0, index: 1, text: 'sa' },
    { type: 'text-delta', choice: 0, index: 1, text: 'id' },
    { type: 'text-end', choice: 0, index: 1 },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage: { input: 1, output: 1 } },
  ]

  interface Event {
    type: string
    sequence_number: number
    item?: unknown
    response?: { output: unknown[]; usage?: { output_tokens_details?: { reasoning_tokens?: number } } }
  }
  const eventsOf = (some: readonly StreamToken[]): Event[] => {
    const found: Event[] = []
    eventParser('sse').push(
      clientStream('openai-responses', some, undefined, () => {}),
      ({ data }) => {
        if (data !== '[DONE]') found.push(JSON.parse(data) as Event)
      },
    )
    return found
  }

  it('are numbered without a gap, and end with the whole of what was said', () => {
    const events = eventsOf(tokens)
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at))
    const last = events.at(-1)
    expect(last?.type).toBe('response.completed')
    const items = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
    expect(last?.response?.output).toEqual(items)
    expect(JSON.stringify(items)).toContain('"hm yes"')
    expect(JSON.stringify(items)).toContain('"said"')
    expect(last?.response?.usage?.output_tokens_details?.reasoning_tokens).toBe(0)
  })

  it('end properly when the provider never says why it ended', () => {
    const events = eventsOf(tokens.slice(0, 8))
    expect(events.filter(({ type }) => /^response\.(completed|incomplete|failed)$/.test(type))).toHaveLength(1)
    expect(events.at(-1)?.type).toMatch(/^response\.(completed|incomplete|failed)$/)
  })
})
