import { expect, it } from 'vitest'
import { DripGuard } from '../../src/resilience/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

function guard(leastRate: number) {
  const clock = new FakeClock()
  const state = { pieces: 5, slow: 0 }
  const one = new DripGuard({ clock, leastRate, pieces: () => state.pieces, onSlow: () => state.slow++ })
  return { clock, state, one }
}

it('a stream that drips is given up after ten seconds, once', () => {
  const { clock, state } = guard(2)
  state.pieces += 20
  clock.pass(10_000)
  expect(state.slow).toBe(0)
  state.pieces += 19
  clock.pass(10_000)
  expect(state.slow).toBe(1)
  clock.pass(60_000)
  expect([state.slow, clock.waiting]).toEqual([1, 0])
})

it('a stream is not given up for what its client did not take, nor after its end', () => {
  const { clock, state, one } = guard(1)
  one.excuse()
  clock.pass(10_000)
  expect(state.slow).toBe(0)
  one.stop()
  clock.pass(60_000)
  expect([state.slow, clock.waiting]).toEqual([0, 0])
})
