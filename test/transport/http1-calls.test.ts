import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { closed, pause, send, startRaw, startTransport, startUpstream, Told } from './upstream.ts'

const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

describe('abort closes the connection at once', () => {
  it.each<[string, string]>([
    ['before a byte has come', ''],
    ['in the middle of the head', 'HTTP/1.1 200 O'],
    ['behind an early answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['behind the head', head],
    ['in the middle of a chunk size', `${head}1`],
    ['in the middle of a chunk', `${head}ff\r\nabc`],
    ['between two chunks', `${head}3\r\nabc\r\n`],
    ['before the trailers', `${head}3\r\nabc\r\n0\r\n`],
    ['in the middle of a body with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'],
    ['in the middle of a body without a length', 'HTTP/1.1 200 OK\r\n\r\nabc'],
  ])('%s', async (_, text) => {
    const upstream = await startRaw((socket) => {
      if (text !== '') socket.write(text)
      setTimeout(() => told.call!.abort(), 10)
    })
    const told: Told = send(startTransport(), upstream)
    while (upstream.sockets.length === 0) await pause(1)
    await closed(upstream.sockets[0]!)
    const said = [...told.log]
    await pause(10)
    expect(told.log).toEqual(said)
    expect(said.some((entry) => /^(end|error)/.test(entry))).toBe(false)
  })

  it('while it is being made', async () => {
    const upstream = await startRaw(() => {})
    const told = send(startTransport(), { url: upstream.url.replace('127.0.0.1', 'localhost') })
    told.call!.abort()
    await pause(50)
    expect(told.log).toEqual([])
    for (const socket of upstream.sockets) await closed(socket)
  })

  it('while the request is still being written', async () => {
    let stopped = false
    const upstream = await startRaw((socket) => {
      if (!stopped) socket.pause()
      stopped = true
    })
    const told = send(startTransport(), { method: 'POST', url: upstream.url, body: 'x'.repeat(50_000_000) })
    while (!stopped) await pause(1)
    told.call!.abort()
    upstream.sockets[0]!.resume()
    await closed(upstream.sockets[0]!)
    expect(told.log).toEqual([])
  })

  it.each(['head 200', 'data abc', 'flush'])('from inside of %s, and the same socket serves nobody', async (entry) => {
    const upstream = await startRaw((socket) => socket.write(`${head}3\r\nabc\r\n`))
    const transport = startTransport()
    const told = new Told()
    told.onEntry = (said) => said === entry && told.call!.abort()
    send(transport, { url: upstream.url }, told)
    await told.until(({ log }) => log.includes(entry))
    await closed(upstream.sockets[0]!)
    await pause(10)
    expect(told.log.at(-1)).toBe(entry)
  })

  it('and in the turn of its end does no harm to the next', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const transport = startTransport()
    const told = new Told()
    told.onEntry = (entry) => entry === 'end' && told.call!.abort()
    await send(transport, { url: upstream.url }, told).over
    await pause(0)
    told.call!.abort()
    const next = send(transport, { url: upstream.url })
    told.call!.abort()
    told.call!.pause()
    expect((await next.over).text).toBe('ok')
    expect(upstream.sockets).toHaveLength(1)
  })
})

describe('pause', () => {
  it('before the head holds back the head, too', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const transport = startTransport()
    for (const _ of ['new', 'used']) {
      const told = send(transport, { url: upstream.url })
      told.call!.pause()
      await pause(30)
      expect(told.log).toEqual([])
      told.call!.resume()
      expect((await told.over).text).toBe('ok')
      await pause(0)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('from inside of a read ends with that read, and its connection is read on by the next', async () => {
    const upstream = await startRaw((socket) => socket.write(`${head}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`))
    const transport = startTransport()
    for (let i = 0; i < 3; i++) {
      const told = new Told()
      told.onEntry = (entry) => entry === 'data a' && told.call!.pause()
      await send(transport, { url: upstream.url }, told).over
      expect(told.text).toBe('ab')
      await pause(0)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('and resume, many times, lose nothing and double nothing', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `${i} `)
    const upstream = await startUpstream((_, response) => {
      const more = (): void => {
        while (words.length > 0) if (!response.write(words.splice(0, 10).join(''))) return
        response.end()
      }
      response.on('drain', more)
      more()
    })
    const whole = words.join('')
    const told = new Told()
    let text = ''
    let reads = 0
    told.onBytes = (bytes) => {
      text += Buffer.from(bytes).toString()
      if (++reads % 3 !== 0) return
      told.call!.pause()
      if (reads % 2 === 0) setImmediate(() => told.call!.resume())
      else told.call!.resume()
    }
    await send(startTransport(), { url: upstream.url }, told).over
    expect(text).toBe(whole)
  })
})

describe('a handler that throws', () => {
  it.each(['head 200', 'data ab', 'flush'])(
    'in %s hears of it as an error, and its connection is closed',
    async (entry) => {
      const upstream = await startRaw((socket, asked) => {
        if (asked.includes('/next')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
        else socket.write(`${head}2\r\nab\r\n`)
      })
      const transport = startTransport()
      const told = new Told()
      told.onEntry = (said) => {
        if (said === entry) throw new Error('a fault of ours')
      }
      await send(transport, { url: upstream.url }, told).over
      expect([told.log.at(-1), told.error?.message]).toEqual(['error internal', 'a fault of ours'])
      await closed(upstream.sockets[0]!)
      expect((await send(transport, { url: `${upstream.url}/next` }).over).text).toBe('ok')
    },
  )

  it.each(['end', 'error upstream_truncated'])(
    'in %s is a warning, and the next request has its answer',
    async (entry) => {
      const upstream = await startRaw((socket, asked) => {
        if (asked.includes('/cut')) socket.end(`${head}2\r\nab\r\n`)
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      })
      const transport = startTransport()
      const told = new Told()
      told.onEntry = (said) => {
        if (said === entry) throw new Error('a fault of ours')
      }
      const warned = once(process, 'warning')
      send(transport, { url: entry === 'end' ? upstream.url : `${upstream.url}/cut` }, told)
      expect((await warned)[0].message).toBe('a fault of ours')
      expect(told.log.at(-1)).toBe(entry)
      expect((await send(transport, { url: upstream.url }).over).text).toBe('ok')
    },
  )
})

describe('an address', () => {
  it.each([
    ['::1', 'http://[::1]:{port}/'],
    ['127.0.0.1', 'http://localhost:{port}/'],
    ['127.0.0.1', 'HTTP://LOCALHOST:{port}'],
  ])('of a server on %s: %s', async (host, address) => {
    const server = createServer((request, response) => void response.end(request.headers.host))
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
    server.listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = address.replace('{port}', String(port))
    expect((await send(startTransport(), { url }).over).text).toBe(new URL(url).host)
  })

  it('whose name does not exist is an error that does not tell it to everybody', async () => {
    const told = await send(startTransport(), { name: 'house', url: 'http://no-such-host.invalid/' }).over
    expect(told.error?.message).toMatch(/^cannot reach house: the name in its address /)
  })
})

it('a connection that is not made in time is given up', async () => {
  // It takes the connection and never speaks TLS.
  const upstream = await startRaw(() => {})
  const told = await send(startTransport({}, 100), { url: upstream.url.replace('http', 'https') }).over
  expect(told.log).toEqual(['error connect_timeout'])
  await closed(upstream.sockets[0]!)
})

it('what streams for longer than a connection may take is not cut', async () => {
  const upstream = await startUpstream((_, response) => {
    response.write('a')
    setTimeout(() => response.end('b'), 700)
  })
  const transport = startTransport({}, 500)
  expect((await send(transport, upstream).over).text).toBe('ab')
})

describe('an answer that comes compressed', () => {
  const gzipped = 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n'

  it('is taken in no faster than it is unpacked', async () => {
    // A kilobyte of this is a megabyte.
    const one = gzipSync(Buffer.alloc(1_000_000))
    const piece = Buffer.concat(Array.from({ length: 400 }, () => one))
    const upstream = await startRaw((socket) => {
      const more = (): void => {
        while (socket.bytesWritten < 300_000_000) if (!socket.write(piece)) return
      }
      socket.on('drain', more)
      socket.write(gzipped)
      more()
    })
    const told = new Told()
    let bytes = 0
    const enough = Promise.withResolvers<void>()
    told.onBytes = ({ length }) => {
      bytes += length
      if (bytes > 200_000_000) enough.resolve()
    }
    send(startTransport(), upstream, told)
    await enough.promise
    told.call!.abort()
    // The system takes some megabytes on both sides.
    expect(upstream.sockets[0]!.bytesWritten).toBeLessThan(40_000_000)
  })

  it('and goes on behind the end of its data ends there, and its connection is closed', async () => {
    const upstream = await startRaw((socket) => {
      socket.write(gzipped)
      socket.write(Buffer.concat([gzipSync('ok'), Buffer.alloc(9)]))
    })
    const told = await send(startTransport(), upstream).over
    expect([told.text, told.log.at(-1)]).toEqual(['ok', 'end'])
    await closed(upstream.sockets[0]!)
  })
})
