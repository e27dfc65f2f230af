import type { Resolved } from './resolved.ts'
import type { Selected } from './select.ts'
import type { Strategy } from './table.ts'
import type { Wanted } from './wanted.ts'

/** What each phase decided and why, as plain data that may be shown to anybody who may call. */
export interface Explanation {
  /** Resolve: the name that was asked for. */
  wanted: Wanted
  /** What it means; absent: it leads nowhere by itself. */
  meant?: { by: Resolved['by']; alias?: string; targets: string[] }
  /** Select: what was chosen instead, if anything was, and for what reasons. */
  selected?: Pick<Selected, 'by' | 'rule' | 'called' | 'because'> & { to: string }
  /** Rank: how the targets were put in order. */
  strategy: Strategy
  targets: ExplainedTarget[]
}

/** A target in its place; those that are left out stand behind the others. */
export interface ExplainedTarget {
  /** `provider/model` */
  target: string
  /** Why it stands there, in a few words. */
  because: readonly string[]
  /** It is not asked at all. */
  dropped?: true
}
