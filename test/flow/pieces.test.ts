import { expect, it } from 'vitest'
import { Pieces } from '../../src/flow/index.ts'

it.each([
  [1, 300_000, 5800],
  [100, 5000, 5000],
  [65_536, 32, 32],
])('pieces of %i bytes: all of them come out, and few are kept', (size, times, most) => {
  const pieces = new Pieces()
  let kept = 0
  for (let i = 0; i < times; i++) {
    pieces.push(new Uint8Array(size).fill(i % 251))
    kept = Math.max(kept, pieces.count)
  }
  expect(kept).toBeLessThanOrEqual(most)
  expect(pieces.length).toBe(size * times)
  const whole = pieces.whole()
  expect(whole.length).toBe(size * times)
  for (let i = 0; i < times; i++) if (whole[i * size] !== i % 251) throw new Error(`piece ${i} is not in its place`)
  expect(pieces.take()[0]).toBe(whole)
  expect([pieces.length, pieces.whole().length, pieces.take().length]).toEqual([0, 0, 1])
})
