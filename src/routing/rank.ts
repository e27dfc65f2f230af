import type { LiveFacts, RequestFacts } from './facts.ts'
import { lacks, tooLong } from './lacks.ts'
import { order, type Placed } from './order.ts'
import type { Resolved } from './resolved.ts'
import type { Strategy } from './table.ts'
import type { Route } from './target.ts'

/** A target in its place. */
interface RankedTarget {
  route: Route
  /** Why it stands there, in a few words. */
  because: readonly string[]
  /** It is not asked at all. */
  dropped?: true
}

export interface Ranked {
  strategy: Strategy
  /** Who is asked. */
  routes: readonly Route[]
  /** In order, those behind that are dropped; at least one is not. */
  targets: readonly RankedTarget[]
}

/**
 * The third phase: in which order targets are asked. Those that lack what the request needs are left out, unless all do;
 * those that would have to read too much come behind the others, and those that are not well behind these. One is always
 * left: its provider's own words are a better answer than none.
 */
export function rank({ candidates, strategy }: Resolved, facts: RequestFacts, live: LiveFacts): Ranked {
  const [only] = candidates
  if (only && candidates.length === 1) {
    return { strategy, routes: [only.route], targets: [{ route: only.route, because: nothing }] }
  }
  const groups: [well: RankedTarget[], long: RankedTarget[], ill: RankedTarget[]] = [[], [], []]
  const lacking: RankedTarget[] = []
  for (const placed of order(candidates, strategy, facts, live)) {
    const { candidate } = placed
    const lack = lacks(candidate, facts, live)
    if (lack !== undefined) {
      lacking.push(target(placed, lack))
      continue
    }
    const long = tooLong(candidate, facts, live)
    const ill = live.healthy(candidate.route) ? undefined : 'not well'
    groups[ill === undefined ? (long === undefined ? 0 : 1) : 2].push(target(placed, long, ill))
  }
  const fit = groups.flat()
  const asked = fit.length > 0 ? fit : lacking
  const dropped = fit.length > 0 ? lacking.map((one) => ({ ...one, dropped: true as const })) : []
  return { strategy, routes: asked.map(({ route }) => route), targets: [...asked, ...dropped] }
}

const nothing: readonly string[] = []

function target({ candidate, measure }: Placed, ...reasons: Array<string | undefined>): RankedTarget {
  return {
    route: candidate.route,
    because: [measure, ...reasons].filter((reason) => reason !== undefined),
  }
}
