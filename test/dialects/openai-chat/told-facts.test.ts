import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ToldFacts } from '../../../src/dialects/openai-chat/told-facts.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'

const known = new Set(['id', 'choices'])
const values = fc.constantFrom(null, 'a', 'b', 1, true, {}, { a: 1 }, { a: 2 }, ['x'])
const chunks = fc.array(
  fc.array(fc.tuple(fc.constantFrom('id', 'choices', 'tier', 'print', 'filters'), values), { maxLength: 5 }),
  { maxLength: 12 },
)

it('a fact is told when it is new and when it changes, whatever stands around it and in which order', () => {
  fc.assert(
    fc.property(chunks, (all) => {
      const facts = new ToldFacts(known)
      const told = new Map<string, string>()
      for (const entries of all) {
        const chunk: JsonObject = Object.fromEntries(entries)
        const expected: JsonObject = {}
        for (const [key, value] of Object.entries(chunk)) {
          const text = JSON.stringify(value)
          if (known.has(key) || value === null || text === '{}' || told.get(key) === text) continue
          told.set(key, text)
          expected[key] = value
        }
        expect(facts.news(chunk) ?? {}).toEqual(expected)
      }
    }),
    { numRuns: 1000 },
  )
})
