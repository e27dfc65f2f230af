import { expect, it } from 'vitest'
import { effortOf } from '../../src/dialects/effort.ts'

it.each([
  [-1, 'medium'],
  [0, 'none'],
  [1, 'minimal'],
  [512, 'minimal'],
  [513, 'low'],
  [1024, 'low'],
  [1025, 'medium'],
  [8192, 'medium'],
  [8193, 'high'],
  [24_576, 'high'],
  [24_577, 'xhigh'],
])('a budget of %i tokens is the step %s', (budget, step) => {
  expect(effortOf(budget)).toBe(step)
})
