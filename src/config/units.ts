const perDuration = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const perSize = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const

/** What a duration looks like in the configuration. */
export const durationPattern = `^\\d+(\\.\\d+)?(${Object.keys(perDuration).join('|')})$`
/** What a size looks like in the configuration. */
export const sizePattern = `^\\d+(\\.\\d+)?(${Object.keys(perSize).join('|')})$`

/** A timer of Node fires at once when it is asked to wait for longer than this. About 24 days. */
export const longestMs = 2 ** 31 - 1
/** A text in Node holds half a gigabyte at most, and whole bodies become texts. */
export const largestBytes = 500 * 1024 ** 2

/** `"10s"` or `10000` as milliseconds. Expects what the schema has let through. */
export function toMs(value: string | number): number {
  return read(value, durationPattern, perDuration)
}

/** `"32MiB"` or `33554432` as bytes. Expects what the schema has let through. */
export function toBytes(value: string | number): number {
  return read(value, sizePattern, perSize)
}

function read(value: string | number, pattern: string, units: Record<string, number>): number {
  if (typeof value === 'number') return value
  const unit = new RegExp(pattern).exec(value)?.[2] ?? ''
  return Math.round(Number.parseFloat(value) * (units[unit] ?? Number.NaN))
}
