import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { send, startRaw, startTransport, startUpstream } from './upstream.ts'

/** A proxy that writes down what it is asked for: absolute addresses are fetched, tunnels are opened or refused. */
async function startProxy(tunnel: number | 'silent' = 200) {
  const asked: string[] = []
  const auth: Array<string | undefined> = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    auth.push(request.headers['proxy-authorization'])
    const { method, headers } = request
    const onward = httpRequest(request.url!, { method, headers: { ...headers, connection: 'close' } }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  })
  server.on('connection', (socket) => sockets.add(socket))
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`)
    auth.push(request.headers['proxy-authorization'])
    if (tunnel === 'silent') return
    if (tunnel !== 200) {
      socket.end(`HTTP/1.1 ${tunnel} No\r\n\r\n`)
      return
    }
    const [host, port] = request.url!.split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket)
      socket.pipe(onward)
    })
    sockets.add(onward)
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked, auth }
}

describe('a proxy in the environment', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('%s is asked for http addresses', async (name) => {
    const upstream = await startUpstream((request, response) => void response.end(`${request.method} ${request.url}`))
    const proxy = await startProxy()
    const told = await send(startTransport({ [name]: proxy.url }), {
      method: 'POST',
      url: `${upstream.url}/v1/x?y`,
      body: '{}',
    }).over
    expect(told.text).toBe('POST /v1/x?y')
    expect(proxy.asked).toEqual([`POST ${upstream.url}/v1/x?y`])
  })

  it('may be written without a scheme', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const proxy = await startProxy()
    const told = await send(startTransport({ HTTP_PROXY: `127.0.0.1:${proxy.port}` }), { url: upstream.url }).over
    expect([told.text, proxy.asked.length]).toEqual(['ok', 1])
  })

  it('a stream through it is still a stream', async () => {
    const upstream = await startUpstream((_, response) => {
      response.write('one')
      finish = () => void response.end('two')
    })
    let finish: () => void = () => {}
    const proxy = await startProxy()
    const told = send(startTransport({ HTTP_PROXY: proxy.url }), { url: upstream.url })
    await told.until(({ log }) => log.includes('data one'))
    finish()
    expect((await told.over).text).toBe('onetwo')
  })

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY'])('%s is asked for a tunnel to https addresses', async (name) => {
    // What is said inside the tunnel is the handshake of TLS, which nobody but the upstream can read.
    const heard = Promise.withResolvers<number>()
    const upstream = await startRaw((socket, text) => {
      heard.resolve(text.charCodeAt(0))
      socket.destroy()
    })
    const proxy = await startProxy()
    const told = await send(startTransport({ [name]: proxy.url }), { url: `https://127.0.0.1:${upstream.port}/v1/x` })
      .over
    expect(await heard.promise).toBe(0x16)
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${upstream.port}`])
    expect(told.log).toEqual(['error upstream_unreachable'])
  })

  it('is shown its own name and password', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const proxy = await startProxy()
    const url = proxy.url.replace('//', '//me:p%40ss@')
    expect((await send(startTransport({ HTTP_PROXY: url }), { url: upstream.url }).over).text).toBe('ok')
    expect(proxy.auth).toEqual([`Basic ${btoa('me:p@ss')}`])
  })

  it.each([
    ['NO_PROXY', '127.0.0.1', true],
    ['no_proxy', 'example.org, 127.0.0.1', true],
    ['NO_PROXY', '*', true],
    ['NO_PROXY', 'example.org', false],
    ['NO_PROXY', '', false],
  ])('%s=%s', async (name, value, direct) => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const proxy = await startProxy()
    const told = await send(startTransport({ HTTP_PROXY: proxy.url, [name]: value }), { url: upstream.url }).over
    expect([told.text, proxy.asked.length]).toEqual(['ok', direct ? 0 : 1])
  })

  it('HTTPS_PROXY alone is not asked for http addresses; the environment of the process is not read', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const proxy = await startProxy()
    process.env.HTTP_PROXY = proxy.url
    onTestFinished(() => {
      delete process.env.HTTP_PROXY
    })
    for (const env of [undefined, { HTTPS_PROXY: proxy.url }]) {
      expect((await send(startTransport(env), { url: upstream.url }).over).text).toBe('ok')
    }
    expect(proxy.asked).toEqual([])
  })

  it.each([
    [403, 'error upstream_unreachable', /cannot reach 127\.0\.0\.1:1: .*403/],
    [407, 'error upstream_unreachable', /cannot reach 127\.0\.0\.1:1: .*407/],
    ['silent' as const, 'error connect_timeout', /cannot reach 127\.0\.0\.1:1: no connection in time/],
  ])('that answers %s to the wish for a tunnel', async (tunnel, entry, message) => {
    const proxy = await startProxy(tunnel)
    const told = await send(startTransport({ HTTPS_PROXY: proxy.url }, 300), { url: 'https://127.0.0.1:1/' }).over
    expect(told.log).toEqual([entry])
    expect(told.error?.message).toMatch(message)
  })

  it('that is gone', async () => {
    const told = await send(startTransport({ HTTP_PROXY: 'http://127.0.0.1:1' }), { url: 'http://127.0.0.1:2/' }).over
    expect(told.log).toEqual(['error upstream_unreachable'])
  })
})
