import { type IncomingMessage, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readEvents } from './check-stream.ts'
import { hostile } from './hostile.ts'
import { chat, type DialectName, house, type Pair, paths, pause, post, until } from './house.ts'

const mega = 1 << 20
const total = 48 * mega
/** What the sockets and buffers of four ends may hold between them on loopback. */
const held = 24 * mega

/** What one read of a provider becomes at most, with these events. */
const oneWrite = 80 * 1024

const piece = 'x'.repeat(1000)
const frames: Record<DialectName, { head: string; delta: string; tail: string }> = {
  'openai-chat': {
    head: 'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
    delta: `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${piece}"},"finish_reason":null}]}\n\n`,
    tail: 'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
  },
  'anthropic-messages': {
    head: 'event: message_start\ndata: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    delta: `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${piece}"}}\n\n`,
    tail: 'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\nevent: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
  },
}

/** A provider that writes as fast as it may, and counts what it could write. */
async function flood(dialect: DialectName) {
  const { head, delta, tail } = frames[dialect]
  const deltas = Math.floor(total / delta.length)
  const many = delta.repeat(64)
  const state = { written: 0, deltas: Math.floor(deltas / 64) * 64, body: 0 }
  state.body = head.length + state.deltas * delta.length + tail.length
  const server = await hostile((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(head)
    let left = state.deltas / 64
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left--
        state.written += many.length
        if (!response.write(many)) return void response.once('drain', more)
      }
      if (left === 0) response.end(tail)
    }
    more()
  })
  return { state, server }
}

function openStream(url: string, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent: false }, resolve)
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}

describe.each<Pair>([
  { client: 'openai-chat', upstream: 'openai-chat' },
  { client: 'anthropic-messages', upstream: 'anthropic-messages' },
  { client: 'anthropic-messages', upstream: 'openai-chat' },
])('$client before $upstream: a client that does not read', (pair) => {
  it('holds up the provider, costs little memory, and gets all of it in the end', async () => {
    const { state, server } = await flood(pair.upstream)
    const gateway = await house({
      upstream: server.url,
      streaming: { idle_timeout: '250ms', stall_timeout: '250ms', heartbeat: '50ms' },
    })
    const before = process.memoryUsage.rss()
    const response = await openStream(gateway.url + paths[pair.client], chat(pair, { stream: true }))
    await pause(400)
    const early = state.written
    await pause(500)
    expect(state.written, 'the provider still writes').toBe(early)
    expect(early).toBeLessThan(held)
    const { buffers } = gateway.gateway
    expect(buffers.used).toBeGreaterThan(0)
    expect(buffers.peak).toBeLessThan(mega + oneWrite)
    expect(process.memoryUsage.rss() - before).toBeLessThan(120 * mega)
    const pieces: Buffer[] = []
    for await (const read of response) pieces.push(read as Buffer)
    const body = Buffer.concat(pieces)
    expect(state.written).toBeGreaterThan(40 * mega)
    const { events } = readEvents(body)
    const deltas = events.filter(({ data }) => data.includes(piece)).length
    expect(deltas).toBe(state.deltas)
    if (pair.client === pair.upstream) {
      const signs = body.length - state.body
      expect(signs).toBeGreaterThanOrEqual(0)
      expect(signs).toBeLessThan(2000)
    }
    await until(() => gateway.gateway.running === 0, 'nothing is running')
    expect(gateway.records).toMatchObject([{ outcome: 'ok' }])
    expect(buffers.used).toBe(0)
  })

  it('and leaves, lets go of the provider', async () => {
    const { server } = await flood(pair.upstream)
    const gateway = await house({ upstream: server.url })
    const response = await openStream(gateway.url + paths[pair.client], chat(pair, { stream: true }))
    await pause(200)
    response.destroy()
    await until(() => server.open.size === 0 && gateway.gateway.running === 0, 'all is over')
    expect(gateway.records).toMatchObject([{ outcome: 'aborted' }])
    expect(gateway.gateway.buffers.peak).toBeGreaterThan(0)
    expect(gateway.gateway.buffers.used).toBe(0)
  })

  it('for longer than the whole answer may take, is told so when it reads again', async () => {
    const { server } = await flood(pair.upstream)
    const gateway = await house({ upstream: server.url, streaming: { total_timeout: '300ms' } })
    const response = await openStream(gateway.url + paths[pair.client], chat(pair, { stream: true }))
    await until(() => server.open.size === 0 && gateway.gateway.running === 0, 'the provider is let go')
    let last = ''
    for await (const read of response) last = (last + read).slice(-4000)
    expect(last).toContain('300 ms')
    expect(gateway.records).toMatchObject([{ outcome: 'error', code: 'total_timeout' }])
    expect(gateway.gateway.buffers.used).toBe(0)
  })
})

const untouched: Pair = { client: 'openai-chat', upstream: 'openai-chat' }

it('a client that does not read holds up no other, and what it leaves unread at the end counts until it is gone', async () => {
  const { server, state } = await flood('openai-chat')
  const gateway = await house({ upstream: server.url, streaming: { total_timeout: '2s' } })
  const { buffers } = gateway.gateway
  const slow = await openStream(`${gateway.url}/v1/chat/completions`, chat(untouched, { stream: true }))
  await until(() => buffers.used > 0, 'the first is held up')
  const fast = await post(`${gateway.url}/v1/chat/completions`, chat(untouched, { stream: true }))
  expect(fast.body.length).toBeGreaterThanOrEqual(state.body)
  expect(gateway.records).toMatchObject([{ outcome: 'ok' }])
  expect(buffers.used).toBeGreaterThan(0)
  await until(() => gateway.gateway.running === 0, 'the first is given up', 5000)
  expect(gateway.records).toMatchObject([{ outcome: 'ok' }, { outcome: 'error', code: 'total_timeout' }])
  expect(buffers.used).toBeGreaterThan(0)
  slow.destroy()
  await until(() => buffers.used === 0, 'its bytes are let go')
})

it.each<[string, Pair]>([
  ['untouched', untouched],
  ['translated', { client: 'anthropic-messages', upstream: 'openai-chat' }],
])('many clients that hardly read stay inside what all may hold: %s', async (_, pair) => {
  const { server } = await flood(pair.upstream)
  const limit = mega
  const gateway = await house({ upstream: server.url, streaming: { buffer_budget: limit } })
  const { buffers } = gateway.gateway
  const clients = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const client = await openStream(gateway.url + paths[pair.client], chat(pair, { stream: true }))
      client.on('data', () => {
        client.pause()
        setTimeout(() => client.resume(), 100)
      })
      client.on('error', () => {})
      return client
    }),
  )
  await until(() => buffers.used > mega / 2, 'they are held up', 10_000)
  await pause(500)
  expect(buffers.limit).toBe(limit)
  expect(buffers.peak).toBeLessThan(limit + 16 * oneWrite)
  for (const client of clients) client.destroy()
  await until(() => buffers.used === 0 && server.open.size === 0 && gateway.gateway.running === 0, 'all is let go')
})

it('a small gzip body that becomes a huge stream is unpacked no faster than the client reads', async () => {
  const { createGzip } = await import('node:zlib')
  const { head, delta, tail } = frames['openai-chat']
  const state = { bytes: 0 }
  const server = await hostile((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
    const zip = createGzip()
    zip.on('data', (read: Buffer) => {
      state.bytes += read.length
    })
    zip.pipe(response)
    zip.write(head)
    zip.end(delta.repeat(Math.floor((100 * mega) / delta.length)) + tail)
  })
  const gateway = await house({ upstream: server.url })
  const pair: Pair = { client: 'openai-chat', upstream: 'openai-chat' }
  const response = await openStream(`${gateway.url}/v1/chat/completions`, chat(pair, { stream: true }))
  await pause(300)
  const before = process.memoryUsage.rss()
  await pause(600)
  expect(process.memoryUsage.rss() - before).toBeLessThan(60 * mega)
  let length = 0
  for await (const read of response) length += (read as Buffer).length
  expect(length).toBeGreaterThan(99 * mega)
  await until(() => gateway.gateway.running === 0, 'nothing is running')
})

it('one event of 10 MB passes in both forms', async () => {
  const big = 'y'.repeat(10 * mega)
  for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
    const { head, delta, tail } = frames[upstream]
    const server = await hostile((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(head + delta.replace(piece, big) + tail)
    })
    const gateway = await house({ upstream: server.url })
    for (const client of ['openai-chat', 'anthropic-messages'] as const) {
      const answer = await post(gateway.url + paths[client], chat({ client, upstream }, { stream: true }))
      expect(answer.body.includes(big)).toBe(true)
      const { events } = readEvents(answer.body)
      expect(events.at(-1)?.data).toMatch(/\[DONE\]|message_stop/)
    }
  }
})
