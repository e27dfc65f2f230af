import type { Provider } from '../providers/index.ts'
import { type Check, checksOf } from './conditions.ts'
import { cutGlob, type Glob } from './glob.ts'
import type { Resolved } from './resolved.ts'
import type { Alias, RoutingTable, Rule } from './table.ts'

/** A table made ready for questions, so that a thousand names cost as much as one. */
export interface TableIndex {
  /** By name, without wildcards. */
  aliases: ReadonlyMap<string, Alias>
  /** With wildcards, those with a slash in the name apart: they stand above `provider/model`. */
  slashed: readonly WildcardAlias[]
  wild: readonly WildcardAlias[]
  /** By name; of two of one name the first counts. */
  providers: ReadonlyMap<string, Provider>
  /** The models that a provider lists, where it lists any. */
  serves: ReadonlyMap<Provider, ReadonlySet<string>>
  /** By model: the first provider that lists it. */
  listing: ReadonlyMap<string, Provider>
  /** Providers that take any name, with the patterns of those that are their own. */
  open: ReadonlyArray<{ provider: Provider; patterns: readonly Glob[] }>
  rules: readonly IndexedRule[]
  /** What aliases and the rules lead to, found when it is first asked for. */
  resolved: Map<Alias | string | readonly string[], Resolved>
}

export interface WildcardAlias {
  alias: Alias
  glob: Glob
}

export interface IndexedRule {
  rule: Rule
  checks: readonly Check[]
  /** It says which models it is for. */
  namesModels: boolean
}

const known = new WeakMap<RoutingTable, TableIndex>()

export function indexOf(table: RoutingTable): TableIndex {
  let index = known.get(table)
  if (!index) {
    index = makeIndex(table)
    known.set(table, index)
  }
  return index
}

function makeIndex({ aliases, providers, rules = [] }: RoutingTable): TableIndex {
  const exact = new Map<string, Alias>()
  const wildcards: WildcardAlias[] = []
  for (const alias of aliases) {
    if (alias.name.includes('*')) wildcards.push({ alias, glob: cutGlob(alias.name) })
    else if (!exact.has(alias.name)) exact.set(alias.name, alias)
  }
  const byName = new Map<string, Provider>()
  const serves = new Map<Provider, ReadonlySet<string>>()
  const listing = new Map<string, Provider>()
  const open: Array<{ provider: Provider; patterns: Glob[] }> = []
  for (const provider of providers) {
    if (!byName.has(provider.name)) byName.set(provider.name, provider)
    if (provider.models === undefined) {
      open.push({ provider, patterns: provider.patterns.map(cutGlob) })
      continue
    }
    serves.set(provider, new Set(provider.models))
    for (const model of provider.models) if (!listing.has(model)) listing.set(model, provider)
  }
  return {
    aliases: exact,
    slashed: wildcards.filter(({ alias }) => alias.name.includes('/')),
    wild: wildcards.filter(({ alias }) => !alias.name.includes('/')),
    providers: byName,
    serves,
    listing,
    open,
    rules: rules.map((rule) => ({ rule, checks: checksOf(rule.when), namesModels: rule.when.models !== undefined })),
    resolved: new Map(),
  }
}
