import { describe, expect, it } from 'vitest'
import { tokenThresholds, undecided } from '../../src/routing/index.ts'
import { tableOf } from './facts.ts'

describe('the sizes at which a table turns', () => {
  it('are those of its rules and of long prompts, where there is an answer for them', () => {
    const rules = [
      { when: { inputTokensOver: 1000 }, to: 'a/x' },
      { when: { images: true, inputTokensUnder: 9 }, to: 'a/y' },
      { when: { thinking: true }, to: 'a/z' },
    ]
    expect(tokenThresholds(tableOf(['a'], [], { rules, situations: { longContext: 'a/long' } }))).toEqual([
      1000, 9, 60_000,
    ])
    expect(
      tokenThresholds(tableOf(['a'], [], { situations: { longContext: 'a/x', longContextThreshold: 5 } })),
    ).toEqual([5])
    expect(tokenThresholds(tableOf(['a'], [], { situations: { think: 'a/x' } }))).toEqual([])
    expect(tokenThresholds(tableOf(['a']))).toEqual([])
  })

  it.each([
    [249, false],
    [251, true],
    [3999, true],
    [4001, false],
    [24_000, false],
    [26_000, true],
    [450_000, false],
  ])('a guess of %d, four times too small or too large, is undecided: %s', (guess, wanted) => {
    expect(undecided(guess, 4, [1000, 100_000])).toBe(wanted)
  })
})
