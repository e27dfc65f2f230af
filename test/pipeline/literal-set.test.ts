import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LiteralScan } from '../../src/pipeline/transformers/text/literal-scan.ts'
import { LiteralSet } from '../../src/pipeline/transformers/text/literal-set.ts'
import type { Match } from '../../src/pipeline/transformers/text/scan.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 })
const sets = fc.array(letters, { minLength: 1, maxLength: 5 })
const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 6 }), { maxLength: 8 })

describe('LiteralSet', () => {
  it('finds what a search from each place in turn finds: the first, and of those the longest', () => {
    fc.assert(
      fc.property(sets, texts, (literals, pieces) => {
        const text = pieces.join('')
        const expected: string[] = []
        for (let from = 0; from < text.length; ) {
          const here = literals.filter((one) => text.startsWith(one, from)).sort((a, b) => b.length - a.length)[0]
          if (here) expected.push(`${from} ${here}`)
          from += here?.length ?? 1
        }
        expect(find(new LiteralSet(literals), pieces)).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('finds the one that ends first, and of those the longest', () => {
    fc.assert(
      fc.property(sets, texts, (literals, pieces) => {
        const text = pieces.join('')
        let first: string | undefined
        for (let to = 1; to <= text.length && !first; to++) {
          const here = literals.filter((one) => text.slice(0, to).endsWith(one)).sort((a, b) => b.length - a.length)[0]
          if (here) first = `${to - here.length} ${here}`
        }
        expect(find(new LiteralSet(literals, { match: 'earliest' }), pieces)[0]).toBe(first)
      }),
      { numRuns: 2000 },
    )
  })

  it('holds exactly what may still become a match', () => {
    fc.assert(
      fc.property(sets, texts, (literals, pieces) => {
        const scan = new LiteralScan(new LiteralSet(literals, { match: 'earliest' }))
        const found: Match[] = []
        let text = ''
        for (const piece of pieces) {
          const decided = scan.read(piece, text.length, { slice: () => '' }, found)
          text += piece
          if (found.length > 0) return
          const held = text.slice(decided)
          const longest = [...text]
            .map((_, i) => text.slice(i))
            .find((end) => literals.some((one) => one.startsWith(end)))
          expect(held).toBe(longest ?? '')
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function find(set: LiteralSet, pieces: readonly string[]): string[] {
  const scan = new LiteralScan(set)
  const found: Match[] = []
  let text = ''
  for (const piece of pieces) {
    // The piece itself need not be seen: a scan is given it.
    scan.read(piece, text.length, { slice: (from, to) => text.slice(from, to) }, found)
    text += piece
  }
  scan.end(text.length, { slice: (from, to) => text.slice(from, to) }, found)
  return found.map(({ from, to }) => `${from} ${text.slice(from, to)}`)
}
