import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  deflateSync,
  gzipSync,
} from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { pause, send, startTransport, startUpstream } from './upstream.ts'

const text = 'data: {"text":"héllo 😀"}\n\n'.repeat(500)
const whole: Array<[string, (text: string) => Buffer]> = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP ', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
]

async function answering(encoding: string, ...pieces: Buffer[]) {
  const upstream = await startUpstream(async (_, response) => {
    response.writeHead(200, { 'content-encoding': encoding })
    for (const piece of pieces) {
      response.write(piece)
      await pause(5)
    }
    response.end()
  })
  return send(startTransport(), { url: upstream.url }).over
}

describe('an answer that comes compressed although nobody asked for it', () => {
  it.each(whole)('%s is opened, and its head no longer says so', async (encoding, compress) => {
    const told = await answering(encoding, compress(text))
    expect(told.text).toBe(text)
    expect(told.log.at(-1)).toBe('end')
    expect(told.head?.headers['content-encoding']).toBeUndefined()
    expect(told.log.indexOf('flush')).toBeGreaterThan(0)
  })

  it.each(whole)('%s cut in two anywhere is the same text', async (encoding, compress) => {
    const bytes = compress(text)
    for (const at of [1, 11, Math.floor(bytes.length / 2), bytes.length - 1]) {
      expect((await answering(encoding, bytes.subarray(0, at), bytes.subarray(at))).text).toBe(text)
    }
  })

  it.each([
    ['gzip', () => createGzip()],
    ['deflate', () => createDeflate()],
    ['br', () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ] as const)('%s stays a stream: an event is told before the next is written', async (encoding, open) => {
    const events = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']
    let next: () => void = () => {}
    const upstream = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding })
      const compressor = open()
      compressor.on('data', (chunk) => response.write(chunk))
      compressor.on('end', () => response.end())
      next = () => {
        const event = events.shift()
        if (event === undefined) compressor.end()
        else compressor.write(event, () => compressor.flush())
      }
      next()
    })
    const told = send(startTransport(), { url: upstream.url })
    for (const said of ['one', 'two', 'three']) {
      await told.until(({ text, log }) => text.includes(said) && log.at(-1) === 'flush')
      expect(told.log.at(-2)).toContain(said)
      next()
    }
    await told.over
    expect(told.text).toBe('data: one\n\ndata: two\n\ndata: three\n\n')
  })

  it.each(whole)(
    '%s that was cut gives no more than there is, and one end or one error',
    async (encoding, compress) => {
      const bytes = compress(text)
      const told = await answering(encoding, bytes.subarray(0, Math.floor(bytes.length / 2)))
      expect(text.startsWith(told.text.replace(/\ufffd$/, ''))).toBe(true)
      expect(told.text.length).toBeLessThan(text.length)
      expect(told.log.filter((entry) => /^(end|error)/.test(entry))).toHaveLength(1)
    },
  )

  it.each(['gzip', 'deflate', 'br'])('%s that is none is an error with its cause', async (encoding) => {
    const told = await answering(encoding, Buffer.from('{"error":"not compressed at all"}'))
    expect(told.log).toEqual(['head 200', 'error upstream_protocol'])
    expect(told.error?.message).toMatch(
      /^cannot read the answer of 127\.0\.0\.1:\d+: its compressed body is damaged \(/,
    )
  })

  it('that is damaged is hung up on: what is still to come is not waited for', async () => {
    const gone = Promise.withResolvers<void>()
    const upstream = await startUpstream((_, response) => {
      response.on('close', gone.resolve)
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.write('no gzip at all')
    })
    expect((await send(startTransport(), { url: upstream.url }).over).log).toEqual([
      'head 200',
      'error upstream_protocol',
    ])
    await gone.promise
  })

  it('leaves its connection to the next request while it is still being opened', async () => {
    const big = gzipSync('x'.repeat(20_000_000))
    let written = 0
    const upstream = await startUpstream((request, response) => {
      if (request.url === '/first') {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(big)
        return
      }
      const piece = 'y'.repeat(64 * 1024)
      const more = (): void => {
        while (written < 400 * piece.length && !response.destroyed) {
          written += piece.length
          if (!response.write(piece)) return
        }
        response.end()
      }
      response.on('drain', more)
      more()
    })
    const transport = startTransport()
    const first = send(transport, { url: `${upstream.url}/first` })
    await first.until(({ log }) => log.some((entry) => entry.startsWith('data')))
    first.call!.pause()
    await pause(50)
    const second = send(transport, { url: `${upstream.url}/second` })
    await second.until(({ log }) => log.includes('flush'))
    expect(upstream.sockets).toHaveLength(1)
    second.call!.pause()
    await pause(50)
    const heard = second.text.length
    // The first one's reader stops and goes on. Whose bytes come next is none of its business.
    for (let i = 0; i < 20; i++) {
      first.call!.pause()
      first.call!.resume()
      await pause(1)
    }
    expect(second.text.length).toBe(heard)
    await first.over
    expect(first.text.length).toBe(20_000_000)
  })

  it('that is empty is empty', async () => {
    expect((await answering('gzip')).log).toEqual(['head 200', 'end'])
  })

  it('in a way that nobody knows is handed on as it is', async () => {
    const told = await answering('zstd-or-so', Buffer.from('abc'))
    expect([told.text, told.head?.headers['content-encoding']]).toEqual(['abc', 'zstd-or-so'])
  })

  it('can be paused and aborted', async () => {
    const gone = Promise.withResolvers<void>()
    const bytes = gzipSync('x'.repeat(20_000_000))
    const upstream = await startUpstream((_, response) => {
      response.on('close', gone.resolve)
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.write(bytes)
    })
    const told = send(startTransport(), { url: upstream.url })
    await told.until(({ log }) => log.some((entry) => entry.startsWith('data')))
    told.call!.pause()
    await pause(30)
    const heard = told.text.length
    await pause(50)
    expect(told.text.length).toBe(heard)
    expect(heard).toBeLessThan(20_000_000)
    told.call!.resume()
    await told.until(({ text }) => text.length > heard)
    told.call!.abort()
    await gone.promise
    const last = told.log.length
    await pause(20)
    expect(told.log).toHaveLength(last)
  })
})
