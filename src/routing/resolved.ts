import type { Strategy } from './table.ts'
import type { Route } from './target.ts'

/** By what a name was followed to its provider. */
export type FoundBy = 'provider' | 'list' | 'only' | 'pattern'

/** One of the targets that a name leads to. */
export interface Candidate {
  route: Route
  weight: number
  /** As the configuration says it. */
  cost?: number
}

/** What a name means. */
export interface Resolved {
  name: string
  by: FoundBy | 'alias' | 'wildcard' | 'targets'
  /** The alias, where it is one. */
  alias?: string
  strategy: Strategy
  /** At least one; none twice. */
  candidates: readonly Candidate[]
}
