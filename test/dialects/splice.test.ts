import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findValue, setValue } from '../../src/dialects/splice.ts'

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const key = fc.oneof(
  fc.constantFrom('model', 'mod\u0065l', 'stream', '__proto__', '', 'a"b', 'a\\b', 'a\\\\b', '\u2028', '{', 'toString'),
  fc.string({ unit: 'binary', maxLength: 4 }),
)

/** A string as somebody may have written it: any character may stand as an escape. */
const written = (text: string) =>
  fc.infiniteStream(fc.nat(5)).map((stream) => {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
    const body = units.map((unit) => {
      const plain = JSON.stringify(String.fromCharCode(unit)).slice(1, -1)
      return stream.next().value === 0 ? `\\u${unit.toString(16).padStart(4, '0')}` : plain
    })
    return `"${body.join('')}"`
  })
const literal = key.chain(written)

/** The text of any JSON value, oddly spaced, numbers in forms that no engine would write. */
const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1e400', '1E-7', '12345678901234567890', '0.10', '-1.50e+02'),
    literal,
    tie('array'),
    tie('object'),
  ),
  array: fc
    .tuple(fc.array(tie('value'), { maxLength: 3 }), space, space)
    .map(([all, a, b]) => `[${a}${all.join(`${b},${a}`)}${b}]`),
  object: fc
    .tuple(fc.array(fc.tuple(literal, tie('value')), { maxLength: 4 }), space, space)
    .map(([all, a, b]) => `{${a}${all.map(([name, one]) => `${name}${b}:${a}${one}`).join(`${a},${b}`)}${b}}`),
}))
const entry = fc.tuple(literal, value, space, space, space)
const object = fc
  .tuple(fc.array(entry, { maxLength: 6 }), space, space)
  .map(
    ([all, a, b]) =>
      `${a}{${b}${all.map(([name, one, c, d, e]) => `${name}${c}:${d}${one}${e}`).join(`,${a}`)}${b}}${a}`,
  )

describe('changing one field in the text of a JSON object', () => {
  it('finds what JSON.parse finds', () => {
    fc.assert(
      fc.property(object, key, (text, name) => {
        const parsed = JSON.parse(text) as object
        const span = findValue(text, name)
        if (!Object.hasOwn(parsed, name)) expect(span).toBeUndefined()
        else expect(JSON.parse(text.slice(span!.start, span!.end))).toEqual(parsed[name as never])
      }),
      { numRuns: 2000 },
    )
  })

  it('sets that field, leaves every other as it was, and touches no other byte', () => {
    fc.assert(
      fc.property(object, key, value, (text, name, json) => {
        const changed = setValue(text, name, json)
        const wanted = JSON.parse(text) as object
        Object.defineProperty(wanted, name, {
          value: JSON.parse(json),
          enumerable: true,
          configurable: true,
          writable: true,
        })
        expect(JSON.parse(changed)).toEqual(wanted)
        const span = findValue(text, name)
        if (span) {
          expect(changed).toBe(text.slice(0, span.start) + json + text.slice(span.end))
        } else {
          const open = text.indexOf('{') + 1
          expect(changed.startsWith(text.slice(0, open)) && changed.endsWith(text.slice(open))).toBe(true)
        }
        expect(setValue(changed, name, json)).toBe(changed)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['{}', '{"model":"x"}'],
    [' {\n} ', ' {"model":"x"\n} '],
    ['{"a":1}', '{"model":"x","a":1}'],
    ['{"model":null}', '{"model":"x"}'],
    ['{"model" : "a\\"}," , "n":10000000000000001}', '{"model" : "x" , "n":10000000000000001}'],
    ['{"a":{"model":1},"b":["model","model"],"model":2}', '{"a":{"model":1},"b":["model","model"],"model":"x"}'],
    ['{"model":1,"model":2}', '{"model":1,"model":"x"}'],
    ['{"mod\\u0065l":[1,{"model":2}]}', '{"mod\\u0065l":"x"}'],
    ['{"a":"\\\\","model":-1.50e+02}', '{"a":"\\\\","model":"x"}'],
    ['{"s":"\\"model\\":","model":true\t}', '{"s":"\\"model\\":","model":"x"\t}'],
  ])('%s', (text, changed) => {
    expect(setValue(text, 'model', '"x"')).toBe(changed)
  })

  it('costs a walk over the text, however long its strings and however deep its values', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000)
    const text = `{"q":"${'\\\\\\"'.repeat(500_000)}","d":${deep},"model":"a"}`
    const since = performance.now()
    expect(setValue(text, 'model', '"x"').endsWith(',"model":"x"}')).toBe(true)
    expect(performance.now() - since).toBeLessThan(1000)
  })
})
