import { describe, expect, it } from 'vitest'
import { FieldRenaming } from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { at, finish, start, through } from './streams.ts'

const metadata = (fields: Record<string, number>): StreamToken => ({ type: 'metadata', dialect: 'd', fields })
const call = (name: string): StreamToken[] => [
  { type: 'tool-call-start', ...at, id: 'c', name, kind: 'function', meta: { d: { old: 1 } } },
  { type: 'tool-call-end', ...at },
]

describe('FieldRenaming', () => {
  it('renames tools and fields, and back', () => {
    const lists = { tools: { lookup_v2: 'lookup' }, metadata: { a: 'b' }, meta: { old: 'new' } }
    const tokens = [start, ...call('lookup_v2'), metadata({ a: 1, c: 2 }), finish()]
    const out = through(new FieldRenaming(lists), tokens)
    expect(out).toMatchObject([{}, { name: 'lookup', meta: { d: { new: 1 } } }, {}, { fields: { b: 1, c: 2 } }, {}])
    expect(through(new FieldRenaming({ ...lists, reverse: true }), out)).toEqual(tokens)
  })

  it('fields may change places, and none is lost to another of the same name', () => {
    const renamed = (names: Record<string, string>, fields: Record<string, number>): unknown =>
      through(new FieldRenaming({ metadata: names }), [start, metadata(fields), finish()])[1]
    expect(renamed({ a: 'b', b: 'a' }, { a: 1, b: 2 })).toMatchObject({ fields: { b: 1, a: 2 } })
    expect(renamed({ a: 'b' }, { a: 1, b: 2 })).toMatchObject({ fields: { a: 1, b: 2 } })
    expect(renamed({ a: 'x', b: 'x' }, { a: 1, b: 2 })).toMatchObject({ fields: { x: 1, b: 2 } })
    expect(renamed({ a: 'b', b: 'c' }, { c: 0, a: 1, b: 2 })).toMatchObject({ fields: { c: 0, a: 1, b: 2 } })
  })

  it('a field named __proto__ is a field', () => {
    const [, token] = through(new FieldRenaming({ metadata: { a: '__proto__' } }), [
      start,
      metadata({ a: 1 }),
      finish(),
    ])
    expect(Object.keys((token as { fields: object }).fields)).toEqual(['__proto__'])
  })

  it('two names that became one cannot be told apart again', () => {
    expect(() => new FieldRenaming({ tools: { a: 'x', b: 'x' }, reverse: true })).toThrow('two names became one')
  })
})
