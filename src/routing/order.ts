import type { LiveFacts, RequestFacts } from './facts.ts'
import { suits } from './rendezvous.ts'
import type { Candidate } from './resolved.ts'
import type { Strategy } from './table.ts'

/** A target with what gave it its place. */
export interface Placed {
  candidate: Candidate
  /** In a few words; nothing where it just stands there. */
  measure?: string
}

interface Measured extends Placed {
  /** Less comes first; equals stay in order. */
  at: number
}

/** One request in so many looks at another target than the quickest, as what nobody asks nobody knows to be quick. */
const looksElsewhere = 20

/** The targets in the order of a strategy. */
export function order(
  candidates: readonly Candidate[],
  strategy: Strategy,
  facts: RequestFacts,
  live: LiveFacts,
): Placed[] {
  switch (strategy) {
    case 'in-order':
      return candidates.map((candidate) => ({ candidate }))
    case 'weighted':
      return sorted(candidates, (candidate) => ({
        candidate,
        measure: `weight ${candidate.weight}`,
        at: drawn(candidate.weight, live.random()),
      }))
    case 'latency':
      return byLatency(candidates, live)
    case 'cost':
      return sorted(candidates, (candidate) => {
        const cost = live.cost(candidate.route) ?? candidate.cost
        return cost === undefined
          ? { candidate, measure: 'of unknown cost', at: Number.POSITIVE_INFINITY }
          : { candidate, measure: `costs ${cost}`, at: cost }
      })
    case 'least-busy':
      return sorted(candidates, (candidate) => {
        const running = live.running(candidate.route)
        return { candidate, measure: `${running} running`, at: running }
      })
    case 'sticky': {
      const session = facts.session()
      if (session === undefined) return candidates.map((candidate) => ({ candidate, measure: 'no session' }))
      return sorted(candidates, (candidate) => ({
        candidate,
        at: suits(session, `${candidate.route.provider.name}/${candidate.route.model}`, candidate.weight),
      }))
    }
  }
}

/** Those of which nothing is known come first: so it gets known. */
function byLatency(candidates: readonly Candidate[], live: LiveFacts): Placed[] {
  const placed = sorted(candidates, (candidate) => {
    const firstMs = live.firstMs(candidate.route)
    return firstMs === undefined
      ? { candidate, measure: 'not measured yet', at: -1 }
      : { candidate, measure: `${Math.round(firstMs)} ms`, at: firstMs }
  })
  const drawn = live.random() * looksElsewhere
  if (drawn >= 1 || placed.length < 2) return placed
  const [chosen] = placed.splice(1 + Math.floor(drawn * (placed.length - 1)), 1)
  return chosen ? [{ ...chosen, measure: `${chosen.measure}, looked at again` }, ...placed] : placed
}

function sorted(candidates: readonly Candidate[], measure: (candidate: Candidate) => Measured): Placed[] {
  // Infinite differences are no numbers, so they are compared and not subtracted.
  return candidates.map(measure).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/**
 * A number by which a draw without putting back is a sort: the chance to come first is a target's share of all weights, and
 * so it goes on among the rest (Efraimidis and Spirakis, 2006).
 */
function drawn(weight: number, random: number): number {
  return weight <= 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - random) / weight
}
