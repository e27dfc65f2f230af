import { describe, expect, it } from 'vitest'
import { openaiChat } from '../../src/dialects/index.ts'
import type { SluiceError } from '../../src/errors/index.ts'
import { writeAwsEvent } from '../../src/framing/index.ts'
import { type AnyAnswer, HttpStreamHandler } from '../../src/pipeline/index.ts'
import type { SseEvent } from '../../src/sse/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import {
  chatChunks,
  chatStream,
  cutEvery,
  cutStream,
  decoded,
  endings,
  sse,
  textOf,
  utf8,
  WatchedSource,
  wholeReply,
} from './answers.ts'

const handler = new HttpStreamHandler({ dialect: openaiChat })
const texts = ['Hel', 'lo, ', 'wörld 👋']
const data = [...chatChunks(...texts), '[DONE]']
const expected = decoded(data)

async function all<Item>(output: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of output) items.push(item)
  return items
}

function answer(body: Uint8Array | string, contentType?: string, status = 200): AnyAnswer {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  return { statusCode: status, headers, body: [body] }
}

/** Cuts a body everywhere in turn; two in one go are enough, each piece alone is tried once. */
function cuttings(body: Uint8Array): Uint8Array[][] {
  const twice = Array.from({ length: Math.min(body.length, 300) }, (_, at) => [body.subarray(0, at), body.subarray(at)])
  return [...twice, cutEvery(body, 1), cutEvery(body, 7)]
}

const chunks = chatChunks(...texts)
const lines = chunks.map((one) => `${one}\n`).join('')
const array = `[${chunks.join(',\r\n')}]`
const aws = (() => {
  const events = chunks.map((one) => writeAwsEvent({ ':message-type': 'event', ':event-type': 'chunk' }, utf8(one)))
  return Uint8Array.from(events.flatMap((one) => [...one]))
})()

describe('how the events stand in a body', () => {
  it.each([
    ['events', 'text/event-stream', sse(data)],
    ['events under JSON', 'application/json', sse(data)],
    ['events under text', 'text/plain; charset=utf-8', sse(data)],
    ['events without a type', undefined, sse(data)],
    ['events behind white space', 'text/event-stream', `\n \r\n\n${sse(data)}`],
    ['events behind a byte order mark', 'text/event-stream', `\ufeff${sse(data)}`],
    ['events behind a comment', 'application/json', `: hello\n\n${sse(data)}`],
    ['lines', 'application/x-ndjson', lines],
    ['lines under JSON', 'application/json', lines],
    ['lines under events', 'text/event-stream', lines],
    ['lines without the last line end', 'application/jsonl', lines.slice(0, -1)],
    ['an array', 'application/json', array],
    ['an array under events', 'text/event-stream', array],
    ['an array behind a byte order mark', 'application/json', `\ufeff \n${array}`],
    ['messages of AWS', 'application/vnd.amazon.eventstream', aws],
    ['messages of AWS without a type', undefined, aws],
  ])('%s', async (_, type, body) => {
    const bytes = typeof body === 'string' ? utf8(body) : body
    const headers = type === undefined ? {} : { 'content-type': type }
    for (const pieces of cuttings(bytes)) {
      const tokens = await all(handler.intoStream({ statusCode: 200, headers, body: pieces }))
      expect(tokens).toEqual(expected)
    }
  })

  it.each([
    ['application/json', wholeReply('Hello')],
    ['text/event-stream', wholeReply('Hello')],
    ['application/json', `\ufeff${JSON.stringify(JSON.parse(wholeReply('Hello')), null, 2)}\n\n`],
    ['application/json', `\n\n${wholeReply('Hello')}\n`],
  ])('one JSON text under %s gives the tokens of that answer (%#)', async (type, body) => {
    for (const pieces of cuttings(utf8(body))) {
      const tokens = await all(handler.intoStream({ statusCode: 200, headers: { 'content-type': type }, body: pieces }))
      expect([textOf(tokens), endings(tokens)]).toEqual(['Hello', ['finish']])
    }
  })

  it('lines without a type stream as soon as it is known that they are lines', async () => {
    const source = new WatchedSource([...lines.split(/(?<=\n)/)], 'stall')
    const tokens = handler.intoStream({ statusCode: 200, headers: {}, body: source })[Symbol.asyncIterator]()
    expect((await tokens.next()).value?.type).toBe('message-start')
    expect(source.reads).toBe(2)
  })

  it.each([
    ['<!doctype html><h1>Bad gateway</h1>', 'upstream_protocol', /web page/],
    ['{"id":"x","choices":[', 'upstream_truncated', /cut or damaged/],
    ['', 'upstream_truncated', /./],
    [' \n ', 'upstream_truncated', /./],
    ['{"error":{"message":"no","type":"server_error"}}', 'upstream_server', /no/],
    ['{"no":"choices"}', 'upstream_protocol', /choices/],
    [array.slice(0, -40), 'upstream_truncated', /./],
    [aws.slice(0, -5), 'upstream_truncated', /./],
  ])('%s is one error', async (body, code, words) => {
    const output = handler.intoStream(answer(body))
    expect(endings(await all(output))).toEqual([code])
    expect(output.error?.message).toMatch(words)
  })

  it('is not looked for behind a compression that fetch has undone', async () => {
    const headers = { 'content-type': 'application/vnd.amazon.eventstream', 'content-encoding': 'br' }
    expect(await all(handler.intoStream(new Response(aws, { headers })))).toEqual(expected)
  })

  it('can be said instead', async () => {
    const sure = new HttpStreamHandler({ dialect: openaiChat, framing: 'ndjson' })
    expect(await all(sure.intoStream(answer(lines)))).toEqual(expected)
    expect(endings(await all(sure.intoStream(answer(sse(data)))))).toHaveLength(1)
  })

  it('has a limit for one text', async () => {
    const small = new HttpStreamHandler({ dialect: openaiChat, maxEventBytes: 1000 })
    for (const body of [wholeReply('x'.repeat(2000)), `data: ${'x'.repeat(2000)}`, `[${'"'.padEnd(2000, 'x')}`]) {
      expect(endings(await all(small.intoStream(answer(body))))).toEqual(['event_too_large'])
    }
  })
})

describe('an answer with an error status', () => {
  const refusal = JSON.stringify({ error: { message: 'slow down', type: 'rate_limit_error' } })

  it.each([
    ['one piece', new WatchedSource([refusal])],
    ['many pieces', new WatchedSource([...refusal])],
    ['a body that breaks off', new WatchedSource([refusal], new Error('reset'))],
  ])('is the error of the provider: %s', async (_, body) => {
    const output = handler.intoStream({ statusCode: 429, headers: {}, body })
    expect(endings(await all(output))).toEqual(['upstream_rate_limit'])
    expect(output.error).toMatchObject({ status: 429, message: expect.stringContaining('slow down') })
  })

  it('is not read without end', async () => {
    const body = new WatchedSource(Array.from({ length: 100 }, () => 'x'.repeat(65_536)))
    expect(endings(await all(handler.intoStream({ statusCode: 500, headers: {}, body })))).toEqual(['upstream_server'])
    expect([body.reads < 10, body.closed]).toEqual([true, 1])
  })

  it('is thrown to who reads events', async () => {
    const events = handler.events(new Response(refusal, { status: 429 }))
    await expect(all(events)).rejects.toMatchObject({ code: 'upstream_rate_limit' })
  })

  it('may have no body', async () => {
    expect(endings(await all(handler.intoStream(new Response(null, { status: 503 }))))).toEqual(['upstream_overloaded'])
    expect(endings(await all(handler.intoStream(new Response(null, { status: 204 }))))).toEqual(['upstream_truncated'])
  })
})

describe('events', () => {
  it('are those of the body, whatever stands around them', async () => {
    for (const body of [sse(data), lines, array, aws]) {
      const events = await all(handler.events(answer(body)))
      expect(events.map((event) => event.data)).toEqual(body === sse(data as string[]) ? data : chunks)
    }
    const [whole, ...more] = await all(handler.events(answer(wholeReply('a'))))
    expect([whole?.data, more]).toEqual([wholeReply('a'), []])
  })

  it('come as they are read, and a break is thrown behind them', async () => {
    const seen: SseEvent[] = []
    const reading = async () => {
      const body = new WatchedSource([cutStream('a'), 'data: {"torn'], new Error('reset'))
      for await (const event of handler.events({ statusCode: 200, headers: {}, body })) seen.push(event)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'upstream_truncated' })
    expect(seen).toHaveLength(2)
  })

  it('of a body that was left are over, and so is the body', async () => {
    const body = new WatchedSource([sse(data)], 'stall')
    for await (const _ of handler.events(body)) break
    expect(body.closed).toBe(1)
    const signal = AbortSignal.timeout(5)
    const stalled = new WatchedSource([cutStream('a')], 'stall')
    await expect(all(handler.events(stalled, { signal }))).rejects.toMatchObject({ code: 'client_closed' })
    expect(stalled.closed).toBe(1)
  })

  it('that came in another way are parsed one by one', () => {
    const parse = () => data.flatMap((one) => handler.parseTokenFromEvent({ data: one }))
    expect(parse()).toEqual(expected)
    // The end marker has closed that stream; these belong to another.
    expect(parse()).toEqual(expected)
    const cut = chatChunks('a').slice(0, -1)
    const tokens = [...cut.flatMap((one) => handler.parseTokenFromEvent({ data: one })), ...handler.parseEnd()]
    expect([textOf(tokens), endings(tokens)]).toEqual(['a', ['upstream_truncated']])
    expect(parse()).toEqual(expected)
    expect(handler.parseEnd()).toEqual([])
  })
})

describe('callbacks', () => {
  async function told(given: AnyAnswer, signal?: AbortSignal) {
    const calls: string[] = []
    const tokens: StreamToken[] = []
    await handler.read(given, {
      onEvent: () => calls.push('event'),
      onToken: (token) => {
        tokens.push(token)
        calls.push('token')
      },
      onEnd: () => calls.push('end'),
      onError: (error: SluiceError) => calls.push(error.code),
      signal,
    })
    return { calls, tokens }
  }

  it('are told all, and the end once', async () => {
    const { calls, tokens } = await told(answer(sse(data)))
    expect(tokens).toEqual(expected)
    expect(calls.filter((one) => one === 'event')).toHaveLength(data.length)
    expect([calls.at(-1), calls.filter((one) => one === 'end').length]).toEqual(['end', 1])
  })

  it('are told the error once, and no error token', async () => {
    const { calls, tokens } = await told(answer(cutStream('a')))
    expect([textOf(tokens), endings(tokens), calls.at(-1)]).toEqual(['a', [], 'upstream_truncated'])
    expect(calls).not.toContain('end')
    expect((await told(new WatchedSource([cutStream('a')], 'stall'), AbortSignal.timeout(5))).calls.at(-1)).toBe(
      'client_closed',
    )
  })

  it.each(['onEvent', 'onToken'] as const)(
    'that throw from %s reject, close the answer, and hear no more',
    async (name) => {
      const body = new WatchedSource([cutStream('a'), cutStream('b')], 'stall')
      const calls: string[] = []
      const reading = handler.read(body, {
        onEnd: () => calls.push('end'),
        onError: () => calls.push('error'),
        [name]: () => {
          calls.push(name)
          throw new Error('not ready')
        },
      })
      await expect(reading).rejects.toThrow('not ready')
      expect([calls, body.closed]).toEqual([[name], 1])
    },
  )

  it('need not be there', async () => {
    await expect(handler.read(answer(chatStream('a')), {})).resolves.toBeUndefined()
  })
})
