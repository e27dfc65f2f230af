import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodes, SluiceError } from '../../src/errors/index.ts'
import { type SseEvent, SseParser, type SseParserOptions } from '../../src/sse/index.ts'
import { bytes, standardCases } from './case-table.ts'
import { webPlatformCases } from './web-platform-cases.ts'

function read(pieces: readonly Uint8Array[], options?: SseParserOptions) {
  const parser = new SseParser(options)
  const events: SseEvent[] = []
  const emit = (event: SseEvent): void => {
    events.push(event)
  }
  for (const piece of pieces) parser.push(piece, emit)
  parser.end(emit)
  return { events: events.map(({ event, data, id }) => ({ event, data, id })), retry: parser.retry }
}

/** Every way to cut the input once, then by each size, each byte alone included. */
function cuttings(input: Uint8Array): Uint8Array[][] {
  const once = Array.from({ length: input.length + 1 }, (_, at) => [input.subarray(0, at), input.subarray(at)])
  const even = Array.from({ length: input.length }, (_, i) => pieces(input, i + 1))
  return [...once, ...even]
}

function pieces(input: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(input.length / size) }, (_, i) => input.subarray(i * size, (i + 1) * size))
}

const oneByte = (input: Uint8Array): string => Array.from(input, (byte) => String.fromCharCode(byte)).join('')

/** For long inputs: every way to cut once, and even pieces of some sizes. */
function someCuttings(input: Uint8Array): Uint8Array[][] {
  const once = Array.from({ length: input.length + 1 }, (_, at) => [input.subarray(0, at), input.subarray(at)])
  return [...once, ...[1, 2, 3, 5, 7, 11, 64, 1000].map((size) => pieces(input, size))]
}

const sizes = (cutting: Uint8Array[]): string => `in pieces of ${cutting.map(({ length }) => length).join(', ')} bytes`

/** Every way to cut the input twice. */
function twice(input: Uint8Array): Uint8Array[][] {
  const places = Array.from({ length: input.length + 1 }, (_, at) => at)
  return places.flatMap((to) =>
    places.slice(0, to).map((at) => [input.subarray(0, at), input.subarray(at, to), input.subarray(to)]),
  )
}

describe('what the standard says, however the bytes are cut', () => {
  it.each([...standardCases, ...webPlatformCases])('$name', ({ input, events, retry }) => {
    const whole = typeof input === 'string' ? bytes(input) : input
    const expected = JSON.stringify({ events: events.map((one) => ({ event: 'message', id: '', ...one })), retry })
    // Compared as text: with thousands of cuttings `toEqual` takes minutes.
    const given = (cutting: Uint8Array[]): string => {
      const { events, retry } = read(cutting)
      return JSON.stringify({ events: events.map(({ event, id, data }) => ({ event, id, data })), retry })
    }
    const once = whole.length > 1000 ? someCuttings(whole) : cuttings(whole)
    for (const cutting of once) if (given(cutting) !== expected) expect(given(cutting), sizes(cutting)).toBe(expected)
    if (whole.length > 120) return
    for (const cutting of twice(whole)) {
      if (given(cutting) !== expected) expect(given(cutting), sizes(cutting)).toBe(expected)
    }
  })

  it('large chunks give what small ones give', () => {
    const input = bytes(
      standardCases
        .map((one) => (typeof one.input === 'string' ? `${one.input}\n\n` : ''))
        .join('')
        .repeat(20),
    )
    const expected = read(pieces(input, 7)).events
    expect(expected.length).toBeGreaterThan(1000)
    for (const size of [1, 290, 4096, 4097, 6000, 20_000, input.length])
      expect(read(pieces(input, size)).events).toEqual(expected)
  })

  it('a reader that comes back names the id of the last block that was closed', () => {
    const parser = new SseParser()
    const at = (text: string): string => {
      parser.push(bytes(text), () => {})
      return parser.lastEventId
    }
    expect([at('id: 1\n'), at('data: a\n\n'), at('id: 2\n'), at('\n'), at('id: 3\ndata: b')]).toEqual([
      '',
      '1',
      '1',
      '2',
      '2',
    ])
  })

  it('a CR ends an event at once, without waiting for the LF that may follow', () => {
    const parser = new SseParser()
    const seen: string[] = []
    parser.push(bytes('data: a\r\n\r'), ({ data }) => seen.push(data))
    expect(seen).toEqual(['a'])
  })
})

describe('a last event without its blank line', () => {
  it.each([
    ['data: a', 'a'],
    ['data: a\n', 'a'],
    ['data: a\r', 'a'],
    ['data: a\r\n', 'a'],
    ['data: x\n\ndata: a\ndata: b', 'a\nb'],
    ['\ufeffdata: a', 'a'],
    ['data: é', 'é'],
  ])('%j is given with flushTail, and dropped without', (input, data) => {
    for (const cutting of cuttings(bytes(input))) {
      expect(read(cutting, { flushTail: true }).events.at(-1)).toEqual({ event: 'message', data, id: '' })
      expect(read(cutting).events.some((event) => event.data === data)).toBe(false)
    }
  })

  it('is not given twice when it was whole', () => {
    expect(read([bytes('event: x\ndata: a\n\n')], { flushTail: true }).events).toHaveLength(1)
    expect(read([bytes('event: x\n')], { flushTail: true }).events).toHaveLength(0)
  })
})

describe('the size of an event', () => {
  const line = 'data: 123456789\n'
  const tooLarge = expect.objectContaining({ code: 'event_too_large' })

  it('is measured from one blank line to the next, however the bytes are cut', () => {
    const fits = bytes(`${line}\n`.repeat(12))
    for (const cutting of cuttings(fits)) expect(read(cutting, { maxEventBytes: 16 }).events).toHaveLength(12)
  })

  it('is said in an error that every copy of sluice knows, with what its code means', () => {
    let thrown: unknown
    try {
      read([bytes('data: 12345678901')], { maxEventBytes: 16 })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(SluiceError)
    const { status, kind, retry } = errorCodes.event_too_large
    expect(thrown).toMatchObject({ name: 'SluiceError', code: 'event_too_large', status, kind, retry })
    expect(String(thrown)).toContain('larger than 16 bytes (17 so far)')
  })

  it.each([
    ['a long line', 'data: 12345678901'],
    ['a long line with its end', 'data: 12345678901\n\n'],
    ['many short lines', 'data: 1\ndata: 2\ndata: 3\n\n'],
    ['fields without end', 'x\nid\nx\nid\nx\nid\nx\nid\n'],
    ['one comment without end', ':1234567890123456'],
    ['lines that end in CRLF', 'data: 1\r\ndata: 2\r\ndata: 3\r\n\r\n'],
    ['comments without end', ':\n:\n:\n:\n:\n:\n:\n:\n:\n'],
    ['a type and its data', 'event: abc\ndata: a\n\n'],
  ])('%s past the limit stops the reading', (_, input) => {
    for (const cutting of cuttings(bytes(`${line}\n${input}`))) {
      expect(() => read(cutting, { maxEventBytes: 16 })).toThrow(tooLarge)
    }
  })
})

describe('cost', () => {
  // Counted, not timed: how many bytes are decoded, for a line that comes in very many pieces.
  it('every byte of a long line in small pieces is decoded once', () => {
    let decoded = 0
    const decode = (input: Uint8Array): string => {
      decoded += input.length
      return oneByte(input)
    }
    const input = bytes(`data: ${'x'.repeat(200_000)}\n\n`)
    const { events } = read(pieces(input, 10), { decode })
    expect(events[0]!.data).toHaveLength(200_000)
    expect(decoded).toBe(input.length)
  })

  it('every byte of a stream is decoded once, in large and small chunks', () => {
    const input = bytes('event: x\ndata: some text\n\n'.repeat(2000))
    for (const size of [1, 17, 1448, 5000, 65_536]) {
      let decoded = 0
      const { events } = read(pieces(input, size), {
        decode(part) {
          decoded += part.length
          return oneByte(part)
        },
      })
      expect(events).toHaveLength(2000)
      expect(decoded).toBe(input.length)
    }
  })

  it('a chunk is looked at by its reader alone: what is kept of it is a copy', () => {
    const parser = new SseParser()
    const shared = bytes('data: torn li')
    const seen: string[] = []
    parser.push(shared, ({ data }) => seen.push(data))
    shared.fill(0x21)
    parser.push(bytes('ne\n\n'), ({ data }) => seen.push(data))
    expect(seen).toEqual(['torn line'])
  })
})

describe('positions for those who pass the bytes on', () => {
  const text = fc.stringMatching(/^[a-z:é流 ]{0,6}$/)
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
  const block = fc
    .record({
      lines: fc.array(fc.tuple(fc.constantFrom('data: ', 'data:', 'event: ', ': ', 'id: ', 'x'), text), {
        maxLength: 3,
      }),
      end: lineEnd,
    })
    .map(({ lines, end }) => lines.map(([name, value]) => name + value + end).join('') + end)
  const stream = fc.record({
    bom: fc.boolean(),
    blocks: fc.array(block, { maxLength: 6 }),
    cuts: fc.array(fc.nat(120), { maxLength: 8 }),
  })

  it('end is where the event ends, border where the last blank line does, and the two never part an event', () => {
    fc.assert(
      fc.property(stream, ({ bom, blocks, cuts }) => {
        const input = bytes((bom ? '\ufeff' : '') + blocks.join(''))
        const parser = new SseParser({ decode: oneByte })
        const ends = new Set<number>()
        const borders = new Set<number>()
        let from = 0
        for (const to of [...cuts.filter((at) => at < input.length).sort((x, y) => x - y), input.length]) {
          const chunk = input.slice(from, to)
          let before = 0
          parser.push(chunk, ({ end }) => {
            expect(end).toBeGreaterThan(before)
            expect(end).toBeLessThanOrEqual(chunk.length)
            before = end
            ends.add(from + end)
          })
          expect(parser.border).toBeGreaterThanOrEqual(before)
          expect(parser.border).toBeLessThanOrEqual(chunk.length)
          if (parser.border > 0) borders.add(from + parser.border)
          from = to
        }
        // Read anew from the start to any of these places, the events are whole: none is pending.
        const whole = read([input], { decode: oneByte }).events
        for (const place of [...ends, ...borders]) {
          const head = read([input.subarray(0, place)], { decode: oneByte }).events
          expect(read([input.subarray(0, place)], { decode: oneByte, flushTail: true }).events).toEqual(head)
          expect(whole.slice(0, head.length)).toEqual(head)
        }
        expect(ends.size).toBe(whole.length)
      }),
      { numRuns: 400 },
    )
  })

  it.each([
    ['data: a\n\ndata: b\n\n', [9, 18]],
    ['event: x\ndata: a\n\n: hi\n\n', [18]],
    ['\ufeffdata: é\n\n', [13]],
    ['data: a\r\n\r\ndata: b\r\r', [11, 20]],
  ])('%j in one chunk', (input, ends) => {
    const parser = new SseParser({ decode: oneByte })
    const seen: number[] = []
    const chunk = bytes(input)
    parser.push(chunk, ({ end }) => seen.push(end))
    expect(seen).toEqual(ends)
    expect(parser.border).toBe(chunk.length)
  })

  it('a chunk without a blank line has no border, and neither has the end', () => {
    const parser = new SseParser({ decode: oneByte, flushTail: true })
    parser.push(bytes('data: a\n\n'), () => {})
    expect(parser.border).toBe(9)
    parser.push(bytes('data: b\nda'), () => {})
    expect(parser.border).toBe(0)
    parser.end(() => {})
    expect(parser.border).toBe(0)
  })
})
