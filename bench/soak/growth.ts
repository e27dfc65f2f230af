import { median } from '../rounds.ts'
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
  const per = (key: 'heap' | 'external' | 'rss' | 'files'): number => step(late.map((one) => one[key])) / size
  const page = table(['cycle', 'heap', 'buffers', 'RSS, MiB', 'files', 'resources'], rows)
  const said = `heap ${signed(per('heap'))} bytes, buffers ${signed(per('external'))} bytes, RSS ${signed(per('rss'))} bytes, files ${signed(per('files'))}`
  // Fewer cycles show only how caches fill.
  if (samples.length > 12 && (per('heap') > leak || per('files') > 0)) {
    throw new Error(`something is left behind, for each stream: ${said}\n${page}`)
  }
  return [page, '', `Growth over the second half, for one stream: ${said}.`]
}

/** In bytes: an object with a few fields, or a closure or two, for each stream. */
const leak = 200

/** The usual step from one value to the next. The one big step down when compiled code is dropped does not count. */
function step(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : median(values.slice(1).map((value, i) => value - values[i]!))
}

function signed(value: number): string {
  return (value < 0 ? '-' : '') + digits(Math.abs(value))
}

export function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}
