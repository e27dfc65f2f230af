import { Type } from 'typebox'

/** A length of time: a number is milliseconds, a string has its unit: `150ms`, `2s`, `1m`. */
export const Duration = Type.Union(
  [Type.Number({ minimum: 0 }), Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m)$' })],
  {
    description: 'a time: a number of milliseconds, or text such as "150ms", "2s" or "1m"',
  },
)
export type Duration = number | string

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 }

/** A checked duration in milliseconds; absent is 0. */
export function millis(duration: Duration | undefined): number {
  if (duration === undefined) return 0
  if (typeof duration === 'number') return duration
  const unit = duration.endsWith('ms') ? 'ms' : duration.slice(-1)
  return Number(duration.slice(0, -unit.length)) * (units[unit] ?? 1)
}
