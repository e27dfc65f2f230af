import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NdjsonParser, writeNdjson } from '../../src/framing/index.ts'
import { cutAt, cuttings, encode, pieces, read } from './read.ts'

const cases: Array<{ name: string; input: string | Uint8Array; data: string[]; error?: string }> = [
  { name: 'lines end in LF', input: '{"a":1}\n{"a":2}\n', data: ['{"a":1}', '{"a":2}'] },
  { name: 'lines end in CR LF', input: '{"a":1}\r\n{"a":2}\r\n', data: ['{"a":1}', '{"a":2}'] },
  { name: 'a CR alone ends nothing', input: '[1,\r2]\n', data: ['[1,\r2]'] },
  { name: 'blank lines are no events', input: '\n\r\n  \n\t\r\n1\n\n\n2\n \n', data: ['1', '2'] },
  { name: 'a byte order mark at the start', input: '\ufeff{"a":1}\n{"a":2}\n', data: ['{"a":1}', '{"a":2}'] },
  { name: 'a byte order mark and nothing else', input: '\ufeff', data: [] },
  { name: 'a byte order mark later is text', input: '1\n\ufeff2\n', data: ['1', '\ufeff2'] },
  { name: 'characters of several bytes', input: '"é流😀"\n"\u2028\u0085"\n', data: ['"é流😀"', '"\u2028\u0085"'] },
  { name: 'what is not UTF-8', input: Uint8Array.of(0x22, 0xff, 0x22, 0x0a), data: ['"\ufffd"'] },
  { name: 'nothing', input: '', data: [] },
  { name: 'a last line without its end', input: '{"a":1}\n{"a":2}', data: ['{"a":1}', '{"a":2}'] },
  { name: 'a last line that ends in CR', input: '{"a":1}\r', data: ['{"a":1}\r'] },
  { name: 'a last line alone, with a byte order mark', input: '\ufeff{"a":1}', data: ['{"a":1}'] },
  { name: 'a last line that is cut off', input: '1\n{"a":', data: ['1'], error: 'upstream_truncated' },
  { name: 'a last number may be cut off', input: '{}\n12', data: ['{}'], error: 'upstream_truncated' },
  {
    name: 'a last line that is cut inside a character',
    input: encode('1\n"é').subarray(0, 4),
    data: ['1'],
    error: 'upstream_truncated',
  },
  { name: 'blanks at the end', input: '{"a":1}\n \t', data: ['{"a":1}'] },
]

const data = (parser: NdjsonParser, input: readonly Uint8Array[]) => {
  const { events, error } = read(parser, input)
  return { data: events.map((event) => event.data), error }
}

describe('NDJSON, however the bytes are cut', () => {
  it.each(cases)('$name', ({ input, data: wanted, error }) => {
    const whole = typeof input === 'string' ? encode(input) : input
    for (const cutting of cuttings(whole)) {
      expect(data(new NdjsonParser(), cutting)).toEqual({ data: wanted, error })
    }
  })

  it('events are named as unnamed server-sent events are', () => {
    expect(read(new NdjsonParser(), [encode('1\n')]).events).toEqual([{ event: 'message', data: '1', id: '', end: 2 }])
  })

  it('large chunks give what small ones give', () => {
    const input = encode(Array.from({ length: 3000 }, (_, i) => `{"n":${i},"text":"流 ${i}"}\n`).join(''))
    const wanted = data(new NdjsonParser(), pieces(input, 7))
    expect(wanted.data).toHaveLength(3000)
    for (const size of [1, 1448, 4096, 4097, 20_000, input.length]) {
      expect(data(new NdjsonParser(), pieces(input, size))).toEqual(wanted)
    }
  })

  it.each<[string, string | undefined]>([
    ['1234567\r\n12345678\n', undefined],
    ['"1234567"\n', 'event_too_large'],
    ['1\n"12345678', 'event_too_large'],
    ['"1234567', 'upstream_truncated'],
  ])('of lines with at most 8 bytes, %j', (input, error) => {
    for (const cutting of cuttings(encode(input))) {
      expect(read(new NdjsonParser({ maxEventBytes: 8 }), cutting).error).toBe(error)
    }
  })

  it('a line without end is refused while it comes', () => {
    const parser = new NdjsonParser({ maxEventBytes: 8 })
    parser.push(encode('12345678'), () => {})
    expect(() => parser.push(encode('9'), () => {})).toThrow(expect.objectContaining({ code: 'event_too_large' }))
  })

  it('every byte is decoded once', () => {
    const input = encode(`"${'x'.repeat(100_000)}"\n{"a":1}\n`.repeat(2))
    for (const size of [10, 1448, 65_536]) {
      let decoded = 0
      const decode = (bytes: Uint8Array): string => {
        decoded += bytes.length
        return new TextDecoder().decode(bytes)
      }
      expect(read(new NdjsonParser({ decode }), pieces(input, size)).events).toHaveLength(4)
      expect(decoded).toBe(input.length)
    }
  })
})

describe('positions for those who pass the bytes on', () => {
  it('end and border are behind the line ends', () => {
    const oneByte = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
    const input = encode('\ufeff"é"\r\n\n"b"\n')
    const ends = [9, 14]
    for (let at = 0; at <= input.length; at++) {
      const parser = new NdjsonParser({ decode: oneByte })
      const seen: number[] = []
      parser.push(input.subarray(0, at), ({ end }) => seen.push(end))
      expect(parser.border).toBe(Math.max(0, ...[9, 10, 14].filter((border) => border <= at)))
      parser.push(input.subarray(at), ({ end }) => seen.push(at + end))
      expect(seen).toEqual(ends)
    }
  })
})

describe('writing', () => {
  it.each([
    ['{"a":1}', '{"a":1}\n'],
    ['[1,\n2]', '[1, 2]\n'],
    ['[1,\r2]', '[1, 2]\n'],
    ['"\\n"', '"\\n"\n'],
  ])('%j', (json, line) => expect(writeNdjson(json)).toBe(line))

  it('a text never becomes two lines, and is read again as the same value', () => {
    const json = fc
      .tuple(fc.jsonValue(), fc.constantFrom(0, 2, '\r\n'))
      .map(([value, indent]) => JSON.stringify(value, null, indent).replace(/\n/g, '\r\n'))
    fc.assert(
      fc.property(fc.array(json, { maxLength: 6 }), fc.array(fc.nat(200), { maxLength: 6 }), (texts, places) => {
        const lines = encode(texts.map(writeNdjson).join(''))
        const { data: seen, error } = data(new NdjsonParser(), cutAt(lines, places))
        expect(error).toBeUndefined()
        expect(seen.map((one) => JSON.parse(one))).toEqual(texts.map((text) => JSON.parse(text)))
      }),
    )
  })

  it('cut off anywhere, what is read is the beginning of what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.nat(), (values, cut) => {
        const texts = values.map((value) => JSON.stringify(value))
        const lines = encode(texts.map(writeNdjson).join(''))
        const { data: seen } = data(new NdjsonParser(), [lines.subarray(0, cut % (lines.length + 1))])
        expect(seen).toEqual(texts.slice(0, seen.length))
      }),
    )
  })
})
