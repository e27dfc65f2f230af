import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callId } from '../../src/dialects/call-id.ts'

const rules = [
  { max: 64, allowed: /^[a-zA-Z0-9_-]+$/ },
  { max: 40, allowed: /^[\x21-\x7e]+$/ },
]
const legal = fc.stringMatching(/^[a-zA-Z0-9_-]{1,40}$/)

describe('callId', () => {
  it('a legal id stays, any other becomes a legal one', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), legal),
        fc.constantFrom(...rules),
        (id, rule) => {
          const mapped = callId(id, rule)
          expect(mapped.length).toBeLessThanOrEqual(rule.max)
          expect(mapped).toMatch(rule.allowed)
          if (id.length <= rule.max && rule.allowed.test(id)) expect(mapped).toBe(id)
          // The call and its result are mapped in turns that know nothing of each other, the result perhaps twice.
          expect(callId(id, rule)).toBe(mapped)
          expect(callId(mapped, rule)).toBe(mapped)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('an id of the greatest length stays, a longer one does not', () => {
    for (const rule of rules) {
      expect(callId('x'.repeat(rule.max), rule)).toBe('x'.repeat(rule.max))
      expect(callId('x'.repeat(rule.max + 1), rule)).toMatch(/^call_/)
    }
  })

  it('ids stay apart from each other', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `call ${i}`)
    expect(new Set(ids.map((id) => callId(id, rules[0]!))).size).toBe(ids.length)
    expect(callId('functions.weather:0', rules[0]!)).not.toBe(callId('functions.weather:1', rules[0]!))
  })

  it('is the same tomorrow and on the next machine', () => {
    expect(callId('functions.weather:0', rules[0]!)).toBe('call_3pl64uyth86yu1ylrn4d')
    expect(callId('', rules[0]!)).toMatch(/^call_[a-z0-9]{20}$/)
  })
})
