import type { Effort } from '../tokens/index.ts'

const steps: ReadonlyArray<[number, Effort]> = [
  [0, 'none'],
  [512, 'minimal'],
  [1024, 'low'],
  [8192, 'medium'],
  [24_576, 'high'],
]

/** The step for a budget of so many tokens. A negative one leaves the amount to the model. */
export function effortOf(budget: number): Effort {
  if (budget < 0) return 'medium'
  return steps.find(([most]) => budget <= most)?.[1] ?? 'xhigh'
}
