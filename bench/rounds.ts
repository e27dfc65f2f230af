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
 * Times synchronous work that is repeated until it takes about `ms`: the number of repetitions is found while it warms
 * up, for each candidate of its own.
 *
 * @returns the median of the rounds, in nanoseconds for one run
 */
export async function timed(
  rounds: number,
  work: Readonly<Record<string, () => void>>,
  ms = 25,
): Promise<Record<string, number>> {
  const ready = Object.entries(work).map(([name, run]) => {
    let runs = 0
    const from = performance.now()
    while (performance.now() - from < ms * 2) {
      run()
      runs++
    }
    return [name, { run, repeat: Math.max(1, Math.round(runs / 2)) }] as const
  })
  const results = await interleave(
    rounds,
    Object.fromEntries(
      ready.map(([name, { run, repeat }]) => [
        name,
        () => {
          const from = performance.now()
          for (let i = 0; i < repeat; i++) run()
          return ((performance.now() - from) * 1e6) / repeat
        },
      ]),
    ),
  )
  return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, median(values)]))
}
