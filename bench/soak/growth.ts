import { digits, table } from '../table.ts'
import type { Sample } from './gateway.ts'

/** What is left behind by cycles of `size` streams each: the first half warms up, the slope of the second is shown. */
export function growth(samples: readonly Sample[], size: number): string[] {
  const rows = samples.map((one, i) => [
    String(i),
    mib(one.heap),
    mib(one.external),
    mib(one.rss),
    String(one.files),
    Object.entries(one.resources)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
  ])
  const late = samples.slice(Math.floor(samples.length / 2))
  const per = (key: 'heap' | 'external' | 'rss' | 'files'): number => slope(late.map((one) => one[key])) / size
  return [
    table(['cycle', 'heap', 'buffers', 'RSS, MiB', 'files', 'resources'], rows),
    '',
    `Slope of the second half, for one stream: heap ${digitsOf(per('heap'))} bytes, buffers ${digitsOf(per('external'))} bytes, RSS ${digitsOf(per('rss'))} bytes, files ${digitsOf(per('files'))}.`,
  ]
}

/** Least squares. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let above = 0
  let below = 0
  for (const [i, value] of values.entries()) {
    above += (i - middle) * (value - mean)
    below += (i - middle) ** 2
  }
  return above / below
}

function digitsOf(value: number): string {
  return (value < 0 ? '-' : '') + digits(Math.abs(value))
}

export function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}
