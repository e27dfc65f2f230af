/** The middle value: one disturbed round does not move it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Runs every candidate once a round, every second round from the last to the first, so that what disturbs the machine
 * for a while disturbs all of them alike.
 *
 * @returns what each candidate gave, by name, in the order of the rounds
 */
export async function interleave<Result>(
  rounds: number,
  candidates: Readonly<Record<string, () => Result | Promise<Result>>>,
): Promise<Record<string, Result[]>> {
  const names = Object.keys(candidates)
  const results: Record<string, Result[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name]!.push(await candidates[name]!())
  }
  return results
}

/**
 * Measures synchronous work that is repeated until it takes about `ms`: the number of repetitions is found while it
 * warms up, for each candidate of its own. It counts the processor time of this process, its garbage collector
 * included: what else runs on the machine takes none of that.
 *
 * @returns the median of the rounds, in nanoseconds for one run
 */
export async function timed(
  rounds: number,
  work: Readonly<Record<string, () => void>>,
  ms = 8,
): Promise<Record<string, number>> {
  const ready = Object.entries(work).map(([name, run]) => [name, { run, repeat: repetitions(run, ms) }] as const)
  const results = await interleave(
    rounds,
    Object.fromEntries(ready.map(([name, { run, repeat }]) => [name, () => spent(run, repeat) / repeat])),
  )
  return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, median(values)]))
}

function repetitions(run: () => void, ms: number): number {
  let repeat = 1
  while (spent(run, repeat) < ms * 1e6 && repeat < 1 << 20) repeat *= 2
  // Once more, now that the code is optimised.
  return Math.max(1, Math.round((repeat * ms * 1e6) / spent(run, repeat)))
}

/** Nanoseconds of processor time. */
function spent(run: () => void, repeat: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < repeat; i++) run()
  const { user, system } = process.cpuUsage(before)
  return Math.max(1, user + system) * 1000
}
