import { once } from 'node:events'
import { get } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, chunk, cut, readAll } from './http1-reading.ts'
import { pause, send, startRaw, startTransport } from './upstream.ts'

const name = fc.stringMatching(/^x-[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const value = fc.stringMatching(/^([\x21-\x7e\xa1-\xff]([\x20-\x7e\xa1-\xff]{0,20}[\x21-\x7e\xa1-\xff])?)?$/)
const headers = fc.array(fc.tuple(name, value), { maxLength: 6 })
const text = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
})
const pieces = fc.array(
  text.filter((piece) => piece !== ''),
  { maxLength: 12 },
)
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b c"')
const before = fc.constantFrom(
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n',
)

/** An answer as servers may write it. */
const answer = fc
  .record({
    before,
    status: fc.constantFrom(200, 200, 201, 400, 404, 429, 500, 529, 204, 304),
    headers,
    pieces,
    extension,
    trailers: headers,
    framing: fc.constantFrom('length', 'chunked', 'close'),
  })
  .map(({ before, status, headers, pieces, extension, trailers, framing }) => {
    const lines = (list: typeof headers): string => list.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const head = `${before}HTTP/1.1 ${status} Some Words\r\n${lines(headers)}`
    const body = pieces.join('')
    if (status === 204 || status === 304) return `${head}\r\n`
    if (framing === 'close') return `${head}\r\n${body}`
    if (framing === 'length') return `${head}content-length: ${body.length}\r\n\r\n${body}`
    const chunks = pieces.map((piece) => chunk(piece, extension)).join('')
    return `${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n${lines(trailers)}\r\n`
  })

const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 })

/** What Node's own client makes of the answer to a request. */
async function nodeReads(url: string) {
  const [response] = await once(get(url, { agent: false }), 'response')
  const body: Buffer[] = []
  response.on('data', (piece: Buffer) => body.push(piece))
  await once(response, 'end')
  // It drops some repeated headers; the raw ones are all there.
  const headers: Record<string, string> = {}
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    const name = response.rawHeaders[i].toLowerCase()
    const value = response.rawHeaders[i + 1]
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return { status: response.statusCode, headers, body: Buffer.concat(body).toString('latin1') }
}

describe('answers at random', () => {
  it('are read as Node reads them, in any cut', async () => {
    let reads: Uint8Array[] = []
    let ends = false
    const upstream = await startRaw(async (socket) => {
      const last = ends
      for (const read of reads) {
        socket.write(read)
        await pause(0)
      }
      if (last) socket.end()
    })
    const transport = startTransport()
    await fc.assert(
      fc.asyncProperty(answer, cuts, async (text, lengths) => {
        reads = [...cut(bytesOf(text), lengths)]
        ends = readAll(reads).endsWithConnection
        const told = send(transport, { url: upstream.url })
        const body: Buffer[] = []
        told.onBytes = (bytes) => body.push(Buffer.from(bytes))
        const [theirs] = await Promise.all([nodeReads(upstream.url), told.over])
        expect(told.log.at(-1)).toBe('end')
        const ours = { ...told.head, headers: { ...told.head?.headers } }
        expect({ ...ours, body: Buffer.concat(body).toString('latin1') }).toEqual(theirs)
      }),
      { numRuns: 150 },
    )
  })

  it('with anything changed in them are read alike in any cut, or refused alike', () => {
    const change = fc.record({
      at: fc.nat(),
      drop: fc.integer({ min: 0, max: 5 }),
      put: fc.oneof(text, fc.constantFrom('\r', '\n', '\r\n', '\r\n\r\n', '0', ':', ' ', ';', '\0', 'f'.repeat(17))),
    })
    fc.assert(
      fc.property(answer, fc.array(change, { minLength: 1, maxLength: 4 }), cuts, (text, changes, lengths) => {
        let changed = text
        for (const { at, drop, put } of changes) {
          const place = at % (changed.length + 1)
          changed = changed.slice(0, place) + put + changed.slice(place + drop)
        }
        const bytes = bytesOf(changed)
        // Several things may be wrong at once, and which of them is seen first depends on the cut.
        const read = (reads: Iterable<Uint8Array>) => {
          const { error, ...rest } = readAll(reads)
          return { ...rest, refused: error !== undefined }
        }
        const whole = read([bytes])
        expect(read(cut(bytes, lengths))).toEqual(whole)
        expect(read(cut(bytes, Array(bytes.length).fill(1)))).toEqual(whole)
      }),
      { numRuns: 1000 },
    )
  })

  it('that are garbage on a socket come to one end, and the next request has an answer', async () => {
    let garbage = ''
    const upstream = await startRaw((socket, asked) => {
      if (asked.startsWith('GET /good')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      else socket.end(bytesOf(garbage))
    })
    const transport = startTransport()
    const bytes = fc.oneof(
      text,
      text.map((rest) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${rest}`),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (written) => {
        garbage = written
        const told = await send(transport, { url: upstream.url }).over
        const ends = told.log.filter((entry) => /^(end|error)/.test(entry)).length
        expect(ends).toBe(1)
        expect((await send(transport, { url: `${upstream.url}/good` }).over).text).toBe('ok')
        expect(told.log.filter((entry) => /^(end|error)/.test(entry))).toHaveLength(1)
      }),
      { numRuns: 100 },
    )
  })
})

describe('long streams', () => {
  const tokens = Array.from({ length: 100_000 }, (_, i) => `data: ${i}\n\n`)
  const long = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${tokens.map((one) => chunk(one)).join('')}0\r\n\r\n`

  it('of a hundred thousand chunks are whole, in any cut', () => {
    const bytes = bytesOf(long)
    const whole = tokens.join('')
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 20_000 }), fc.integer({ min: 1, max: 97 }), (largest, step) => {
        let n = 0
        const lengths = (function* () {
          for (;;) yield 1 + ((n++ * step * 7919) % largest)
        })()
        const read = readAll(cut(bytes, lengths))
        expect([read.done, read.error, read.body === whole]).toEqual([true, undefined, true])
      }),
      { numRuns: 5 },
    )
  })

  it('of a hundred thousand chunks come whole over a socket', async () => {
    const upstream = await startRaw((socket) => socket.write(bytesOf(long)))
    const told = send(startTransport(), { url: upstream.url })
    const body: Buffer[] = []
    told.onBytes = (bytes) => body.push(Buffer.from(bytes))
    await told.over
    expect(Buffer.concat(body).toString() === tokens.join('')).toBe(true)
    expect(told.log.at(-1)).toBe('end')
  })
})
