import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { pause, send, startRaw, startTransport, startUpstream, Told } from './upstream.ts'

describe('a whole answer', () => {
  it('carries the request as it was given, and the head back in small letters', async () => {
    let body = ''
    const upstream = await startUpstream((request, response) => {
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        const { method, url, headers } = request
        response.writeHead(
          201,
          [
            ['X-Request-ID', 'r1'],
            ['X-Many', 'a'],
            ['X-Many', 'b'],
          ].flat(),
        )
        response.end(JSON.stringify({ method, url, headers }))
      })
    })
    const headers = { 'content-type': 'application/json', 'x-api-key': 'k' }
    const told = await send(startTransport(), {
      method: 'POST',
      url: `${upstream.url}/v1/chat?x=%20y`,
      headers,
      body: '{"a":"é"}',
    }).over
    expect(body).toBe('{"a":"é"}')
    expect(JSON.parse(told.text)).toMatchObject({
      method: 'POST',
      url: '/v1/chat?x=%20y',
      headers: { ...headers, host: `127.0.0.1:${upstream.port}`, 'content-length': '10' },
    })
    expect(told.head).toMatchObject({ status: 201, headers: { 'x-request-id': 'r1', 'x-many': 'a, b' } })
    expect(told.log[0]).toBe('head 201')
    expect(told.log.at(-1)).toBe('end')
  })

  it('leaves its connection to the next request', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const transport = startTransport()
    for (let i = 0; i < 3; i++) {
      expect((await send(transport, { url: upstream.url }).over).text).toBe('ok')
      await pause(0)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('of several at once none waits for another', async () => {
    const waiting: ServerResponse[] = []
    const upstream = await startUpstream((_, response) => {
      waiting.push(response)
      if (waiting.length === 5) for (const one of waiting) one.end('ok')
    })
    const transport = startTransport()
    const all = await Promise.all(Array.from({ length: 5 }, () => send(transport, { url: upstream.url }).over))
    expect(all.map((told) => told.text)).toEqual(Array(5).fill('ok'))
  })

  it('an early hint is no answer', async () => {
    const upstream = await startUpstream((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('ok')
    })
    expect((await send(startTransport(), { url: upstream.url }).over).log[0]).toBe('head 200')
  })
})

describe('a streamed answer', () => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

  it('is told read by read: all pieces of one read, then one flush', async () => {
    const reads = ['one', 'two', 'three'].map((name) => chunk(`${name} a`) + chunk(`${name} b`) + chunk(`${name} c`))
    const upstream = await startRaw((socket) => socket.write(head + reads.shift()))
    const told = new Told()
    told.onEntry = (entry) => {
      if (entry !== 'flush') return
      const next = reads.shift()
      if (next) upstream.sockets[0]!.write(next)
      else upstream.sockets[0]!.write(`${chunk('last')}0\r\n\r\n`)
    }
    await send(startTransport(), { url: upstream.url }, told).over
    expect(told.log.filter((entry, i) => entry !== 'flush' || i < told.log.indexOf('data last'))).toEqual([
      'head 200',
      ...['one', 'two', 'three'].flatMap((name) => [`data ${name} a`, `data ${name} b`, `data ${name} c`, 'flush']),
      'data last',
      'end',
    ])
  })

  it('whose first bytes come with the head is flushed too', async () => {
    const upstream = await startRaw((socket) => socket.write(head + chunk('first')))
    const told = send(startTransport(), { url: upstream.url })
    await told.until(({ log }) => log.includes('flush'))
    expect(told.log).toEqual(['head 200', 'data first', 'flush'])
  })

  it('that is paused is not read on, and the upstream has to wait', async () => {
    let written = 0
    let drained = 0
    const piece = 'x'.repeat(64 * 1024)
    const upstream = await startUpstream((_, response) => {
      const more = (): void => {
        while (written < 64 * 1024 * 1024 && !response.destroyed) {
          written += piece.length
          if (!response.write(piece)) return
        }
        response.end()
      }
      response.on('drain', () => {
        drained++
        more()
      })
      more()
    })
    const told = send(startTransport(), { url: upstream.url })
    await told.until(({ log }) => log.includes('flush'))
    told.call!.pause()
    await pause(100)
    const [heard, sent] = [told.text.length, written]
    await pause(150)
    expect([told.text.length, written]).toEqual([heard, sent])
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    told.call!.resume()
    await told.over
    expect([told.text.length, told.log.at(-1)]).toEqual([64 * 1024 * 1024, 'end'])
    expect(drained).toBeGreaterThan(1)
  })

  it('that was paused before its head came begins when it is resumed', async () => {
    const upstream = await startUpstream((_, response) => {
      response.write('x'.repeat(1000))
      setTimeout(() => response.end('y'), 20)
    })
    const told = send(startTransport(), { url: upstream.url })
    told.call!.pause()
    await pause(80)
    expect(told.text.length).toBeLessThanOrEqual(1000)
    expect(told.log).not.toContain('end')
    told.call!.resume()
    await told.over
    expect(told.text).toBe(`${'x'.repeat(1000)}y`)
  })

  it('resume without a pause, and both after the end, do no harm', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const told = send(startTransport(), { url: upstream.url })
    told.call!.resume()
    await told.over
    told.call!.pause()
    told.call!.resume()
    told.call!.abort()
    expect(told.text).toBe('ok')
  })
})

describe('abort', () => {
  it('before the head closes the connection, and nothing more is told', async () => {
    const gone = Promise.withResolvers<void>()
    const upstream = await startUpstream((_, response) => {
      response.on('close', gone.resolve)
      told.call!.abort()
    })
    const told: Told = send(startTransport(), { url: upstream.url })
    await gone.promise
    await pause(20)
    expect(told.log).toEqual([])
  })

  it('in the middle of the body closes the connection, and nothing more is told', async () => {
    const gone = Promise.withResolvers<void>()
    const upstream = await startUpstream((_, response) => {
      response.on('close', gone.resolve)
      response.write('a')
    })
    const told = send(startTransport(), { url: upstream.url })
    await told.until(({ log }) => log.includes('flush'))
    told.call!.abort()
    await gone.promise
    await pause(20)
    expect(told.log).toEqual(['head 200', 'data a', 'flush'])
  })

  it('from inside a piece of data stops the rest of the same read', async () => {
    const pieces = ['a', 'b', 'c'].map((text) => `1\r\n${text}\r\n`).join('')
    const upstream = await startRaw((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`),
    )
    const told = new Told()
    told.onEntry = (entry) => entry === 'data a' && told.call!.abort()
    send(startTransport(), { url: upstream.url }, told)
    await told.until(({ log }) => log.includes('data a'))
    await pause(20)
    expect(told.log).toEqual(['head 200', 'data a'])
  })

  it('before anything was sent sends nothing that is answered', async () => {
    let asked = 0
    const upstream = await startUpstream((_, response) => {
      asked++
      response.end('ok')
    })
    const transport = startTransport()
    const told = send(transport, { url: upstream.url })
    told.call!.abort()
    told.call!.abort()
    expect((await send(transport, { url: upstream.url }).over).text).toBe('ok')
    await pause(20)
    expect([told.log, asked]).toEqual([[], 1])
  })

  it('of one leaves the others alone', async () => {
    const waiting: ServerResponse[] = []
    const upstream = await startUpstream((_, response) => {
      response.write('a')
      waiting.push(response)
    })
    const transport = startTransport()
    const [one, other] = [send(transport, { url: upstream.url }), send(transport, { url: upstream.url })]
    await Promise.all([one, other].map((told) => told.until(({ log }) => log.includes('flush'))))
    one.call!.abort()
    for (const response of waiting) response.end('b')
    await other.over
    expect([one.text, other.text]).toEqual(['a', 'ab'])
  })
})

describe('trouble', () => {
  it('nobody listens', async () => {
    // Port 1 of loopback is listened on by nobody.
    const told = await send(startTransport(), { url: 'http://127.0.0.1:1' }).over
    expect(told.log).toEqual(['error upstream_unreachable'])
    expect(told.error?.message).toMatch(/^cannot reach 127\.0\.0\.1:1: nothing listens at its address \(ECONNREFUSED\)/)
  })

  it.each<[string, string, string]>([
    ['the connection ends before a head', '', 'error upstream_unreachable'],
    ['a head that is none', 'SSH-2.0-OpenSSH_9.9\r\n', 'error upstream_protocol'],
    [
      'a chunk size that is none',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      'error upstream_protocol',
    ],
    [
      'a chunked body without its end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
      'error upstream_truncated',
    ],
    [
      'a body shorter than it was said to be',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc',
      'error upstream_truncated',
    ],
  ])('%s', async (_, answer, last) => {
    const upstream = await startRaw((socket) => socket.end(answer))
    const told = await send(startTransport(), { url: upstream.url }).over
    expect(told.log.at(-1)).toBe(last)
    expect(told.log.filter((entry) => /^(end|error)/.test(entry))).toHaveLength(1)
    if (answer.includes('abc')) expect(told.text).toBe('abc')
  })

  it('a body that only the end of the connection ends is whole', async () => {
    const upstream = await startRaw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nabc'))
    const told = await send(startTransport(), { url: upstream.url }).over
    expect([told.text, told.log.at(-1)]).toEqual(['abc', 'end'])
  })

  it('a reset in the middle of the body: what came is told, then one error', async () => {
    const upstream = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
    })
    const told = send(startTransport(), { url: upstream.url })
    await told.until(({ log }) => log.includes('flush'))
    upstream.sockets[0]!.resetAndDestroy()
    await told.over
    expect(told.log).toEqual(['head 200', 'data abc', 'flush', 'error upstream_truncated'])
    expect(told.error?.message).toMatch(new RegExp(`^the answer of 127\\.0\\.0\\.1:${upstream.port} broke off: `))
    await pause(20)
    expect(told.log).toHaveLength(4)
  })

  it('a header that cannot be sent is an error and no crash', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const told = await send(startTransport(), { url: upstream.url, headers: { authorization: 'Bearer ключ\n' } }).over
    expect(told.log).toEqual(['error upstream_unreachable'])
    expect(told.error?.message).not.toContain('ключ')
  })

  it('a connection that the upstream closed while it was idle is not used again', async () => {
    const upstream = await startUpstream((_, response) => void response.end('ok'))
    const transport = startTransport()
    await send(transport, { url: upstream.url }).over
    const closed = once(upstream.sockets[0]!, 'close')
    upstream.sockets[0]!.destroy()
    await closed
    await pause(20)
    expect((await send(transport, { url: upstream.url }).over).log.at(-1)).toBe('end')
  })

  it('close ends what is running', async () => {
    const upstream = await startUpstream((_, response) => void response.write('a'))
    const transport = startTransport()
    const told = send(transport, { url: upstream.url })
    await told.until(({ log }) => log.includes('flush'))
    await transport.close()
    await told.over
    expect(told.log.at(-1)).toBe('error upstream_truncated')
  })
})
