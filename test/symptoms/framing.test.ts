import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FakeExchange } from '../gateway/exchange.ts'
import { startGateway } from '../gateway/house.ts'
import { alive, called, languages, pairs, played, spoken, whole } from './answers.ts'
import { hear, streamRequest, wholeRequest } from './clients.ts'
import { candidate, chatUsage, chunk, done, sse } from './events.ts'
import { openHouse, type Play } from './house.ts'

const said = 'Grüße aus 世界 👩‍👩‍👧, one two'
const words = said.split(/(?<= )/)
const clean = { text: said, args: '', opened: true }

afterEach(() => {
  vi.useRealTimers()
})

/** The bytes in reads of `size`. */
function torn(text: string, size: number): Play {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) {
      response.write(bytes.subarray(at, at + size))
      await new Promise(setImmediate)
    }
    response.end()
  }
}

describe.each(pairs)('a client of %s before %s', (client, upstream) => {
  it('a comment of the provider breaks the JSON of the client: a comment is never data', async () => {
    const { start, texts, end } = played(upstream, ...words)
    const comment = ': PROCESSING\n\n:\n\n'
    const house = await openHouse([comment, start, ...texts, end].join(comment) + comment)
    expect(await hear(house, client, upstream)).toEqual(clean)
    const { path, body } = streamRequest(client, upstream)
    const { events } = await house.post(path, body)
    expect(events.filter(({ data }) => /^$|PROCESSING/.test(data))).toEqual([])
  })

  it.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
    ['no space behind the colon', (text: string) => text.replaceAll(/^(data|event): /gm, '$1:')],
  ])('nothing is found where lines end otherwise: all forms of the standard are read, %s', async (_, form) => {
    const house = await openHouse(form(spoken(upstream, ...words)))
    expect(await hear(house, client, upstream)).toEqual(clean)
  })

  it('only the last data line of an event is kept: they are one text', async () => {
    const lines = (text: string): string =>
      text.replaceAll(/^data: (\{.*)$/gm, (_, json: string) =>
        JSON.stringify(JSON.parse(json), null, 1).replaceAll(/^/gm, 'data: '),
      )
    // Google's SDK reads one line an event, whoever sends it.
    const house = await openHouse(lines(spoken(upstream, ...words)), { normalise: client === 'gemini' })
    expect(await hear(house, client, upstream)).toEqual(clean)
  })

  it('an event that spans two reads is lost: it arrives, wherever it was cut', async () => {
    const house = await openHouse(torn(spoken(upstream, ...words), 7))
    expect(await hear(house, client, upstream)).toEqual(clean)
  })

  it('the last event is lost where no blank line follows it: it is read', async () => {
    const house = await openHouse(spoken(upstream, ...words).replace(/(data: \[DONE\])?\n*$/, ''))
    expect(await hear(house, client, upstream)).toEqual(clean)
  })

  it('replacement characters in words and arguments: characters that are cut in two are whole again', async () => {
    const house = await openHouse([
      torn(spoken(upstream, ...words), 1),
      torn(called(upstream, '{"at":"', ...words, '"}'), 1),
    ])
    expect(await hear(house, client, upstream)).toEqual(clean)
    expect(JSON.parse((await hear(house, client, upstream)).args)).toEqual({ at: said })
  })

  it('a line of megabytes kills the stream: it arrives', async () => {
    const long = 'x'.repeat(3 << 20)
    const house = await openHouse([spoken(upstream, long), called(upstream, `{"at":"${long}"}`)])
    expect((await hear(house, client, upstream)).text.length).toBe(long.length)
    expect(JSON.parse((await hear(house, client, upstream)).args)).toEqual({ at: long })
  })

  it.each([
    ['events under the name of JSON', spoken(upstream, ...words), 'application/json'],
    ['JSON under the name of events', whole(upstream, said), 'text/event-stream'],
    ['JSON where a stream was asked for', whole(upstream, said), 'application/json'],
    ['events without a name', spoken(upstream, ...words), undefined],
  ])('the content type is believed, and nothing can be read: the bytes decide, %s', async (_, body, type) => {
    const house = await openHouse((response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body)
    })
    expect(await hear(house, client, upstream)).toEqual(clean)
    const { path, body: question } = wholeRequest(client, upstream)
    const answer = await house.post(path, question)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(answer.text).toContain(said)
  })

  it('the whole stream arrives at once: the first words are heard before the provider has the next', async () => {
    const { start, texts, end } = played(upstream, ...words)
    const { promise: heard, resolve: hearFirst } = Promise.withResolvers<void>()
    const house = await openHouse(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(start + texts[0])
      await heard
      response.end(texts.slice(1).join('') + end)
    })
    expect(await hear(house, client, upstream, () => hearFirst())).toEqual(clean)
  })
})

describe.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const)('a provider that compresses with %s, though nobody asked', (name, compress) => {
  it.each(pairs)('nothing arrives, or under a wrong name: it is unpacked, %s before %s', async (client, upstream) => {
    const house = await openHouse((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': name })
      response.end(compress(spoken(upstream, ...words)))
    })
    expect(await hear(house, client, upstream)).toEqual(clean)
    expect(house.asked[0]?.headers['accept-encoding']).toBe('identity')
    const { path, body } = streamRequest(client, upstream)
    expect((await house.post(path, body)).headers.get('content-encoding')).toBeNull()
  })
})

it.each(languages)('something in front collects the stream: %s is told not to', async (client) => {
  const house = await openHouse(spoken('openai-chat', said))
  const { path, body } = streamRequest(client, 'openai-chat')
  const { headers } = await house.post(path, body)
  expect(headers.get('x-accel-buffering')).toBe('no')
  expect(headers.get('cache-control')).toContain('no-transform')
})

it.each(languages)('a client that takes every line for an event breaks at comments: %s gets none', async (client) => {
  const { start, texts, end } = played(client, ...words)
  const house = await openHouse(
    async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(start + texts.join(': cost 0.1\n\n'))
      await new Promise((resolve) => setTimeout(resolve, 60))
      response.end(`${alive[client]}${end}: cost 0.2\n\n`)
    },
    { streaming: { heartbeat: '10ms' } },
  )
  const { path, body } = streamRequest(client, client)
  const comments = /^:|^event: ping|keepalive/m
  expect((await house.post(path, body)).text).toMatch(comments)
  const strict = await house.post(path, body, { 'x-sluice-client': 'strict' })
  expect(strict.text).not.toMatch(comments)
  expect(strict.data.length).toBeGreaterThan(words.length)
})

const besideUsage = {
  'openai-chat':
    sse(
      ...words.map((content) => chunk({ role: 'assistant', content }, null, { usage: chatUsage })),
      chunk({ content: '!' }, 'stop', { usage: chatUsage }),
    ) + done,
  gemini: sse(
    ...[...words, '!'].map((text, at) => ({
      ...candidate([{ text }], at === words.length ? { finishReason: 'STOP' } : {}),
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
    })),
  ),
}

describe.each(languages)('a client of %s', (client) => {
  it.each(['openai-chat', 'gemini'] as const)(
    'content beside usage is dropped, or comes twice: it is heard once, from %s',
    async (upstream) => {
      const house = await openHouse(besideUsage[upstream])
      expect(await hear(house, client, upstream)).toEqual({ ...clean, text: `${said}!` })
      expect(house.records).toMatchObject([{ inputTokens: 9, outputTokens: 4 }])
    },
  )

  it.each(languages)('a moment is added to every first token: it waits for no timer, from %s', async (upstream) => {
    vi.useFakeTimers()
    const { start, texts } = played(upstream, 'first')
    const answer = { status: 200, text: start + texts[0], open: true }
    const { gateway } = startGateway(
      () => answer,
      [{ name: upstream, dialect: upstream, base_url: 'http://p.test/v1' }],
    )
    const { path, body } = streamRequest(client, upstream)
    const [route = '', query] = path.split('?')
    const exchange = new FakeExchange({ method: 'POST', path: route, query: query ?? '', body: JSON.stringify(body) })
    gateway.handle(exchange)
    for (let turn = 0; turn < 100; turn++) await Promise.resolve()
    expect(exchange.text).toContain('first')
  })
})
