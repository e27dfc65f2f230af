import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonArrayParser, JsonArrayWriter } from '../../src/framing/index.ts'
import { cutAt, cuttings, encode, pieces, read } from './read.ts'

const broken = 'upstream_protocol'
const cut = 'upstream_truncated'

const cases: Array<[input: string, data: string[], error?: string]> = [
  ['[]', []],
  [' \r\n\t[ \n] \n', []],
  ['[{"a":1},\r\n{"a":2}]', ['{"a":1}', '{"a":2}']],
  ['[{"a":1}\n,\n{"a":2}\n]\n', ['{"a":1}', '{"a":2}']],
  ['\ufeff[{"a":1}]', ['{"a":1}']],
  ['[{"a":"}],{[\\"]\\\\"}]', ['{"a":"}],{[\\"]\\\\"}']],
  ['["a\\\\","\\"b\\"","\\u005c"]', ['"a\\\\"', '"\\"b\\""', '"\\u005c"']],
  ['[[],[[{}]],{"a":{"b":[1]}}]', ['[]', '[[{}]]', '{"a":{"b":[1]}}']],
  ['[1,-2.5e+3 ,true,false\n,null,""]', ['1', '-2.5e+3', 'true', 'false', 'null', '""']],
  ['["é流😀\u2028",{"é":"]"}]', ['"é流😀\u2028"', '{"é":"]"}']],
  // A provider that answers with an error sends one object in place of the array.
  [' {"error":{"code":429}}\n', ['{"error":{"code":429}}']],
  ['', [], cut],
  [' \n', [], cut],
  ['\ufeff', [], cut],
  ['[', [], cut],
  ['[{"a":1}', ['{"a":1}'], cut],
  ['[{"a":1},', ['{"a":1}'], cut],
  ['[{"a":1},{"a":"]', ['{"a":1}'], cut],
  ['[12', [], cut],
  ['{"a":1', [], cut],
  ['x', [], broken],
  ['"text"', [], broken],
  ['12', [], broken],
  ['data: {}\n\n', [], broken],
  ['<html>', [], broken],
  ['\ufeff\ufeff[]', [], broken],
  ['[1]]', ['1'], broken],
  ['[1] [2]', ['1'], broken],
  ['{"a":1},', ['{"a":1}'], broken],
  ['{"a":1}\n{"a":2}', ['{"a":1}'], broken],
  ['[,1]', [], broken],
  ['[1,]', ['1'], broken],
  ['[1 2]', ['1'], broken],
  ['["a""b"]', ['"a"'], broken],
  ['[}]', [], broken],
  ['[tru]', [], broken],
  ['[nullx]', [], broken],
  ['[01,2]', [], broken],
  ['[1,-,2]', ['1'], broken],
  ['[1}]', [], broken],
  ['[NaN]', [], broken],
  ['[{]', [], broken],
  ['[[}]', [], broken],
]

const data = (input: readonly Uint8Array[], options = {}) => {
  const { events, error } = read(new JsonArrayParser(options), input)
  return { data: events.map((event) => event.data), error }
}

describe('a JSON array, however the bytes are cut', () => {
  it.each(cases)('%j', (input, wanted, error) => {
    for (const cutting of cuttings(encode(input))) expect(data(cutting)).toEqual({ data: wanted, error })
  })

  it('what is not UTF-8 inside a text becomes U+FFFD, elsewhere it is an error', () => {
    const inside = Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d)
    for (const cutting of cuttings(inside)) expect(data(cutting)).toEqual({ data: ['"\ufffd"'], error: undefined })
    for (const garbage of [[0xff], [0xef, 0x20], [0xef, 0xbb, 0x5b], [0x5b, 0x00], [0x5b, 0xbf]]) {
      for (const cutting of cuttings(Uint8Array.from(garbage)))
        expect(data(cutting)).toEqual({ data: [], error: broken })
    }
  })

  it('an element is there as soon as its last byte is', () => {
    const parser = new JsonArrayParser()
    const seen: string[] = []
    const push = (text: string): string[] => {
      parser.push(encode(text), (event) => seen.push(event.data))
      return seen.splice(0)
    }
    expect(push('[{"a":')).toEqual([])
    expect(push('1}')).toEqual(['{"a":1}'])
    expect(push(',"b')).toEqual([])
    expect(push('"')).toEqual(['"b"'])
    // The end of a number is known only by what follows it.
    expect(push(',1')).toEqual([])
    expect(push('2,')).toEqual(['12'])
  })

  it('what broke stays broken, also at the end', () => {
    const parser = new JsonArrayParser()
    const error = expect.objectContaining({ code: broken })
    expect(() => parser.push(encode('[x'), () => {})).toThrow(error)
    expect(() => parser.push(encode('[1]'), () => expect.unreachable())).toThrow(error)
    expect(() => parser.end(() => {})).toThrow(error)
  })

  it.each(['["12345678"]', '[{"a":"123"}]', '[[[[[[[]]]]]]]', '[1234567890]'])(
    '%s: an element past the limit stops the reading',
    (input) => {
      for (const cutting of cuttings(encode(input))) {
        expect(data(cutting, { maxEventBytes: 9 })).toEqual({ data: [], error: 'event_too_large' })
        expect(data(cutting, { maxEventBytes: 14 }).error).toBeUndefined()
      }
      const unfinished = encode(input.slice(0, 11))
      for (const cutting of cuttings(unfinished))
        expect(data(cutting, { maxEventBytes: 9 }).error).toBe('event_too_large')
    },
  )

  it('white space between elements counts for none', () => {
    const input = encode(`[1,${' '.repeat(100)}2${'\n'.repeat(100)}]`)
    expect(data(pieces(input, 3), { maxEventBytes: 2 })).toEqual({ data: ['1', '2'], error: undefined })
  })

  it('end and border are where the element ends, in bytes', () => {
    const input = encode('["é", {"a":1}]')
    for (let at = 0; at <= input.length; at++) {
      const parser = new JsonArrayParser()
      const ends: number[] = []
      parser.push(input.subarray(0, at), ({ end }) => ends.push(end))
      parser.push(input.subarray(at), ({ end }) => ends.push(at + end))
      expect(ends).toEqual([5, 14])
      expect(parser.border).toBe(at === input.length ? 0 : input.length - at)
    }
  })
})

describe('laws', () => {
  const values = fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 6 })
  const places = fc.array(fc.nat(300), { maxLength: 8 })

  it('what is written is read again, and is JSON as a whole', () => {
    fc.assert(
      fc.property(values, places, fc.constantFrom(0, 2), (list, at, indent) => {
        const texts = list.map((value) => JSON.stringify(value, null, indent))
        const writer = new JsonArrayWriter()
        const text = texts.map((one) => writer.write(one)).join('') + writer.end()
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(list)))
        expect(data(cutAt(encode(text), at))).toEqual({ data: texts, error: undefined })
      }),
    )
  })

  it('any array that JSON.stringify can write is read as it was written', () => {
    fc.assert(
      fc.property(values, places, fc.constantFrom(0, 1, '\t'), (list, at, indent) => {
        const { data: seen, error } = data(cutAt(encode(JSON.stringify(list, null, indent)), at))
        expect(error).toBeUndefined()
        expect(seen.map((one) => JSON.parse(one))).toEqual(JSON.parse(JSON.stringify(list)))
      }),
    )
  })

  it('cut off anywhere, what is read is the beginning of what was written, and an error says so', () => {
    fc.assert(
      fc.property(values, fc.nat(), (list, at) => {
        const input = encode(JSON.stringify(list))
        const { data: seen, error } = data([input.subarray(0, at % input.length)])
        expect(error).toBe(cut)
        expect(seen).toEqual(list.slice(0, seen.length).map((value) => JSON.stringify(value)))
      }),
    )
  })

  it('garbage gives the same events and the same error at any cut', () => {
    const soup = fc
      .array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '1', 'null', ' ', 'é', ':', '\ufeff', '[{"a":"b"},'))
      .map((parts) => encode(parts.join('')))
    fc.assert(
      fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 60 })), places, (input, at) => {
        expect(data(cutAt(input, at))).toEqual(data([input]))
      }),
      { numRuns: 1000 },
    )
  })
})
