import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import { type SseEvent, type SseMessage, SseParser } from '../../../src/sse/index.ts'
import { fold, isContent } from '../../../src/tokens/index.ts'
import { cases, checkOrder, decode, events, fixture, upstream } from './stream-of.ts'

function read(name: string): SseEvent[] {
  const list: SseEvent[] = []
  new SseParser().push(fixture(name), (event) => list.push(event))
  return list
}

/** Forwards as the gateway does, and ends the stream as it would. */
function forward(list: SseEvent[]) {
  const observer = upstream.observeStream({ dropUsage: false })
  const out: SseMessage[] = []
  for (const event of list) if (observer.see(event)) out.push({ event: event.event, data: event.data })
  return { observer, out }
}

const finished = cases.filter((name) => decode([fixture(name)]).some(({ type }) => type === 'finish'))

describe('sees what the decoder sees', () => {
  it.each(finished)('%s', (name) => {
    const { observer } = forward(read(name))
    const tokens = decode([fixture(name)])
    const reply = fold(tokens)
    expect(observer.usage).toEqual(reply.usage)
    expect(observer.model).toBe(reply.model)
    expect(observer).toMatchObject({ finished: true, content: true, error: undefined })
    // The reason as the provider says it: calls are not looked for here.
    if (name !== 'blocks-that-come-whole') expect(observer.finish).toBe(reply.choices[0]!.finish.reason)
    expect(observer.done).toBe(name !== 'no-message-stop')
  })

  it.each(finished)('content is seen at the same event as in the tokens: %s', (name) => {
    const decoder = upstream.decodeStream({ vendor: 'anthropic', family: 'claude' })
    const observer = upstream.observeStream({ dropUsage: false })
    let content = false
    for (const event of read(name)) {
      decoder.push(event, (token) => {
        // A finish and a signature wait in the decoder; on the wire they are seen at once.
        if (isContent(token)) content = true
      })
      observer.see(event)
      if (content) expect(observer.content).toBe(true)
      if (observer.content && !content)
        expect(event.data).toMatch(/signature_delta|stop_reason|compaction|_tool_result|hologram/)
    }
  })
})

it('a second start is kept from the client', () => {
  const { out } = forward(read('two-message-starts'))
  expect(checkOrder(out.filter(({ event }) => event !== 'ping'))).toBe('finished')
})

it('a second message_delta reaches the client when it tells more, and not when it only says the same again', () => {
  const delta = (output: number) => ({
    event: 'message_delta',
    data: `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":${output}}}`,
    id: '',
    end: 0,
  })
  const [start, ...rest] = read('text').filter(({ event }) => event !== 'message_delta' && event !== 'message_stop')
  const { observer, out } = forward([start!, ...rest, delta(3), delta(3), delta(9)])
  const told = out.filter(({ event }) => event === 'message_delta').map(({ data }) => data)
  expect(told).toEqual([delta(3).data, delta(9).data])
  expect(observer.usage?.output).toBe(9)
})

it.each(['error-midway', 'error-first', 'not-json'])('an error is kept back for the gateway: %s', (name) => {
  const { observer, out } = forward(read(name))
  const told = decode([fixture(name)]).at(-1)
  expect(told).toMatchObject({ type: 'error', error: { code: observer.error!.code } })
  expect(JSON.stringify(out)).not.toMatch(/"error"|<html>/)
})

describe('a stream that breaks', () => {
  it.each(['text', 'thinking-and-calls', 'hosted-tools'])(
    'anywhere has its block closed before the error: %s',
    (name) => {
      const list = read(name)
      for (let at = 0; at < list.length; at++) {
        const { observer, out } = forward(list.slice(0, at))
        // Behind a finish reason the gateway completes a stream and does not fail it.
        if (observer.finished) continue
        const all = [...out, ...observer.fail(new SluiceError('idle_timeout', 'silent'))]
        expect(checkOrder(all.filter(({ event }) => event !== 'ping'))).toBe('failed')
        expect(observer.fail(new SluiceError('internal', 'again'))).toEqual([])
      }
    },
  )

  it('behind its finish reason is completed', () => {
    const { observer, out } = forward(read('no-message-stop'))
    expect(checkOrder([...out, ...observer.complete()])).toBe('finished')
    expect(observer.complete()).toEqual([])
  })
})

it('counts deltas without reading them once there is content', () => {
  const { observer } = forward([
    ...events(
      { type: 'message_start', message: {} },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
    ),
    { event: 'content_block_delta', data: '{never parsed}', id: '', end: 0 },
  ])
  expect(observer).toMatchObject({ deltas: 2, content: true, error: undefined })
})
