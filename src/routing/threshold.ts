import { usualThreshold } from './situations.ts'
import type { RoutingTable } from './table.ts'

const known = new WeakMap<RoutingTable, readonly number[]>()

/** The sizes of prompts, in tokens, at which a decision of this table turns. */
export function tokenThresholds(table: RoutingTable): readonly number[] {
  let thresholds = known.get(table)
  if (!thresholds) {
    const { rules = [], situations } = table
    thresholds = [
      ...rules.flatMap(({ when }) => [when.inputTokensOver, when.inputTokensUnder]),
      situations?.longContext === undefined ? undefined : (situations.longContextThreshold ?? usualThreshold),
    ].filter((one) => one !== undefined)
    known.set(table, thresholds)
  }
  return thresholds
}

/** Whether a guess that is wrong by so many times could lie on the other side of one of these. */
export function undecided(guess: number, times: number, thresholds: readonly number[]): boolean {
  return thresholds.some((threshold) => guess < threshold * times && guess > threshold / times)
}
