import { BackpressureController, type BackpressureOptions, MemoryBudget } from '../../src/pipeline/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

/** A controller of small numbers on a clock that stands still, and what it has told. */
export function controlling(options: BackpressureOptions = {}) {
  const clock = new FakeClock()
  const budget = options.budget ?? new MemoryBudget()
  const told: string[] = []
  const control = new BackpressureController({
    floor: 1000,
    ceiling: 16_000,
    clock,
    budget,
    onPause: () => told.push('pause'),
    onResume: () => told.push('resume'),
    ...options,
  })
  return { control, clock, budget, told }
}

/** Lets what was settled be heard of. */
export async function later(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}
