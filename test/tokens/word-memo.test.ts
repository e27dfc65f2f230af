import { expect, it } from 'vitest'
import { WordMemo } from '../../src/tokens/bpe/word-memo.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

it('two words of one hash and one length are not taken for each other', () => {
  const memo = new WordMemo()
  memo.put(bytes('--first--'), 2, 7, 99, 3)
  expect(memo.get(bytes('second'), 0, 5, 99)).toBe(0)
  expect(memo.get(bytes('firs'), 0, 4, 99)).toBe(0)
  expect(memo.get(bytes('first'), 0, 5, 98)).toBe(0)
  expect(memo.get(bytes('a first'), 2, 7, 99)).toBe(3)
})

it('a few words of one hash stand beside each other, and more push the older out', () => {
  const memo = new WordMemo()
  const words = ['one11', 'two22', 'three', 'four4', 'five5', 'six66'].map(bytes)
  for (const [i, word] of words.entries()) memo.put(word, 0, 5, 7, i + 1)
  expect(words.map((word) => memo.get(word, 0, 5, 7))).toEqual([0, 0, 3, 4, 5, 6])
})

it('a long word is not kept, and does no harm to its neighbours', () => {
  const memo = new WordMemo()
  memo.put(bytes('neighbour'), 0, 9, 4, 2)
  memo.put(bytes('x'.repeat(97)), 0, 97, 5, 40)
  memo.put(bytes('y'.repeat(96)), 0, 96, 6, 40)
  expect(memo.get(bytes('x'.repeat(97)), 0, 97, 5)).toBe(0)
  expect(memo.get(bytes('y'.repeat(96)), 0, 96, 6)).toBe(40)
  expect(memo.get(bytes('neighbour'), 0, 9, 4)).toBe(2)
})
