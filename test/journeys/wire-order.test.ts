import { describe, expect, it } from 'vitest'
import { builtinScripts, type Wire } from '../../src/providers/scripted/index.ts'
import { type SseEvent, SseParser } from '../../src/sse/index.ts'
import { isJsonObject, type JsonObject } from '../../src/tokens/index.ts'
import { openHouse } from './house.ts'
import { ask, crossed, hello, type Pair, pairsOf, titled } from './pairs.ts'

const paths = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const

/** Stalls end only by a timeout, and slowness changes no order. Answers that are no streams are told elsewhere. */
const scripts = Object.keys(builtinScripts).filter(
  (name) => !name.startsWith('stall') && name !== 'slow' && !builtinScripts[name]?.streaming,
)

interface Seen {
  status: number
  events: SseEvent[]
}

async function read(pair: Pair, script: string): Promise<Seen> {
  const house = await openHouse()
  const tools = ['get_weather', 'get_time'].map((name) => ({ name, input_schema: { type: 'object' } }))
  const chatTools = tools.map(({ name }) => ({ type: 'function', function: { name } }))
  const chat = pair.client === 'openai-chat'
  const response = await fetch(house.sluice.url + paths[pair.client], {
    method: 'POST',
    body: JSON.stringify({
      model: pair.model(script),
      max_tokens: 100,
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      tools: chat ? chatTools : tools,
      ...(chat && { stream_options: { include_usage: true } }),
    }),
  })
  const events: SseEvent[] = []
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (response.status === 200) new SseParser().push(bytes, (event) => events.push(event))
  return { status: response.status, events }
}

const streamed = pairsOf({ stream: true }).filter(
  (pair) => crossed.includes(pair) || pair.client === 'anthropic-messages',
)

describe.each(titled(streamed))('%s: whatever the provider plays, the events keep their order', (_, pair) => {
  // Forwarded as it came, an answer without a finish stays one.
  const played = crossed.includes(pair) ? scripts : scripts.filter((name) => name !== 'no-finish')

  it.each(played)('%s', async (script) => {
    const { status, events } = await read(pair, script)
    const broken = 'fault' in builtinScripts[script]! && !['no-end', 'two-ends', 'trailing'].includes(script)
    if (status !== 200) {
      expect(broken).toBe(true)
      return
    }
    const outcome = pair.client === 'openai-chat' ? readChat(events) : readMessages(events)
    expect(outcome).toBe(broken ? 'error' : 'end')
  })
})

/** One start, balanced blocks under dense numbers, one finish, one end; or one error as the last event. */
function readMessages(events: SseEvent[]): 'end' | 'error' {
  let open: number | undefined
  let blocks = 0
  let state: 'before' | 'inside' | 'finished' | 'end' | 'error' = 'before'
  for (const { event, data } of events) {
    const body = parse(data)
    expect(event).toBe(body.type)
    expect(['end', 'error']).not.toContain(state)
    switch (body.type) {
      case 'ping':
        break
      case 'message_start':
        expect(state).toBe('before')
        state = 'inside'
        break
      case 'content_block_start':
        expect([state, open, body.index]).toEqual(['inside', undefined, blocks])
        open = blocks++
        break
      case 'content_block_delta':
        expect(body.index).toBe(open)
        break
      case 'content_block_stop':
        expect(body.index).toBe(open)
        open = undefined
        break
      case 'message_delta':
        expect([state, open]).toEqual(['inside', undefined])
        state = 'finished'
        break
      case 'message_stop':
        expect([state, open]).toEqual(['finished', undefined])
        state = 'end'
        break
      case 'error':
        expect(open).toBeUndefined()
        expect(body.error).toMatchObject({ type: expect.stringMatching(/./), message: expect.stringMatching(/./) })
        state = 'error'
        break
      default:
        throw new Error(`an event that clients do not know: ${data}`)
    }
  }
  expect(['end', 'error']).toContain(state)
  return state as 'end' | 'error'
}

/** One id, the role first, one finish, calls under dense numbers, usage at the end, then `[DONE]`; or one error. */
function readChat(events: SseEvent[]): 'end' | 'error' {
  expect(events.at(-1)?.data).toBe('[DONE]')
  const chunks = events.slice(0, -1).map(({ data }) => parse(data))
  const last = chunks.at(-1)
  const failed = last !== undefined && isJsonObject(last.error)
  if (failed) chunks.pop()
  const ids = new Set(chunks.map(({ id, created, model, object }) => [id, created, model, object].join()))
  expect(ids.size).toBe(failed && chunks.length === 0 ? 0 : 1)
  let calls = 0
  let finishes = 0
  for (const [i, chunk] of chunks.entries()) {
    const [choice, ...others] = chunk.choices as JsonObject[]
    expect(others).toEqual([])
    if (!choice) {
      expect([i, isJsonObject(chunk.usage)]).toEqual([chunks.length - 1, true])
      continue
    }
    expect(finishes).toBe(0)
    const delta = choice.delta as JsonObject
    expect('role' in delta).toBe(i === 0)
    for (const call of (delta.tool_calls ?? []) as JsonObject[]) {
      if ('id' in call) expect(call.index).toBe(calls++)
      else expect(call.index).toBeLessThan(calls)
    }
    if (choice.finish_reason !== null) finishes++
  }
  if (!failed) expect(finishes).toBe(1)
  return failed ? 'error' : 'end'
}

function parse(data: string): JsonObject {
  const body: unknown = JSON.parse(data)
  if (!isJsonObject(body)) throw new Error(`no JSON object: ${data}`)
  return body
}

describe('however the bytes come, the text is the same', () => {
  const text = 'Grüße, 世界! 👩‍👩‍👧‍👦 \u{1d518} e\u0301 \u2028 "\\" \t \u0000 ok'
  const wires: Array<[string, Wire]> = [
    ...[1, 2, 3, 5, 7].map((write): [string, Wire] => [`torn into writes of ${write}`, { write }]),
    ['with CRLF', { lineEnd: 'crlf' }],
    ['with CRLF, torn', { lineEnd: 'crlf', write: 3 }],
    ['with CR, torn', { lineEnd: 'cr', write: 2 }],
    ['with comments and pings', { comments: 1, pings: 1 }],
    ['with a huge event', { huge: 200_000 }],
    ['all in one write', { batch: 1000 }],
  ]
  it.each(
    crossed
      .filter(({ stream }) => stream)
      .flatMap((pair) => wires.map(([name, wire]) => [titled([pair])[0]![0], name, pair, wire] as const)),
  )('%s, %s', async (_, __, pair, wire) => {
    const house = await openHouse({
      script: {
        steps: [
          { reasoning: text, chunk: 1 },
          { text, chunk: 1 },
        ],
        wire,
      },
    })
    expect(await ask(house, pair, hello)).toMatchObject({ text, reasoning: text })
  })
})

it.each(titled(crossed.filter(({ stream }) => stream)))(
  'a call that the ceiling cuts off is said to be cut off: %s',
  async (_, pair) => {
    const { events } = await read(pair, 'broken-arguments')
    const data = events.map((event) => event.data).join('\n')
    if (pair.client === 'openai-chat') expect(data).toMatch(/"finish_reason":"length"/)
    else expect(data).toMatch(/"stop_reason":"max_tokens"/)
    expect(data).not.toMatch(/"finish_reason":"tool_calls"|"stop_reason":"tool_use"/)
  },
)
