import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HeldBytes } from '../../src/flow/index.ts'

it('what is taken is what was pushed, in pieces of any size, also after much was held', () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(3000), fc.nat(100_000), fc.constantFrom(32_767, 32_768, 65_536)), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), (rounds) => {
      const held = new HeldBytes()
      for (const [round, pieces] of rounds.entries()) {
        const wanted: number[] = []
        for (const [n, size] of pieces.entries()) {
          const piece = new Uint8Array(size).map((_, at) => at * 7 + n + round)
          for (const byte of piece) wanted.push(byte)
          held.push(piece)
          piece.fill(0)
          expect(held.length).toBe(wanted.length)
        }
        const taken = held.take()
        expect(taken.length).toBe(wanted.length)
        expect(taken.every((byte, at) => byte === wanted[at])).toBe(true)
        expect(held.length).toBe(0)
      }
    }),
    { numRuns: 60 },
  )
})

it('what is cleared is gone', () => {
  const held = new HeldBytes()
  for (let i = 0; i < 100; i++) held.push(new Uint8Array(2000).fill(1))
  held.clear()
  held.push(Uint8Array.of(2))
  expect([...held.take()]).toEqual([2])
})
