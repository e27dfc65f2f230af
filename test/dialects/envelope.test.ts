import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSealed, seal, unseal } from '../../src/dialects/envelope.ts'
import type { Opaque } from '../../src/tokens/index.ts'

const kinds = ['signature', 'redacted', 'encrypted'] as const
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '.', 'a.b.c', 'slc1.', '%2E', '\ufeffx', '\0', '_', '日本', '=+/'),
)
const name = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom('x.ai', '%2E', 'gpt-5.1', 'é', '__'))

describe('opaque state in an envelope', () => {
  it('comes back as it was, whatever it and its maker are called', () => {
    fc.assert(
      fc.property(name, name, fc.constantFrom(...kinds), text, (vendor, family, kind, value) => {
        fc.pre(vendor !== '_' && family !== '_')
        const opaque: Opaque = { vendor, family, kind, value }
        const sealed = seal(opaque)
        // Safe in a JSON string, a header and an address alike.
        expect(sealed).toMatch(/^slc1\.[\w.~!*'()%-]+$/)
        expect(unseal(sealed)).toEqual(opaque)
      }),
      { numRuns: 500 },
    )
  })

  it('of an unknown maker says so', () => {
    const sealed = seal({ kind: 'redacted', value: 'v' })
    expect(sealed).toBe('slc1._._.r.dg')
    expect(unseal(sealed)).toEqual({ vendor: '', family: '', kind: 'redacted', value: 'v' })
  })

  it('a model name that is no text does not break the stream that names it', () => {
    const sealed = seal({ vendor: 'a', family: '\ud800', kind: 'signature', value: 'v' })
    expect(unseal(sealed)).toEqual({ vendor: 'a', family: '\ufffd', kind: 'signature', value: 'v' })
  })

  it.each([
    '',
    'EqoBCkgIARABGAIiQL',
    'slc2.a.b.s.dg',
    'SLC1.a.b.s.dg',
    ' slc1.a.b.s.dg',
    'slc1.',
    'slc1.a',
    'slc1.a.b.s',
    'slc1..b.s.dg',
    'slc1.a..s.dg',
    'slc1.a.b..dg',
    'slc1.a.b.x.dg',
    'slc1.a.b.signature.dg',
    'slc1.a.b.toString.dg',
    'slc1.a.b.s.dg.dg',
    'slc1.a.b.s.d',
    'slc1.a.b.s.§',
    'slc1.a.b.s._w',
    'slc1.a.b.s.7aCA',
  ])('a native value or a damaged envelope is none: %j', (damaged) => {
    expect(unseal(damaged)).toBeUndefined()
  })

  it('cut or changed anywhere, it never opens to anything but opaque state, and never throws', () => {
    const sealed = seal({ vendor: 'anthropic', family: 'claude', kind: 'signature', value: 'EqoBCkgIARABGAIiQL+/=' })
    fc.assert(
      fc.property(fc.nat(sealed.length), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(4), (at, put, gone) => {
        const found = unseal(sealed.slice(0, at) + put + sealed.slice(at + gone))
        if (found) expect(kinds).toContain(found.kind)
      }),
      { numRuns: 500 },
    )
    expect(isSealed(sealed)).toBe(true)
    expect(isSealed('EqoBCkgIARABGAIiQL')).toBe(false)
  })
})
