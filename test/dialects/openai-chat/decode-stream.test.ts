import { describe, expect, it } from 'vitest'
import { goldens, tokenLines } from '../../fixtures/goldens.ts'
import { tokensOfBytes } from '../../fixtures/openai-chat/read.ts'

describe.each(goldens('openai-chat'))('the recorded stream $name', (golden) => {
  const whole = tokensOfBytes([golden.bytes])

  it('is the tokens beside it', () => {
    expect(tokenLines(whole)).toEqual(golden.tokens(whole))
  })

  it('is the same whatever the network cuts', () => {
    const lines = tokenLines(whole)
    for (let cut = 1; cut < golden.bytes.length; cut++) {
      const reads = [golden.bytes.subarray(0, cut), golden.bytes.subarray(cut)]
      expect(tokenLines(tokensOfBytes(reads)), `cut at byte ${cut}`).toEqual(lines)
    }
  })
})
