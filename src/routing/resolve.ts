import { SluiceError } from '../errors/index.ts'
import { findExplicit, findRoute } from './find-route.ts'
import { captureGlob } from './glob.ts'
import { nearNames } from './near-names.ts'
import type { Candidate, Resolved } from './resolved.ts'
import type { Alias, RoutingTable } from './table.ts'
import { indexOf, type WildcardAlias } from './table-index.ts'
import type { Route } from './target.ts'

/**
 * What a model name means, and of several targets the first. An alias comes first; then `provider/model`, split at the
 * first slash; then an alias with a wildcard that fits; then a bare name goes to the provider that lists it, to the only
 * provider, or to the one whose patterns it fits.
 *
 * @throws SluiceError `unknown_model`, naming what comes near
 */
export function resolve(name: string, table: RoutingTable): Route {
  const first = resolveName(name, table)?.candidates[0]
  if (first) return first.route
  throw unknownModel(name, table)
}

/** The same with all its targets; undefined: it leads nowhere. */
export function resolveName(name: string, table: RoutingTable): Resolved | undefined {
  if (name === '') return undefined
  const index = indexOf(table)
  const alias = index.aliases.get(name)
  if (alias) return resolveAlias(alias, table)
  const above = resolveWildcard(name, index.slashed, table)
  if (above) return above
  // A pattern without a slash is meant for bare names, and a long one is not told from `provider/model` by itself.
  const explicit = findExplicit(name, index)
  const wild = explicit ? undefined : resolveWildcard(name, index.wild, table)
  if (wild) return wild
  const found = explicit ? ({ route: explicit, by: 'provider' } as const) : findRoute(name, table)
  return found && { name, by: found.by, strategy: 'in-order', candidates: [{ route: found.route, weight: 1 }] }
}

/**
 * What a rule leads to: a name, or targets in order. What stands in the configuration is the same for every request, so it
 * is found only once; `keep` is false for names from elsewhere, of which there may be any number.
 */
export function resolveTo(to: string | readonly string[], table: RoutingTable, keep = true): Resolved | undefined {
  const { resolved } = indexOf(table)
  const known = resolved.get(to)
  if (known) return known
  const made = typeof to === 'string' ? resolveName(to, table) : resolveTargets(to, table)
  if (made && keep) resolved.set(to, made)
  return made
}

function resolveTargets(targets: readonly string[], table: RoutingTable): Resolved | undefined {
  return withTargets({ name: targets.join(', '), by: 'targets', strategy: 'in-order' }, { targets }, table)
}

function resolveAlias(alias: Alias, table: RoutingTable): Resolved | undefined {
  const { resolved } = indexOf(table)
  const known = resolved.get(alias)
  if (known) return known
  const { name, strategy = 'in-order' } = alias
  const targets = alias.targets.map((target) => target.replaceAll('{model}', () => name))
  const made = withTargets({ name, by: 'alias', alias: name, strategy }, { ...alias, targets }, table)
  if (made) resolved.set(alias, made)
  return made
}

function resolveWildcard(name: string, wildcards: readonly WildcardAlias[], table: RoutingTable): Resolved | undefined {
  for (const { alias, glob } of wildcards) {
    const captures = captureGlob(glob, name)
    if (!captures) continue
    const targets = alias.targets.map((target) => fill(target, captures, name))
    const { strategy = 'in-order' } = alias
    return withTargets({ name, by: 'wildcard', alias: alias.name, strategy }, { ...alias, targets }, table)
  }
  return undefined
}

/** Puts in what the wildcards stood for. Where a target has more of them than the name, the last capture stands again. */
function fill(target: string, captures: readonly string[], name: string): string {
  let next = 0
  return target.replaceAll(/\*|\{model\}/g, (mark) => {
    if (mark !== '*') return name
    return captures[Math.min(next++, captures.length - 1)] ?? ''
  })
}

/** Targets that lead nowhere are left out. */
function withTargets(
  head: Omit<Resolved, 'candidates'>,
  { targets, weights, costs }: { targets: readonly string[]; weights?: number[]; costs?: number[] },
  table: RoutingTable,
): Resolved | undefined {
  const candidates: Candidate[] = []
  for (const [i, target] of targets.entries()) {
    const route = findRoute(target, table)?.route
    if (!route || candidates.some((one) => sameRoute(one.route, route))) continue
    const cost = costs?.[i]
    candidates.push({ route, weight: weights?.[i] ?? 1, ...(cost !== undefined && { cost }) })
  }
  return candidates.length > 0 ? { ...head, candidates } : undefined
}

export function sameRoute(a: Route, b: Route): boolean {
  return a.provider === b.provider && a.model === b.model
}

/** The refusal of a name that leads nowhere. */
export function unknownModel(name: string, table: RoutingTable): SluiceError {
  const alias = indexOf(table).aliases.get(name)
  const why = alias && `its target "${alias.targets[0]}" leads nowhere`
  const near = nearNames(name, modelNames(table))
  const providers = table.providers.map((one) => one.name).join(', ')
  const advice =
    near.length > 0
      ? `near names are ${near.map((one) => `"${one}"`).join(', ')}`
      : `use \`provider/model\` with one of the providers ${providers || '(none)'}`
  return new SluiceError(
    'unknown_model',
    `cannot find the model "${name.slice(0, 200)}"${why ? `: ${why}` : ''}; ${advice}`,
    {
      param: 'model',
    },
  )
}

/** Every name that is known to work: aliases first, then what providers list. Patterns are no names. */
export function modelNames({ aliases, providers }: RoutingTable): string[] {
  return [
    ...aliases.filter(({ name }) => !name.includes('*')).map((alias) => alias.name),
    ...providers.flatMap((provider) => (provider.models ?? []).map((model) => `${provider.name}/${model}`)),
  ]
}
