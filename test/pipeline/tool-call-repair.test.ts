import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect } from '../../src/flow/index.ts'
import { ToolCallRepair, TransformerStage } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { describeLaws } from './laws.ts'

const at = { choice: 0, index: 0 }

/** The arguments that come out, when they go in so cut. */
function repaired(pieces: readonly string[], kind: 'function' | 'custom' = 'function', whole = true): string {
  const tokens: StreamToken[] = [
    { type: 'tool-call-start', ...at, id: 'c', name: 't', kind },
    ...pieces.map((text): StreamToken => ({ type: 'tool-call-delta', ...at, arguments: text })),
    ...(whole ? [{ type: 'tool-call-end', ...at } as const] : []),
  ]
  return collect(new TransformerStage(new ToolCallRepair()), tokens)
    .map((token) => (token.type === 'tool-call-delta' ? token.arguments : ''))
    .join('')
}

/** In one piece, and in every piece of one character. */
function both(text: string): string {
  const one = repaired([text])
  expect(repaired([...text])).toBe(one)
  return one
}

describeLaws('tool-call-repair', () => new ToolCallRepair(), { pieces: ['{', '}', ',', ' '] })

describe('arguments that no client could parse', () => {
  it.each([
    ['line breaks in a string', '{"a":"one\ntwo\ttab\u0001"}', '{"a":"one\\ntwo\\ttab\\u0001"}'],
    ['a comma behind the last entry', '{"a":[1,2, ],"b":3,\n}', '{"a":[1,2 ],"b":3\n}'],
    ['words of Python', '{"a": True, "b": [False, None]}', '{"a": true, "b": [false, null]}'],
    ['an escaped apostrophe', '{"a":"it\\\'s"}', '{"a":"it\'s"}'],
    ['a fence', '```json\n{"a":1}\n```\n', '{"a":1}'],
    ['a fence without a language', ' ```{"a":1}```', '{"a":1}'],
    ['JSON in JSON', '"{\\"a\\":\\"b\\\\nc\\"}"', '{"a":"b\\nc"}'],
    ['nothing', '', '{}'],
    ['a byte order mark', '\ufeff{"a":1}', '{"a":1}'],
  ])('%s', (_, text, expected) => {
    expect(both(text)).toBe(expected)
    JSON.parse(expected)
  })

  it('good JSON is not changed by a character, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        (value, indent, cuts) => {
          const text = JSON.stringify(value, null, indent)
          const pieces: string[] = []
          for (let from = 0; from < text.length; ) {
            const to = from + cuts.next().value
            pieces.push(text.slice(from, to))
            from = to
          }
          expect(repaired(pieces)).toBe(text)
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([
    'True story',
    '[1,2,]',
    '{"a": Truely, "b": None1, "c": TruelyTrue, "d": nullTrue, "e": 1True}',
    '{"a":"\\d"}',
    '{"a":"cut off\\',
    '{"a":[1,',
    '{"a": Tr',
    '"only a text"',
    '"cut {\\"a\\"',
    '```json\nno object\n```',
    '```',
    '`{"a":1}`',
    '{"a":1}{"b":2}',
    '{"a":1} and so on, ',
    "{'a': 1}",
    '{}}}',
  ])('what has no one meaning stays as it is: %s', (text) => {
    expect(both(text)).toBe(text)
    expect(repaired([text], 'function', false)).toBe(text)
  })

  it('a call that is cut off gets no end, and a text for a custom tool is left alone', () => {
    expect(repaired([' '], 'function', false)).toBe(' ')
    expect(repaired([], 'function', false)).toBe('')
    expect(repaired(['{"a":True,}'], 'custom')).toBe('{"a":True,}')
  })

  it('long arguments take time in proportion', () => {
    const text = `{"a":"${'x,\\n"'.replace('"', '').repeat(200_000)}"}`
    expect(repaired([text])).toBe(text)
    const commas = `{"a":[${'1 , '.repeat(20_000)}1]}`
    expect(repaired([commas])).toBe(commas)
    expect(repaired([...commas])).toBe(commas)
    for (const begin of ['', '{"a":1,', '```', '```{"a":1}']) {
      const blank = begin + ' '.repeat(100_000)
      // The fence has gone by when it turns out that nothing closes it.
      expect(repaired([...blank])).toBe(blank.replace(/^```(?=\{)/, ''))
    }
  })
})
