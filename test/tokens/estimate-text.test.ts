import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countText, estimateText } from '../../src/tokens/index.ts'
import { scripts } from './scripts.ts'

describe('estimateText', () => {
  it.each(Object.entries(scripts))('%s: within a fifth of the count', async (_, text) => {
    const ratio = estimateText(text) / (await countText(text))
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.2)
  })

  it('pieces of a stream add up to the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 20 }), (pieces) => {
        const sum = pieces.reduce((tokens, piece) => tokens + estimateText(piece), 0)
        expect(sum).toBeCloseTo(estimateText(pieces.join('')), 6)
      }),
      { numRuns: 40 },
    )
  })

  it('nothing is nothing, and every character is something', () => {
    expect(estimateText('')).toBe(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const tokens = estimateText(text)
        expect(tokens).toBeGreaterThan(0)
        expect(tokens).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
