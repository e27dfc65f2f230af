import type { RequestFacts } from './facts.ts'
import { resolveTo } from './resolve.ts'
import type { Resolved } from './resolved.ts'
import { situationOf } from './situations.ts'
import type { RoutingTable } from './table.ts'
import { type IndexedRule, indexOf } from './table-index.ts'

/** What was chosen in the place of the name that was asked for. */
export interface Selected {
  by: 'code' | 'rule' | 'situation'
  /** The rule's place, from 1. */
  rule?: number
  /** What the rule or the situation is called. */
  called?: string
  resolved: Resolved
  /** What the request is, as far as it decided. */
  because: readonly string[]
}

export interface Selection {
  selected?: Selected
  /** What went wrong on the way, such as an error of the user's code. */
  warnings: readonly string[]
}

const nothing: Selection = { warnings: [] }

/**
 * The second phase: whether what the request is calls for another name than it asks for. Code is asked first, then the
 * rules in order, then the situations.
 *
 * @param asked what the name leads to by itself, where it leads anywhere
 */
export function select(facts: RequestFacts, table: RoutingTable, asked: Resolved | undefined): Selection {
  const { decide, rules, situations } = table
  if (!decide && !rules?.length && !situations) return nothing
  const warnings: string[] = []
  const explicit = asked?.by === 'provider'
  const selected =
    byCode(facts, table, warnings) ??
    byRule(facts, table, explicit, warnings) ??
    (explicit ? undefined : bySituation(facts, table, asked, warnings))
  return { ...(selected && { selected }), warnings }
}

function byCode(facts: RequestFacts, table: RoutingTable, warnings: string[]): Selected | undefined {
  const { decide } = table
  if (!decide) return undefined
  let name: unknown
  try {
    name = decide(facts)
  } catch (thrown) {
    warnings.push(`the routing code failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return undefined
  }
  if (name === undefined || name === null) return undefined
  if (typeof name !== 'string') {
    if (name instanceof Promise) name.catch(() => {})
    const found = name instanceof Promise ? 'a promise; it must not be async' : `a ${typeof name}`
    warnings.push(`the routing code gave no name but ${found}`)
    return undefined
  }
  // Not kept, as it may give any number of names.
  const resolved = resolveTo(name, table, false)
  if (resolved) return { by: 'code', resolved, because: [] }
  warnings.push(`the routing code gave "${name.slice(0, 100)}", which leads nowhere`)
  return undefined
}

/** A name that says its provider was chosen on purpose: only a rule that speaks of models changes it. */
function byRule(facts: RequestFacts, table: RoutingTable, explicit: boolean, warnings: string[]): Selected | undefined {
  const { rules } = indexOf(table)
  for (const [i, indexed] of rules.entries()) {
    if ((explicit && !indexed.namesModels) || !holds(indexed, facts)) continue
    const { rule, checks } = indexed
    const resolved = resolveTo(rule.to, table)
    if (resolved) {
      return {
        by: 'rule',
        rule: i + 1,
        ...(rule.name !== undefined && { called: rule.name }),
        resolved,
        because: checks.map((check) => check.says(facts)),
      }
    }
    warnings.push(`rule ${i + 1} leads nowhere`)
  }
  return undefined
}

function holds({ checks }: IndexedRule, facts: RequestFacts): boolean {
  for (const check of checks) if (!check.holds(facts)) return false
  return true
}

function bySituation(
  facts: RequestFacts,
  table: RoutingTable,
  asked: Resolved | undefined,
  warnings: string[],
): Selected | undefined {
  const { situations } = table
  if (!situations) return undefined
  const found = situationOf(facts, situations)
  const usual = situations.default
  // Who has given a name a meaning does not want it to mean something else.
  const named = asked?.by === 'alias' || asked?.by === 'wildcard'
  const { name, to, because } =
    found ?? (usual === undefined || named ? noSituation : { name: 'default', to: usual, because: 'nothing else' })
  if (to === undefined) return undefined
  const resolved = resolveTo(to, table)
  if (resolved) return { by: 'situation', called: name, resolved, because: [because] }
  warnings.push(`${name} leads nowhere`)
  return undefined
}

const noSituation = { name: '', to: undefined, because: '' }
