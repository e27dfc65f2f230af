import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/observe/index.ts'
import type { Script } from '../../src/providers/scripted/index.ts'
import { checkStream, checkWhole } from './check-stream.ts'
import {
  chat,
  type DialectName,
  dialects,
  type House,
  house,
  type Pair,
  paths,
  pause,
  post,
  scripted,
  until,
} from './house.ts'

const words = 'one two three'
const script: Script = { steps: [{ text: words, chunk: 'word' }] }

async function open(options: object = {}): Promise<{ gateway: House; upstream: Awaited<ReturnType<typeof scripted>> }> {
  const upstream = await scripted({ script })
  return { upstream, gateway: await house({ upstream: upstream.url, ...options }) }
}

/** All that comes back for these bytes, until the server closes or has been silent for a while. */
function raw(port: number, bytes: string | Buffer, { host = '127.0.0.1', silence = 150 } = {}): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    const socket: Socket = connect(port, host, () => socket.write(bytes))
    let timer: NodeJS.Timeout | undefined
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(got)
    }
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      got += piece
      clearTimeout(timer)
      timer = setTimeout(done, silence)
    })
    socket.on('error', done)
    socket.on('close', done)
    timer = setTimeout(done, 2000)
  })
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
const plain = JSON.stringify(chat({ client: 'openai-chat', upstream: 'openai-chat' }, {}))
const message = (head: string, body = plain): string =>
  `POST /v1/chat/completions HTTP/1.1\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

describe.each(dialects)('%s: a bad request', (client) => {
  const pair: Pair = { client, upstream: 'openai-chat' }
  const url = (gateway: House) => gateway.url + paths[client]
  const refused = async (gateway: House, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await post(url(gateway), body, { headers })
    const seen = checkWhole(client, answer.status, answer.body)
    expect(seen.outcome, answer.body.toString()).toBe('error')
    return { answer, seen }
  }

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['half of it', plain.slice(0, 30)],
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['a string', '"hello"'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['two objects', `${plain}${plain}`],
    ['a list that is very deep', '['.repeat(500_000)],
    ['bytes that are no text', '\u0000\u0001\u0002'],
  ])('%s is refused with 400', async (_, body) => {
    const { gateway } = await open()
    const { answer, seen } = await refused(gateway, body)
    expect(answer.status).toBe(400)
    expect(seen.error).toMatch(/^cannot read the request: /)
    expect(seen.error.length).toBeLessThan(300)
  })

  const wrong: Array<[string, unknown]> = [
    null,
    0,
    -1,
    1.5,
    '',
    'x',
    true,
    [],
    [null],
    [[]],
    {},
    { type: 'x' },
    '\u0000',
  ].map((value) => [JSON.stringify(value), value])
  const fields =
    client === 'openai-chat'
      ? 'model messages stream max_tokens max_completion_tokens temperature top_p n stop tools tool_choice response_format stream_options user seed logprobs logit_bias metadata reasoning_effort parallel_tool_calls modalities audio prediction functions function_call'
      : 'model messages stream max_tokens temperature top_p top_k stop_sequences system tools tool_choice thinking metadata output_config service_tier container mcp_servers context_management'

  it.each(wrong)('%s in any field is answered, and never with an error of our own', async (_, value) => {
    const { gateway } = await open()
    for (const upstream of dialects) {
      const good = chat({ client, upstream }, {}) as Record<string, unknown>
      for (const field of fields.split(' ')) {
        const answer = await post(url(gateway), { ...good, [field]: value })
        const said = `${upstream}, ${field}: ${answer.status} ${answer.body.toString().slice(0, 300)}`
        expect(answer.status, said).not.toBe(500)
        expect(answer.broken, said).toBe(false)
        const streamed = String(answer.headers['content-type']).startsWith('text/event-stream')
        if (streamed) checkStream(client, answer.body)
        else checkWhole(client, answer.status, answer.body)
      }
    }
    expect(gateway.gateway.running).toBe(0)
  })

  it.each(wrong)('%s inside of a message is answered, and never with an error of our own', async (_, value) => {
    const { gateway } = await open()
    const other = dialects.find((one) => one !== client) as DialectName
    const good = chat({ client, upstream: other }, {}) as Record<string, unknown>
    const messages = [
      value,
      { role: value, content: 'x' },
      { role: 'user', content: value },
      { role: 'user', content: [value] },
      { role: 'user', content: [{ type: 'text', text: value }] },
      { role: 'user', content: [{ type: 'image_url', image_url: value }] },
      { role: 'user', content: [{ type: 'image', source: value }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: value, content: value }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: value, name: value, input: value }] },
      { role: 'assistant', content: null, tool_calls: value },
      { role: 'assistant', content: null, tool_calls: [value] },
      { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: value }] },
      { role: 'assistant', content: [{ type: 'thinking', thinking: value, signature: value }] },
      { role: 'tool', tool_call_id: value, content: value },
      { role: 'system', content: value },
    ]
    for (const one of messages) {
      for (const list of [[one], [...(good.messages as object[]), one]]) {
        const answer = await post(url(gateway), { ...good, messages: list })
        const said = `${JSON.stringify(one)}: ${answer.status} ${answer.body.toString().slice(0, 300)}`
        expect(answer.status, said).not.toBe(500)
        checkWhole(client, answer.status, answer.body)
      }
    }
    for (const tools of [
      [value],
      [{ type: 'function', function: value }],
      [{ name: value, input_schema: value }],
      [{ type: 'custom', custom: value }],
    ]) {
      const answer = await post(url(gateway), { ...good, tools })
      expect(answer.status, `${JSON.stringify(tools)}: ${answer.body.toString().slice(0, 300)}`).not.toBe(500)
    }
  })

  it('no model, and an unknown one, is told with what comes near', async () => {
    const upstream = await scripted()
    const gateway = await house({ upstream: upstream.url, models: [{ name: 'my-model', targets: ['openai-chat/m'] }] })
    const { model: _, ...rest } = chat(pair, {}) as Record<string, unknown>
    expect((await refused(gateway, rest)).answer.status).toBe(400)
    const { answer, seen } = await refused(gateway, { ...rest, model: 'my-modle' })
    expect(answer.status).toBe(404)
    expect(seen.error).toContain('"my-model"')
    expect((await refused(gateway, { ...rest, model: 'x'.repeat(1_000_000) })).answer.body.length).toBeLessThan(2000)
    expect(upstream.requests.length).toBe(0)
  })

  it('a body over the limit is refused, declared or not', async () => {
    const { gateway, upstream } = await open({ server: { max_body: '10KB' } })
    const big = { ...chat(pair, {}), pad: 'x'.repeat(20_000) }
    expect((await refused(gateway, big)).answer.status).toBe(413)
    const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const answer = await raw(
      gateway.port,
      `POST ${paths[client]} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n${piece}${piece}`,
    )
    expect(statusOf(answer)).toBe(413)
    expect(answer).toContain('connection: close')
    expect(upstream.requests.length).toBe(0)
    expect(gateway.records.map(({ code }) => code)).toEqual(['body_too_large', 'body_too_large'])
  })

  it('a body that never ends is answered with 408', async () => {
    const { gateway } = await open({ server: { body_timeout: '80ms' } })
    const answer = await raw(
      gateway.port,
      `POST ${paths[client]} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"model"`,
      { silence: 1000 },
    )
    expect(statusOf(answer)).toBe(408)
    checkWhole(client, 408, Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4)))
    expect(gateway.gateway.running).toBe(0)
  })

  it('keys that change prototypes change nothing', async () => {
    const { gateway, upstream } = await open()
    const text = JSON.stringify(chat(pair, {}))
    const bad = `${text.slice(0, -1)},"__proto__":{"stream":true,"polluted":1},"constructor":{"prototype":{"polluted":1}},"metadata":{"__proto__":{"polluted":1}}}`
    for (const target of dialects) {
      const answer = await post(url(gateway), bad.replace('openai-chat/m', `${target}/m`))
      expect([200, 400]).toContain(answer.status)
      checkWhole(client, answer.status, answer.body)
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(upstream.requests.length).toBeGreaterThan(0)
  })

  it.each([1000, 200_000])('JSON that is %i deep is passed on or refused, and nothing breaks', async (depth) => {
    const { gateway } = await open()
    const deep = '['.repeat(depth) + ']'.repeat(depth)
    for (const target of dialects) {
      const text = JSON.stringify(chat({ client, upstream: target }, {}))
      for (const bad of [
        `${text.slice(0, -1)},"x":${deep}}`,
        `${text.slice(0, -1)},"tools":${deep}}`,
        text.replace('"Hi"', deep),
      ]) {
        const answer = await post(url(gateway), bad)
        expect(answer.status, answer.body.toString().slice(0, 300)).not.toBe(500)
        checkWhole(client, answer.status, answer.body)
      }
    }
    expect((await post(url(gateway), chat(pair, {}))).status).toBe(200)
  })

  it('a key is asked for on every route, found in every place, and shown to nobody', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'debug', format: 'json' }, { write: (line) => void lines.push(line) })
    const { gateway, upstream } = await open({ access: { keys: ['sluice-secret-1', 'sluice-secret-2'] }, log })
    const body = chat(pair, {})
    const places: Array<Record<string, string>> = [
      { authorization: 'Bearer sluice-secret-1' },
      { authorization: 'bearer  sluice-secret-2 ' },
      { 'x-api-key': 'sluice-secret-2' },
      { 'x-goog-api-key': 'sluice-secret-1' },
      { 'api-key': 'sluice-secret-1' },
    ]
    for (const headers of places) expect((await post(url(gateway), body, { headers })).status).toBe(200)
    expect((await post(`${url(gateway)}?key=sluice-secret-1`, body)).status).toBe(200)
    for (const { headers, path } of upstream.requests)
      expect(JSON.stringify([headers, path])).not.toContain('sluice-secret')
    const bad: Array<Record<string, string>> = [
      {},
      { authorization: 'Bearer wrong-secret' },
      { authorization: 'Bearer ' },
      { authorization: 'sluice-secret-1' },
      { authorization: 'Bearer sluice-secret-1x' },
      { 'x-api-key': 'SLUICE-SECRET-1' },
      { 'x-api-key': 'sluice-secret-1, sluice-secret-2' },
    ]
    for (const headers of bad) {
      const { answer } = await refused(gateway, body, headers)
      expect(answer.status, JSON.stringify(headers)).toBe(401)
      expect(answer.body.toString()).not.toContain('secret')
    }
    const evil = { headers: { 'x-api-key': 'sluice-secret-1' } }
    await post(url(gateway), '{"sluice-secret-1', evil)
    await post(url(gateway), chat({ client, upstream: 'anthropic-messages' }, { stream: true }), evil)
    await post(`${gateway.url}/sluice?key=sluice-secret-1`, body, evil)
    await post(`${gateway.url}/v1/models?key=wrong-secret`, body)
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.join('')).not.toMatch(/secret|provider-key/)
  })

  it('unknown routes and wrong methods are told in the dialect of the caller', async () => {
    const { gateway } = await open()
    const version: Record<string, string> = client === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {}
    for (const [path, status] of [
      ['/v1/nothing', 404],
      ['/', 405],
      ['//', 405],
      ['/__proto__', 404],
      ['/v1/models', 405],
      ['/healthz', 405],
    ] as const) {
      const answer = await post(gateway.url + path, {}, { headers: version })
      expect(answer.status, path).toBe(status)
      checkWhole(client, answer.status, answer.body)
    }
    const got = await raw(gateway.port, `GET ${paths[client]} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    expect(statusOf(got)).toBe(405)
    expect(got.toLowerCase()).toContain('\r\nallow: post')
  })
})

describe('bytes that are no proper HTTP', () => {
  it.each([
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
      400,
    ],
    [
      'a length and chunks',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'chunks that are hidden',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a negative length', 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n', 400],
    ['a zero byte in a header', 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n', 400],
    ['a line feed in a header name', 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx y: a\r\n\r\n', 400],
    ['headers that are huge', `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', 400],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 400],
    ['TLS', Buffer.from('160301020001', 'hex'), 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    [
      'a broken chunk',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n',
      400,
    ],
  ])('%s: refused with %i, and the connection closed', async (_, bytes, status) => {
    const { gateway } = await open()
    const answer = await raw(gateway.port, bytes, { silence: 300 })
    expect(statusOf(answer), answer).toBe(status)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(answer.match(/HTTP\/1\.1 /g)?.length).toBe(1)
    await until(() => gateway.gateway.running === 0, 'nothing is running')
    expect((await post(`${gateway.url}/v1/chat/completions`, plain)).status).toBe(200)
  })

  it('an absolute URL means its path, and its host is the one that counts', async () => {
    const { gateway } = await open()
    const ask = (url: string, host: string) =>
      raw(gateway.port, message(`host: ${host}\r\n`).replace('/v1/chat/completions', url))
    expect(statusOf(await ask(`http://localhost:${gateway.port}/v1/chat/completions`, 'localhost'))).toBe(200)
    expect(statusOf(await ask('http://evil.example/v1/chat/completions', 'localhost'))).toBe(403)
    expect(statusOf(await ask('http://localhost', 'localhost'))).not.toBe(200)
  })

  it('an HTTP/1.0 client gets its stream without chunks, closed at its end', async () => {
    const { gateway } = await open()
    const body = JSON.stringify(chat({ client: 'openai-chat', upstream: 'openai-chat' }, { stream: true }))
    const answer = await raw(
      gateway.port,
      `POST /v1/chat/completions HTTP/1.0\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      { silence: 1000 },
    )
    expect(answer).not.toMatch(/transfer-encoding/i)
    const seen = checkStream('openai-chat', Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1'))
    expect(seen).toMatchObject({ outcome: 'clean', text: words })
  })

  it('a client that asks before it sends is told to go on', async () => {
    const { gateway } = await open()
    const answer = await raw(gateway.port, message('host: localhost\r\nexpect: 100-continue\r\n'))
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  })

  it('requests in a row on one connection are answered in their order, streams among them', async () => {
    const { gateway } = await open()
    const warnings: Error[] = []
    const warn = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warn)
    const stream = JSON.stringify(chat({ client: 'openai-chat', upstream: 'anthropic-messages' }, { stream: true }))
    const batch = Array.from({ length: 12 }, (_, i) =>
      message(`host: localhost\r\nx-request-id: number-${i}\r\n`, i % 2 ? stream : plain),
    ).join('')
    const answer = await raw(gateway.port, batch, { silence: 500 })
    expect([...answer.matchAll(/x-sluice-request-id: number-(\d+)/g)].map(([, i]) => Number(i))).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    )
    expect(answer.match(/\[DONE\]/g)?.length).toBe(6)
    expect(answer.match(/\r\n0\r\n\r\n/g)?.length).toBe(6)
    await pause(20)
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })

  it('garbage behind a request does not get into its answer', async () => {
    const upstream = await scripted({ script: { steps: [{ repeat: 40, text: ' word', pace: '5ms' }] } })
    const gateway = await house({ upstream: upstream.url })
    const stream = JSON.stringify(chat({ client: 'openai-chat', upstream: 'openai-chat' }, { stream: true }))
    const answer = await new Promise<string>((resolve) => {
      let got = ''
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(message('host: localhost\r\n', stream)))
      socket.on('data', (piece) => {
        if (got === '') socket.write('this is no request\r\n\r\n')
        got += piece.toString()
      })
      socket.on('error', () => resolve(got))
      socket.on('close', () => resolve(got))
    })
    expect(answer.match(/HTTP\/1\.1/g)?.length).toBe(1)
    await until(() => gateway.gateway.running === 0, 'nothing is running')
    expect(gateway.records.length).toBe(1)
  })

  it('HEAD is GET without a body', async () => {
    const { gateway } = await open()
    const answer = await raw(gateway.port, 'HEAD /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(statusOf(answer)).toBe(200)
    expect(answer.endsWith('\r\n\r\n')).toBe(true)
  })

  it('of a name that is written twice the last one counts, here and at the provider', async () => {
    const { gateway, upstream } = await open()
    const answer = await post(
      `${gateway.url}/v1/chat/completions`,
      `{"model":"nothing/x","m\\u006fdel":"openai-chat/good","messages":[{"role":"user","content":"Hi"}]}`,
    )
    expect(answer.status).toBe(200)
    expect(upstream.requests[0]?.body).toMatchObject({ model: 'good' })
  })
})

describe('without keys', () => {
  const get = (host: string, more = ''): string => `GET /v1/models HTTP/1.1\r\nhost: ${host}\r\n${more}\r\n`

  it.each([
    ['localhost', 200],
    ['LOCALHOST:4114', 200],
    ['127.0.0.1', 200],
    ['127.0.0.1:80', 200],
    ['127.1.2.3', 200],
    ['[::1]', 200],
    ['[::1]:4114', 200],
    ['app.localhost:4114', 200],
    ['localhost.', 200],
    ['evil.example', 403],
    ['evil.example:4114', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['evil.example#localhost', 403],
    ['evil.example@localhost', 403],
    ['localhost@evil.example', 403],
    ['192.168.0.1', 403],
    ['0.0.0.0', 403],
    ['[::2]', 403],
    ['[::1', 403],
    ['[::1].evil.example', 403],
    ['', 403],
  ])('Host %s: %i', async (host, status) => {
    const { gateway } = await open()
    expect(statusOf(await raw(gateway.port, get(host)))).toBe(status)
  })

  it.each([
    ['http://localhost:3000', 200],
    ['http://127.0.0.1', 200],
    ['http://[::1]:8080', 200],
    ['https://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
    ['file://', 403],
    ['localhost', 403],
    ['', 403],
  ])('Origin %s: %i', async (origin, status) => {
    const { gateway } = await open()
    expect(statusOf(await raw(gateway.port, get('localhost', `origin: ${origin}\r\n`)))).toBe(status)
  })

  it('listens on IPv6 loopback and says how to call it', async () => {
    const { gateway } = await open({ server: { host: '::1' } })
    expect(gateway.url).toContain('[::1]')
    expect(statusOf(await raw(gateway.port, get(`[::1]:${gateway.port}`), { host: '::1' }))).toBe(200)
  })

  it('a preflight is granted to the origins that are listed, and to no other', async () => {
    const { gateway } = await open({ server: { cors_origins: ['https://chat.example.com'] } })
    const ask = (origin: string) =>
      raw(
        gateway.port,
        `OPTIONS /v1/messages HTTP/1.1\r\nhost: localhost\r\norigin: ${origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type, x-api-key\r\n\r\n`,
      )
    const granted = await ask('https://chat.example.com')
    expect(statusOf(granted)).toBe(204)
    expect(granted).toContain('access-control-allow-origin: https://chat.example.com')
    expect(granted).toMatch(/access-control-allow-headers: .*x-api-key/)
    for (const origin of [
      'https://evil.example',
      'https://chat.example.com.evil.example',
      'null',
      'http://chat.example.com',
    ]) {
      expect(await ask(origin)).not.toContain('access-control-allow-origin')
    }
    const used = await raw(gateway.port, message('host: localhost\r\norigin: https://chat.example.com\r\n'))
    expect(statusOf(used)).toBe(200)
    expect(used).toContain('access-control-expose-headers: *\r\n')
    expect(used).toMatch(/vary: origin/i)
    const failed = await raw(gateway.port, message('host: localhost\r\norigin: https://chat.example.com\r\n', '{'))
    expect(failed).toContain('access-control-allow-origin: https://chat.example.com')
  })

  it('a page that needs no preflight gets nothing done', async () => {
    const { gateway, upstream } = await open()
    const answer = await raw(
      gateway.port,
      message('host: localhost\r\norigin: https://evil.example\r\ncontent-type: text/plain\r\n'),
    )
    expect(statusOf(answer)).toBe(403)
    expect(answer).not.toContain('access-control-allow-origin')
    expect(upstream.requests.length).toBe(0)
  })
})
