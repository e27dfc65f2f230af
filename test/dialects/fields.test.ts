import { describe, expect, it } from 'vitest'
import { array, boolean, number, object, objects, oneOf, string, unknownFields } from '../../src/dialects/fields.ts'
import type { Json, JsonObject } from '../../src/tokens/index.ts'

const wrong: Array<[string, Json]> = [
  ['null', null],
  ['an array', []],
  ['an object', {}],
  ['a string', 'a secret'],
  ['a number', 7],
  ['a boolean', true],
]

describe('reading a field of a client', () => {
  it.each([
    ['a string', string],
    ['a number', number],
    ['true or false', boolean],
    ['an object', object],
    ['an array', array],
  ] as const)('%s: takes its own type, null as absent, and names what it found instead', (wanted, reader) => {
    const optional: (object: JsonObject, key: string, at?: string) => unknown = reader.optional
    const required: typeof optional = reader.required
    let right = 0
    for (const [found, value] of wrong) {
      if (found === (wanted === 'true or false' ? 'a boolean' : wanted)) {
        expect(required({ k: value }, 'k')).toEqual(value)
        right++
      } else if (value === null) {
        expect(optional({ k: value }, 'k')).toBeUndefined()
      } else {
        expect(() => optional({ k: value }, 'k', 'messages[3].')).toThrow(
          expect.objectContaining({
            code: 'invalid_request',
            param: 'messages[3].k',
            message: `cannot read the request: \`messages[3].k\` must be ${wanted}, but it is ${found}`,
          }),
        )
      }
    }
    expect(right).toBe(1)
    for (const none of [{}, { k: null }]) {
      expect(() => required(none, 'k')).toThrow(`\`k\` is missing; it must be ${wanted}`)
    }
  })

  it('objects: an absent list is empty, a wrong entry is named by its place', () => {
    expect(objects({}, 'tools')).toEqual([])
    expect(objects({ tools: [{}, { a: 1 }] }, 'tools')).toEqual([{}, { a: 1 }])
    expect(() => objects({ tools: [{}, 'x'] }, 'tools', 'a.')).toThrow(
      '`a.tools[1]` must be an object, but it is a string',
    )
    expect(() => objects({ tools: [[]] }, 'tools')).toThrow('`tools[0]` must be an object, but it is an array')
  })

  it('oneOf: lists the words, and quotes no more of a wrong one than it takes to see it', () => {
    const words = ['low', 'high'] as const
    expect(oneOf({ effort: 'low' }, 'effort', words)).toBe('low')
    expect(oneOf({ effort: null }, 'effort', words)).toBeUndefined()
    expect(() => oneOf({ effort: 'x'.repeat(500) }, 'effort', words)).toThrow(
      `\`effort\` must be one of low, high, but it is "${'x'.repeat(60)}"`,
    )
    expect(() => oneOf({ effort: 1 }, 'effort', words)).toThrow('must be a string, but it is a number')
  })

  it('unknownFields: keeps what nobody knows, under any name', () => {
    const body = JSON.parse('{"model":"m","user_tag":1,"toString":2,"__proto__":{"polluted":3}}') as JsonObject
    const rest = unknownFields(body, new Set(['model']))
    expect(Object.entries(rest)).toEqual([
      ['user_tag', 1],
      ['toString', 2],
      ['__proto__', { polluted: 3 }],
    ])
    expect(rest.polluted).toBeUndefined()
    expect(unknownFields({ model: 'm' }, new Set(['model']))).toEqual({})
  })
})
