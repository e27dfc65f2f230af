/**
 * What an upstream is asked to play, written as a model's name: it is the one field that every target hands on. A
 * translating gateway and a plain proxy so get the same stream by the same words.
 */
export interface Plan {
  /** Deltas in the stream. */
  tokens: number
  /** Events in one write. */
  burst: number
  /** Between two writes, in milliseconds; 0: as fast as it goes. */
  everyMs: number
}

export function planName({ tokens, burst, everyMs }: Plan): string {
  return `bench-${tokens}-${burst}-${everyMs}`
}

/** @throws Error for any other name */
export function readPlan(name: string): Plan {
  const found = /^bench-(\d+)-(\d+)-(\d+)$/.exec(name)
  if (!found) throw new Error(`cannot play "${name}": it is no plan`)
  return { tokens: Number(found[1]), burst: Number(found[2]), everyMs: Number(found[3]) }
}
