import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Certificate, hasOpenssl, selfSigned } from './certificate.ts'
import { closed, pause, send, startTransport, startUpstream } from './upstream.ts'

const words = Array.from({ length: 30_000 }, (_, i) => `${i} `).join('')

describe.skipIf(!hasOpenssl)('over TLS', () => {
  let trusted: Certificate
  const before = getCACertificates('default')

  beforeAll(() => {
    trusted = selfSigned('DNS:localhost', 'IP:127.0.0.1')
    setDefaultCACertificates([...before, trusted.cert])
  })
  afterAll(() => setDefaultCACertificates(before))

  async function startSecure(options: ServerOptions = {}, certificate = trusted) {
    const sockets: TLSSocket[] = []
    const reused: boolean[] = []
    const server = createServer({ ...certificate, ...options }, (request, response) => {
      const { servername, alpnProtocol } = request.socket as TLSSocket & { servername: string | false }
      if (request.url === '/close') response.setHeader('connection', 'close')
      if (request.url === '/long')
        for (let at = 0; at < words.length; at += 1000) response.write(words.slice(at, at + 1000))
      response.end(request.url === '/long' ? '' : `${servername} ${alpnProtocol}`)
    })
    server.on('secureConnection', (socket) => {
      sockets.push(socket)
      reused.push(socket.isSessionReused())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    return { port, sockets, reused, url: `https://localhost:${port}`, byAddress: `https://127.0.0.1:${port}` }
  }

  it('the name of the host is asked for, an address is not, and HTTP/1.1 is agreed on', async () => {
    const upstream = await startSecure()
    const transport = startTransport()
    expect((await send(transport, upstream).over).text).toBe('localhost http/1.1')
    expect((await send(transport, { url: upstream.byAddress }).over).text).toBe('false http/1.1')
  })

  it('a connection serves again, and a new one goes on with the session of the last', async () => {
    const upstream = await startSecure()
    const transport = startTransport()
    for (const path of ['/', '/', '/close', '/close', '/']) {
      await send(transport, { url: upstream.url + path }).over
      await pause(10)
    }
    expect(upstream.reused).toEqual([false, true, true])
  })

  it('a long answer comes whole, also with pauses', async () => {
    const upstream = await startSecure()
    const told = send(startTransport(), { url: `${upstream.url}/long` })
    let text = ''
    let pieces = 0
    told.onBytes = (bytes) => {
      text += Buffer.from(bytes).toString()
      if (++pieces % 5 !== 0) return
      told.call!.pause()
      setImmediate(() => told.call!.resume())
    }
    await told.over
    expect(text === words).toBe(true)
  })

  it('a pause during the handshake does not stop it', async () => {
    const upstream = await startSecure()
    const told = send(startTransport(), upstream)
    told.call!.pause()
    while (upstream.sockets.length === 0) await pause(1)
    expect(told.log).toEqual([])
    told.call!.resume()
    expect((await told.over).text).toBe('localhost http/1.1')
  })

  it('abort during the handshake closes the connection', async () => {
    const upstream = await startSecure()
    const told = send(startTransport(), upstream)
    await pause(1)
    told.call!.abort()
    await pause(50)
    expect(told.log.filter((entry) => entry !== 'flush')).toEqual([])
    for (const socket of upstream.sockets) await closed(socket)
  })

  it.each<[string, () => Certificate, RegExp]>([
    ['that signed itself', () => selfSigned('DNS:localhost'), /signed by itself; .*NODE_EXTRA_CA_CERTS/],
    [
      'for another host',
      () => {
        const other = selfSigned('DNS:example.org')
        setDefaultCACertificates([...before, trusted.cert, other.cert])
        return other
      },
      /is for another host name/,
    ],
  ])('a certificate %s is refused, and nothing is sent', async (_, certificate, message) => {
    const upstream = await startSecure({}, certificate())
    let asked = 0
    const told = await send(startTransport(), { ...upstream, name: 'house' }).over
    for (const socket of upstream.sockets) asked += socket.bytesRead
    expect(told.log).toEqual(['error upstream_unreachable'])
    expect(told.error?.message).toMatch(/^cannot reach house: its certificate /)
    expect(told.error?.message).toMatch(message)
    expect(asked).toBe(0)
  })

  it('a server that speaks none is told so', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const told = await send(startTransport(), { url: upstream.url.replace('http', 'https') }).over
    expect(told.error?.message).toMatch(/it does not speak TLS/)
  })

  it('NODE_EXTRA_CA_CERTS is honoured', async () => {
    const certificate = selfSigned('DNS:localhost')
    const upstream = await startSecure({}, certificate)
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ca-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'ca.pem'), certificate.cert)
    const script = `
      import { openTransport } from ${JSON.stringify(new URL('../../src/transport/index.ts', import.meta.url).href)}
      const nothing = () => {}
      openTransport({ connectTimeoutMs: 5000, env: {} }).send(
        { method: 'GET', url: ${JSON.stringify(upstream.url)}, headers: {} },
        { onHead: nothing, onFlush: nothing, onEnd: nothing, onData: (bytes) => console.log(String(bytes)), onError: (error) => console.log(error.message) },
      )`
    const run = (env: Record<string, string>) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
        env: { ...process.env, ...env },
      })
    expect((await run({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })).stdout).toBe('localhost http/1.1\n')
    expect((await run({ NODE_EXTRA_CA_CERTS: '' })).stdout).toMatch(/^cannot reach localhost:\d+: its certificate/)
  })
})
