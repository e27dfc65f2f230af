import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { rawUrl, readRawPath } from '../../src/gateway/raw/raw-path.ts'
import { defineProvider } from '../../src/providers/index.ts'
import { atEnd, type HouseOptions, house, pause, post, until } from '../faults/house.ts'

interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** A provider that is asked for what no dialect knows. */
async function provider(answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void) {
  const seen: Seen[] = []
  const server = createServer(async (incoming, response) => {
    const pieces: Buffer[] = []
    try {
      for await (const piece of incoming) pieces.push(piece as Buffer)
    } catch {
      return
    }
    const body = Buffer.concat(pieces)
    seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body })
    answer(incoming, response, body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server }
}

const embedding = (_: IncomingMessage, response: ServerResponse) =>
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'a=b',
      'x-request-id': 'up-1',
      connection: 'x-hop',
      'x-hop': '1',
    })
    .end('{"data":[{"embedding":[0.1]}]}')

const keyed: Partial<HouseOptions> = { access: { keys: ['client-key'] } }
const bearer = { authorization: 'Bearer client-key' }

function ask(url: string, options: { method: string; headers?: Record<string, string>; body?: Buffer }) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const call = request(url, { method: options.method, headers: options.headers ?? {}, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      )
    })
    call.on('error', reject)
    call.end(options.body)
  })
}

describe('a request that sluice does not translate', () => {
  it("goes on as it was written, with the provider's key and not the client's", async () => {
    const { url: upstream, seen } = await provider(embedding)
    const { url, records } = await house({ upstream, ...keyed })
    const body = '{ "input": "ä",  "odd":1 }'
    const answer = await post(`${url}/raw/openai-chat/embeddings?user=1&key=client-key`, body, {
      headers: {
        ...bearer,
        'x-api-key': 'client-key',
        'api-key': 'client-key',
        cookie: 'c=1',
        'x-forwarded-for': '10.0.0.1',
        'x-sluice-client': 'strict',
        'openai-organization': 'org',
        'x-own': 'kept',
        te: 'trailers',
        connection: 'x-hop',
        'x-hop': '1',
      },
    })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toBe('{"data":[{"embedding":[0.1]}]}')
    expect(answer.headers).toMatchObject({ 'x-request-id': 'up-1', 'x-sluice-provider': 'openai-chat' })
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(answer.headers).not.toHaveProperty('x-hop')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/embeddings?user=1' })
    expect(seen[0]!.body.toString()).toBe(body)
    expect(seen[0]!.headers).toMatchObject({ authorization: 'Bearer provider-key', 'x-own': 'kept' })
    expect(JSON.stringify(seen[0]!.headers)).not.toMatch(/client-key|c=1|10\.0\.0\.1|strict|org|x-hop|trailers/)
    expect(records).toMatchObject([
      {
        client: 'raw',
        provider: 'openai-chat',
        status: 200,
        outcome: 'ok',
        path: '/raw/openai-chat/embeddings',
        upstreamRequestId: 'up-1',
      },
    ])
  })

  it("has its key where the provider's dialect has it", async () => {
    const { url: upstream, seen } = await provider(embedding)
    const { url } = await house({ upstream })
    await post(`${url}/raw/anthropic-messages/v1/files`, 'x')
    expect(seen[0]).toMatchObject({ url: '/v1/files', headers: { 'x-api-key': 'provider-key' } })
    expect(seen[0]!.headers).not.toHaveProperty('authorization')
  })

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('may be a %s', async (method) => {
    const { url: upstream, seen } = await provider((_, response) =>
      method === 'DELETE' ? response.writeHead(204).end() : response.writeHead(200, { 'x-files': '3' }).end('files'),
    )
    const { url } = await house({ upstream })
    const answer = await ask(`${url}/raw/openai-chat/files/f-1`, { method })
    expect(answer.status).toBe(method === 'DELETE' ? 204 : 200)
    expect(answer.body.toString()).toBe(method === 'DELETE' || method === 'HEAD' ? '' : 'files')
    expect(seen).toMatchObject([{ method, url: '/v1/files/f-1' }])
    expect(seen[0]!.body).toHaveLength(0)
  })

  it("keeps the provider's status and its words when it is refused", async () => {
    const { url: upstream } = await provider((_, response) =>
      response.writeHead(418, { 'retry-after': '7' }).end('no tea'),
    )
    const { url, records } = await house({ upstream })
    const answer = await post(`${url}/raw/openai-chat/brew`, '{}')
    expect([answer.status, answer.body.toString(), answer.headers['retry-after']]).toEqual([418, 'no tea', '7'])
    expect(records).toMatchObject([{ status: 418, outcome: 'ok' }])
  })

  it('streams events as they come', async () => {
    let more = (): void => {}
    const { url: upstream } = await provider((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      more = () => response.end('data: 2\n\n')
    })
    const { url } = await house({ upstream })
    const reads: string[] = []
    const ended = new Promise<void>((resolve, reject) => {
      request(`${url}/raw/openai-chat/threads`, { method: 'POST', agent: false }, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream')
        response.on('data', (piece: Buffer) => reads.push(piece.toString()))
        response.on('end', resolve)
      })
        .on('error', reject)
        .end()
    })
    await until(() => reads.length === 1, 'the first event')
    expect(reads).toEqual(['data: 1\n\n'])
    more()
    await ended
    expect(reads.join('')).toBe('data: 1\n\ndata: 2\n\n')
  })

  it('carries 20 MB up, byte for byte, in chunks or with a length', async () => {
    const { url: upstream, seen } = await provider((_, response) => response.end('ok'))
    const { url } = await house({ upstream })
    const body = Buffer.alloc(20 * 1024 * 1024)
    for (let i = 0; i < body.length; i += 4) body.writeUInt32LE((i * 2654435761) >>> 0, i)
    const type = { 'content-type': 'application/octet-stream' }
    await ask(`${url}/raw/openai-chat/files`, { method: 'POST', headers: type, body })
    await ask(`${url}/raw/openai-chat/files`, {
      method: 'POST',
      headers: { ...type, 'transfer-encoding': 'chunked' },
      body,
    })
    expect(seen.map((one) => one.body.equals(body))).toEqual([true, true])
    expect(seen[0]!.headers['content-length']).toBe(String(body.length))
  })

  it('is taken no faster than the provider takes it', async () => {
    const taken: Array<() => void> = []
    const server = createServer((incoming, response) => {
      incoming.pause()
      taken.push(() => {
        incoming.resume()
        incoming.on('end', () => response.end('ok'))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    atEnd(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const { url } = await house({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    atEnd(async () => {
      socket.destroy()
    })
    const size = 24 * 1024 * 1024
    socket.write(`POST /raw/openai-chat/files HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${size}\r\n\r\n`)
    let done = false
    socket.write(Buffer.alloc(size), () => {
      done = true
    })
    await until(() => taken.length === 1, 'the request')
    await pause(300)
    // What the kernels on the way hold is less than this.
    expect(done).toBe(false)
    taken[0]!()
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('holds the provider back for a client that does not read', async () => {
    const written = { bytes: 0 }
    const { url: upstream } = await provider((_, response) => {
      const piece = Buffer.alloc(256 * 1024)
      const go = (): void => {
        while (written.bytes < 64 * 1024 * 1024) {
          written.bytes += piece.length
          if (!response.write(piece)) {
            response.once('drain', go)
            return
          }
        }
        response.end()
      }
      go()
    })
    const { url, gateway } = await house({ upstream })
    const call = request(`${url}/raw/openai-chat/files/content`, { agent: false })
    call.on('error', () => {})
    call.end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    let before = -1
    await until(() => {
      const same = before === written.bytes
      before = written.bytes
      return same && written.bytes > 0
    }, 'the provider waits')
    await pause(200)
    expect(written.bytes).toBeLessThan(32 * 1024 * 1024)
    expect(gateway.buffers.used).toBeLessThan(8 * 1024 * 1024)
    response.destroy()
    await until(() => gateway.running === 0, 'the end of the request')
    expect(gateway.buffers.used).toBe(0)
  })
})

describe('what goes wrong with such a request', () => {
  it('a client that leaves stops the provider, before the answer and in the middle of it', async () => {
    const left: string[] = []
    const { url: upstream, seen } = await provider((incoming, response) => {
      response.on('close', () => {
        if (!response.writableFinished) left.push(incoming.url ?? '')
      })
      if (incoming.url?.endsWith('/begun')) response.write('a')
    })
    const { url, records, gateway } = await house({ upstream })
    for (const path of ['waits', 'begun']) {
      const call = request(`${url}/raw/openai-chat/${path}`, { agent: false })
      call.on('error', () => {})
      call.end()
      if (path === 'begun') {
        const [response] = (await once(call, 'response')) as [IncomingMessage]
        response.on('error', () => {})
      } else await until(() => seen.length === 1, 'the request')
      call.destroy()
      await until(() => left.includes(`/v1/${path}`), `the provider hears of it: ${path}`)
    }
    await until(() => records.length === 2, 'the records')
    expect(records).toMatchObject([
      { outcome: 'aborted', code: 'client_closed', status: 0 },
      { outcome: 'aborted', status: 200 },
    ])
    expect(gateway.running).toBe(0)
  })

  it('an answer that breaks off looks broken', async () => {
    const { url: upstream } = await provider((_, response) => {
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    const { url, records } = await house({ upstream })
    const answer = await post(`${url}/raw/openai-chat/x`, '{}')
    expect(answer).toMatchObject({ status: 200, broken: true })
    expect(records).toMatchObject([{ outcome: 'error', code: 'upstream_truncated' }])
  })

  it('a provider that is not there is told in plain JSON', async () => {
    const { url } = await house({ upstream: 'http://127.0.0.1:9' })
    const answer = await post(`${url}/raw/openai-chat/x`, '{}')
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: { code: 'upstream_unreachable', message: expect.stringContaining('cannot reach openai-chat') },
    })
  })

  it('a provider that stays silent in its answer is given up', async () => {
    const { url: upstream } = await provider((_, response) => {
      response.write('a')
    })
    const { url, records } = await house({ upstream, streaming: { idle_timeout: 100 } })
    const answer = await post(`${url}/raw/openai-chat/x`, '{}')
    expect(answer.broken).toBe(true)
    expect(records).toMatchObject([{ code: 'idle_timeout' }])
  })

  it('a provider that never answers is given up', async () => {
    const { url: upstream } = await provider(() => {})
    const { url } = await house({ upstream, streaming: { total_timeout: 100 } })
    const answer = await post(`${url}/raw/openai-chat/x`, '{}')
    expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([504, 'total_timeout'])
  })

  it('a body that is too large is refused, declared or not', async () => {
    const { url: upstream, seen } = await provider((_, response) => response.end())
    const { url } = await house({ upstream, server: { max_body: 1000 } })
    const declared = await post(`${url}/raw/openai-chat/x`, 'x'.repeat(1001))
    const counted = await post(`${url}/raw/openai-chat/x`, 'x'.repeat(1001), {
      headers: { 'transfer-encoding': 'chunked' },
    })
    for (const answer of [declared, counted]) {
      expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([413, 'body_too_large'])
    }
    expect(seen).toEqual([])
    expect((await post(`${url}/raw/openai-chat/x`, 'x'.repeat(1000))).status).toBe(200)
  })

  it('a body that stops arriving is refused', async () => {
    const { url: upstream } = await provider((_, response) => response.end())
    const { url } = await house({ upstream, server: { body_timeout: 50 } })
    const call = request(`${url}/raw/openai-chat/x`, {
      method: 'POST',
      headers: { 'content-length': '10' },
      agent: false,
    })
    call.on('error', () => {})
    call.write('half')
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(408)
    response.resume()
  })

  it('an answer that comes before the body is read is passed on', async () => {
    const server = createServer((_, response) => {
      response.writeHead(413, { 'content-type': 'application/json' }).end('{"no":1}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    atEnd(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const { url, records, gateway } = await house({
      upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    })
    const call = request(`${url}/raw/openai-chat/files`, { method: 'POST', agent: false })
    call.on('error', () => {})
    call.write(Buffer.alloc(1024 * 1024))
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    const pieces: Buffer[] = []
    response.on('data', (piece: Buffer) => pieces.push(piece))
    await once(response, 'end')
    expect([response.statusCode, Buffer.concat(pieces).toString()]).toEqual([413, '{"no":1}'])
    call.destroy()
    await until(() => records.length === 1 && gateway.running === 0, 'the record')
    expect(records).toMatchObject([{ status: 413, outcome: 'ok' }])
  })

  it('nobody gets in who could not get in elsewhere', async () => {
    const { url: upstream, seen } = await provider(embedding)
    const closed = await house({ upstream, ...keyed })
    const wrong: Record<string, string>[] = [{}, { authorization: 'Bearer wrong' }]
    for (const headers of wrong) {
      const answer = await post(`${closed.url}/raw/openai-chat/embeddings`, '{}', { headers })
      expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([401, 'invalid_key'])
    }
    const open = await house({ upstream })
    const page = await post(`${open.url}/raw/openai-chat/embeddings`, '{}', {
      headers: { origin: 'https://evil.example' },
    })
    expect(page.status).toBe(403)
    expect(seen).toEqual([])
    expect(closed.records).toMatchObject([{ code: 'invalid_key' }, { code: 'invalid_key' }])
  })

  it('an unknown provider is named, beside those that there are', async () => {
    const { url } = await house({ upstream: 'http://127.0.0.1:9' })
    const answer = await post(`${url}/raw/opnai/embeddings`, '{}')
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.body.toString()).error.message).toContain(
      'cannot pass the request on: there is no provider "opnai"; there are openai-chat, anthropic-messages',
    )
  })

  it('a path that leads elsewhere is refused, as it stands on the wire', async () => {
    const { url: upstream, seen } = await provider(embedding)
    const { port } = await house({ upstream })
    const send = (path: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        let text = ''
        socket.on('data', (piece) => {
          text += piece.toString('latin1')
        })
        socket.on('close', () => resolve(text))
        socket.end(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`)
      })
    for (const path of [
      '/../admin',
      '/%2e%2e/admin',
      '/a/..%2f..%2fadmin',
      '/..\\admin',
      '/%252e%252e/x',
      '/a/%5c..',
    ]) {
      expect([path, (await send(`/raw/openai-chat${path}`)).slice(9, 12)]).toEqual([path, '400'])
    }
    expect(seen).toEqual([])
  })
})

describe('the address below a provider', () => {
  const at = (base_url: string, query?: Record<string, string>) =>
    defineProvider({ name: 'p', dialect: 'openai-chat', base_url, ...(query && { query }) })
  const none = new URLSearchParams()

  it.each([
    ['http://h/v1', '/files', 'http://h/v1/files'],
    ['http://h/v1/', '/files/', 'http://h/v1/files/'],
    ['http://h', '/x', 'http://h/x'],
    ['http://h/v1', '', 'http://h/v1'],
    ['http://h/v1', '/a%20b', 'http://h/v1/a%20b'],
    ['http://h/v1', '//evil.example/x', 'http://h/v1//evil.example/x'],
    ['http://h/v1', '/@evil.example', 'http://h/v1/@evil.example'],
    ['http://h/v1', '/http://evil.example', 'http://h/v1/http://evil.example'],
    ['http://h/v1', '/a..b/.well-known', 'http://h/v1/a..b/.well-known'],
    ['http://h/openai/deployments/{model}', '/d/images', 'http://h/openai/deployments/d/images'],
  ])('%s and %s', (base, rest, url) => {
    expect(rawUrl(at(base), rest, none)).toBe(url)
  })

  it.each([
    '/..',
    '/.',
    '/a/../b',
    '/%2e%2E',
    '/%2e./b',
    '/a%2f..%2fb',
    '/a\\b',
    '/%5cb',
    '/%00',
    '/a#b',
    '/%zz',
    '/%25252e%25252e',
    '/ä',
  ])('never %s', (rest) => {
    expect(() => rawUrl(at('http://h/v1'), rest, none)).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400 }),
    )
  })

  it('keeps the query but for the key, and adds what the provider wants', () => {
    const asked = new URLSearchParams('a=1&key=secret&b=x%26y')
    expect(rawUrl(at('http://h/v1', { 'api-version': '1' }), '/x', asked)).toBe(
      'http://h/v1/x?a=1&b=x%26y&api-version=1',
    )
  })

  it('is asked for by its provider and nothing else', () => {
    expect(readRawPath('/raw/p/a/b')).toEqual({ provider: 'p', rest: '/a/b' })
    expect(readRawPath('/raw/p')).toEqual({ provider: 'p', rest: '' })
    expect(readRawPath('/raw/')).toBeUndefined()
    expect(readRawPath('/raw')).toBeUndefined()
    expect(readRawPath('/v1/raw/p')).toBeUndefined()
  })
})
