import { expect, it } from 'vitest'
import { sample } from '../../../src/providers/scripted/sample.ts'
import type { Json } from '../../../src/tokens/index.ts'

it.each<[Json, Json]>([
  [{ type: 'string' }, 'some value'],
  [{ type: 'string', format: 'date' }, '2026-01-15'],
  [{ type: 'string', minLength: 14 }, 'some value....'],
  [{ type: 'string', maxLength: 4 }, 'some'],
  [{ enum: ['a', 'b'] }, 'a'],
  [{ const: 7 }, 7],
  [{ type: 'string', default: 'd', examples: ['e'] }, 'd'],
  [{ type: ['null', 'integer'], minimum: 5 }, 5],
  [{ type: 'number', exclusiveMinimum: 2 }, 3],
  [{ type: 'boolean' }, true],
  [{ type: 'array', items: { type: 'integer' }, minItems: 2 }, [1, 1]],
  [{ type: 'object' }, {}],
  [{ properties: { a: { type: 'integer' }, b: {} }, required: ['b'] }, { b: 'some b' }],
  [{ anyOf: [{ type: 'boolean' }, { type: 'string' }] }, true],
  [{ allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] }, { a: 1, b: 2 }],
  [{ $ref: '#/$defs/x', $defs: { x: { const: 'there' } } }, 'there'],
])('a plausible value for %j is %j', (schema, expected) => {
  expect(sample(schema)).toEqual(expected)
})

it('a schema that contains itself comes to an end', () => {
  const schema = { $ref: '#/$defs/n', $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } } }
  expect(JSON.stringify(sample(schema)).length).toBeLessThan(200)
})
