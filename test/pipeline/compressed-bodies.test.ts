import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { openaiChat } from '../../src/dialects/index.ts'
import { HttpStreamHandler } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { chatChunks, chatStream, cutEvery, cutStream, decoded, endings, sse, textOf } from './answers.ts'

const handler = new HttpStreamHandler({ dialect: openaiChat })
const plain = chatStream('Hel', 'lo, ', 'wörld 👋')
const expected = decoded([...chatChunks('Hel', 'lo, ', 'wörld 👋'), '[DONE]'])

const encodings = {
  gzip: { all: zlib.gzipSync, open: () => zlib.createGzip() },
  deflate: { all: zlib.deflateSync, open: () => zlib.createDeflate() },
  br: { all: zlib.brotliCompressSync, open: () => zlib.createBrotliCompress() },
} as const
type Encoding = keyof typeof encodings
const names = Object.keys(encodings) as Encoding[]

const closers: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function all<Item>(output: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of output) items.push(item)
  return items
}

const answer = (encoding: string, body: Uint8Array[]) => ({
  statusCode: 200,
  headers: { 'content-encoding': encoding },
  body,
})

describe('a compressed body', () => {
  it.each(names)('of %s gives its tokens, however it is cut', async (name) => {
    const bytes = encodings[name].all(plain)
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      expect(await all(handler.intoStream(answer(name, cutEvery(bytes, size))))).toEqual(expected)
    }
  })

  it.each([
    ['deflate without its zlib header', 'deflate', () => zlib.deflateRawSync(plain)],
    ['two encodings, the last one put on last', 'gzip, br', () => zlib.brotliCompressSync(zlib.gzipSync(plain))],
    ['gzip by its old name', 'X-GZip', () => zlib.gzipSync(plain)],
    ['text under a header that lies', 'gzip', () => Buffer.from(plain)],
    ['text under a header that names brotli', 'br', () => Buffer.from(plain)],
    ['no encoding, said in words', 'identity', () => Buffer.from(plain)],
  ])('%s', async (_, header, body) => {
    expect(await all(handler.intoStream(answer(header, cutEvery(body(), 11))))).toEqual(expected)
  })

  it.each(names)('of %s still streams: what the sender has flushed is there before the end', async (name) => {
    const packer = encodings[name].open()
    const url = await listening((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': name })
      response.flushHeaders()
      packer.pipe(response)
    })
    const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve).on('error', () => {}))
    const tokens = handler.intoStream(response)[Symbol.asyncIterator]()
    const flush = name === 'br' ? zlib.constants.BROTLI_OPERATION_FLUSH : zlib.constants.Z_SYNC_FLUSH
    for (const text of ['one', 'two', 'three']) {
      packer.write(cutStream(text).split('\n\n')[text === 'one' ? 0 : 1]!.concat('\n\n'))
      if (text === 'one') packer.write(sse([chatChunks('one')[1]!]))
      packer.flush(flush, () => {})
      let token: StreamToken
      do token = (await tokens.next()).value
      while (token.type !== 'text-delta')
      expect(token.text).toBe(text)
    }
    await tokens.return?.()
    await once(response, 'close')
    expect(response.destroyed).toBe(true)
  })

  it.each(names)('of %s that breaks off is a truncation, and nothing that came is lost', async (name) => {
    const packer = encodings[name].open()
    const pieces: Buffer[] = []
    packer.on('data', (piece: Buffer) => pieces.push(piece))
    const flush = name === 'br' ? zlib.constants.BROTLI_OPERATION_FLUSH : zlib.constants.Z_SYNC_FLUSH
    packer.write(cutStream('abc'))
    await new Promise<void>((resolve) => packer.flush(flush, () => resolve()))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const tokens = await all(handler.intoStream(answer(name, pieces)))
    expect([textOf(tokens), endings(tokens)]).toEqual(['abc', ['upstream_truncated']])
  })

  it('that is damaged is an error of the provider', async () => {
    const bytes = zlib.gzipSync(plain.repeat(50))
    bytes.fill(0xff, 60, 90)
    const output = handler.intoStream(answer('gzip', [bytes]))
    const tokens = await all(output)
    expect(endings(tokens).at(-1)).toMatch(/^upstream_/)
    expect(output.error?.message).toContain('gzip')
  })

  it('in an encoding that the runtime does not know is a clear error, and is not read on', async () => {
    let reads = 0
    const body = async function* () {
      for (;;) {
        reads++
        yield Buffer.from([1, 2, 3, 4, 5])
      }
    }
    const output = handler.intoStream({ statusCode: 200, headers: { 'content-encoding': 'rot13' }, body: body() })
    expect(endings(await all(output))).toEqual(['upstream_protocol'])
    expect(output.error?.message).toMatch(/`rot13`.*accept-encoding/)
    expect(reads).toBe(1)
  })

  it('may be an explanation', async () => {
    const refusal = zlib.gzipSync(JSON.stringify({ error: { message: 'slow down' } }))
    const output = handler.intoStream({ ...answer('gzip', [refusal]), statusCode: 429 })
    expect(endings(await all(output))).toEqual(['upstream_rate_limit'])
    expect(output.error?.message).toContain('slow down')
  })

  it('of any size does not run ahead of its reader', async () => {
    const bytes = zlib.gzipSync(chatStream(...Array.from({ length: 40_000 }, (_, i) => `${(i * 7919) % 65_537} `)))
    let given = 0
    const body = async function* () {
      for (const piece of cutEvery(bytes, 4096)) {
        given += piece.length
        yield piece
      }
    }
    const source = { statusCode: 200, headers: { 'content-encoding': 'gzip' }, body: body() }
    for await (const token of handler.intoStream(source)) {
      if (token.type !== 'text-delta') continue
      await new Promise((resolve) => setTimeout(resolve, 50))
      break
    }
    expect(given).toBeLessThan(bytes.length / 2)
  })
})

describe('answers as they come over HTTP', () => {
  const open = () =>
    listening((asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
      for (const piece of cutEvery(zlib.gzipSync(asked.url === '/cut' ? cutStream('abc') : plain), 40))
        response.write(piece)
      if (asked.url === '/cut') setTimeout(() => response.destroy(), 100)
      else response.end()
    })

  it('of fetch, which has decompressed them already', async () => {
    const response = await fetch(await open())
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await all(handler.intoStream(response))).toEqual(expected)
  })

  it('of undici', async () => {
    expect(await all(handler.intoStream(await request(await open())))).toEqual(expected)
  })

  it('of Node', async () => {
    const url = await open()
    const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve))
    expect(await all(handler.intoStream(response))).toEqual(expected)
  })

  it('that break off end in one error', async () => {
    const url = `${await open()}cut`
    const asked = [
      () => fetch(url),
      () => request(url),
      () => new Promise<IncomingMessage>((resolve) => get(url, resolve)),
    ]
    for (const ask of asked) {
      const tokens = await all(handler.intoStream(await ask()))
      expect([textOf(tokens), endings(tokens)]).toEqual(['abc', ['upstream_truncated']])
    }
  })

  it('as streams of Node, whose reader may leave while they stand still', async () => {
    const still = new Readable({ read() {} })
    still.push(cutStream('a'))
    const tokens = handler.intoStream(still)[Symbol.asyncIterator]()
    await tokens.next()
    await tokens.next()
    await tokens.next()
    const waiting = tokens.next()
    await tokens.return?.()
    expect((await waiting).done).toBe(true)
    expect(still.destroyed).toBe(true)
  })
})
