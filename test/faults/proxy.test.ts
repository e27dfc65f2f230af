import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { checkStream } from './check-stream.ts'
import { wire } from './hostile.ts'
import { atEnd, chat, house, type Pair, pause, post, scripted, until } from './house.ts'

const pair: Pair = { client: 'openai-chat', upstream: 'anthropic-messages' }
const script = { steps: [{ text: 'one two three', chunk: 'word' }] }

/** A proxy that tunnels and forwards, and remembers for whom. */
async function proxy() {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    const { method, headers } = incoming
    const forward = request(incoming.url as string, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    response.on('close', () => forward.destroy())
    forward.on('error', () => response.destroy())
    incoming.pipe(forward)
  })
  server.on('connect', (incoming, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`)
    const [host, port] = (incoming.url as string).split(':')
    const far = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
    sockets.add(far)
    far.on('error', () => socket.destroy())
    socket.on('error', () => far.destroy())
    far.on('close', () => socket.destroy())
    socket.on('close', () => far.destroy())
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

it.each([
  ['HTTP_PROXY', 1],
  ['http_proxy', 1],
  ['HTTPS_PROXY', 0],
])('%s for a plain address goes over the proxy %i times', async (name, times) => {
  const [upstream, between] = await Promise.all([scripted(), proxy()])
  const gateway = await house({ upstream: upstream.url, env: { [name]: between.url } })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat(pair, { stream: true, script }))
  expect(checkStream('openai-chat', answer.body)).toMatchObject({ outcome: 'clean', text: 'one two three' })
  expect(between.asked.length).toBe(times)
  expect(upstream.requests[0]?.headers['proxy-authorization']).toBeUndefined()
})

it.each(['127.0.0.1', '*', 'localhost,127.0.0.1', '127.0.0.1:{port}'])('NO_PROXY=%s goes around it', async (list) => {
  const [upstream, between] = await Promise.all([scripted(), proxy()])
  const gateway = await house({
    upstream: upstream.url,
    env: { HTTP_PROXY: between.url, NO_PROXY: list.replace('{port}', String(upstream.port)) },
  })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat(pair, { script }))
  expect(answer.status).toBe(200)
  expect(between.asked).toEqual([])
})

it('an https address is tunnelled through HTTPS_PROXY', async () => {
  const [upstream, between] = await Promise.all([scripted(), proxy()])
  const gateway = await house({ upstream: upstream.url.replace('http', 'https'), env: { HTTPS_PROXY: between.url } })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat(pair, { script }))
  // The provider behind the tunnel speaks no TLS; that it was asked for is what counts.
  expect(answer.status).toBe(502)
  expect(between.asked).toEqual([`CONNECT 127.0.0.1:${upstream.port}`])
})

it.each([
  [
    'refuses',
    (socket: Socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'),
    502,
  ],
  ['hangs up', (socket: Socket) => socket.destroy(), 502],
  ['says nothing', () => {}, 504],
])('a proxy that %s is an error with a status, in time', async (_, play, status) => {
  const between = await wire(play)
  const gateway = await house({
    upstream: 'https://api.example.com',
    env: { HTTPS_PROXY: between.url },
    streaming: { connect_timeout: '200ms', total_timeout: '3s' },
  })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat(pair, { stream: true }))
  expect(answer.status, answer.body.toString()).toBe(status)
  expect(answer.ms).toBeLessThan(1500)
})

it('a client that leaves is noticed behind the proxy', async () => {
  const [upstream, between] = await Promise.all([scripted(), proxy()])
  const gateway = await house({ upstream: upstream.url, env: { HTTP_PROXY: between.url } })
  const leaving = new AbortController()
  const endless = { steps: [{ repeat: 10_000, text: ' word', pace: '10ms' }] }
  const answer = post(`${gateway.url}/v1/chat/completions`, chat(pair, { stream: true, script: endless }), {
    signal: leaving.signal,
  }).catch(() => undefined)
  await until(() => upstream.requests.length === 1, 'the provider is asked')
  await pause(80)
  leaving.abort()
  await answer
  await upstream.aborted(0)
  expect(gateway.records).toMatchObject([{ outcome: 'aborted' }])
})
