import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PairMerger } from '../../src/tokens/bpe/pair-merger.ts'
import { RankIndex } from '../../src/tokens/bpe/rank-index.ts'

/** Ranks in which nearly everything can be merged, so that what stands to the right changes what is merged to the left. */
const ranks = ['a', 'b', 'c', 'bc', 'aa', 'ab', 'ca', 'bcab', 'aab', 'aaa', 'abab', 'cab', 'aaaa', 'ba', 'cc', 'ccaaab']
const index = new RankIndex(ranks)

/** By the definition, without any haste. */
function plainly(word: string): number {
  const parts = [...word]
  for (;;) {
    const joint = parts.slice(1).map((part, i) => ranks.indexOf(parts[i]! + part))
    const known = joint.filter((rank) => rank >= 0)
    if (known.length === 0) return parts.length
    const at = joint.indexOf(Math.min(...known))
    parts.splice(at, 2, parts[at]! + parts[at + 1]!)
  }
}

const word = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength })
const count = (merger: PairMerger, text: string): number => {
  const bytes = new TextEncoder().encode(`cc${text}cc`)
  return merger.count(bytes, 2, bytes.length - 2)
}

it('a word falls into the tokens that the definition gives, whatever surrounds it', () => {
  const merger = new PairMerger(index)
  fc.assert(
    fc.property(word(96), (text) => {
      expect(count(merger, text)).toBe(plainly(text))
    }),
    { numRuns: 1000 },
  )
})

it('so does a long word, in one window or in many', () => {
  const mergers = [100, 131, 400, 100_000].map((window) => new PairMerger(index, window))
  fc.assert(
    fc.property(word(1500), fc.nat(), (text, times) => {
      const long = text.length < 97 ? text.repeat(Math.ceil((97 + (times % 400)) / text.length)) : text
      expect(mergers.map((merger) => count(merger, long))).toEqual(Array(4).fill(plainly(long)))
    }),
    { numRuns: 200 },
  )
})

it('a window that is too small for what reaches across it grows until it is not', () => {
  // The only token over two bytes needs the last byte of the word, so no seam holds before.
  const chain = Array.from({ length: 120 }, (_, i) => `${'x'.repeat(i + 1)}y`)
  const chained = new RankIndex(['x', 'y', ...chain])
  for (const window of [4, 50, 1000]) {
    const merger = new PairMerger(chained, window)
    const bytes = new TextEncoder().encode(`${'x'.repeat(400)}y`)
    expect(merger.count(bytes, 0, bytes.length)).toBe(400 - 120 + 1)
  }
})
