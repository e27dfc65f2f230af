export interface BackoffOptions {
  /** The longest wait before the first repetition, in milliseconds; it doubles from one to the next. Default 500. */
  firstMs?: number
  /** The longest of all. Default 8 s. */
  mostMs?: number
  /** From 0 to below 1. Default: `Math.random`. */
  random?: () => number
}

/**
 * How long to wait before the repetition of that number, from 1, in milliseconds. Somewhere in the upper half of the
 * time that doubles from one to the next, so that many who failed together do not come back together. What the
 * provider asks for is waited for in full.
 */
export function backoffMs(
  repetition: number,
  askedMs: number | undefined,
  { firstMs = 500, mostMs = 8000, random = Math.random }: BackoffOptions = {},
): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(repetition - 1, 20))
  const own = ceiling / 2 + (ceiling / 2) * random()
  return Math.max(own, askedMs ?? 0)
}
