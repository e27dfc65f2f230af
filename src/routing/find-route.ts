import { fitsGlob } from './glob.ts'
import type { FoundBy } from './resolved.ts'
import type { RoutingTable } from './table.ts'
import { indexOf, type TableIndex } from './table-index.ts'
import type { Route } from './target.ts'

interface Found {
  route: Route
  by: FoundBy
}

/** Where a name leads that is no alias. */
export function findRoute(name: string, table: RoutingTable): Found | undefined {
  const index = indexOf(table)
  const explicit = findExplicit(name, index)
  if (explicit) return { route: explicit, by: 'provider' }
  const listing = index.listing.get(name)
  if (listing) return { route: { provider: listing, model: name }, by: 'list' }
  const [only] = index.open
  if (only && table.providers.length === 1) return { route: { provider: only.provider, model: name }, by: 'only' }
  for (const { provider, patterns } of index.open) {
    for (const pattern of patterns) {
      if (fitsGlob(pattern, name)) return { route: { provider, model: name }, by: 'pattern' }
    }
  }
  return undefined
}

/** `provider/model`, split at the first slash; or `provider,model`, as claude-code-router's users write it. */
export function findExplicit(name: string, index: TableIndex): Route | undefined {
  return splitAt(name, '/', index) ?? splitAt(name, ',', index)
}

function splitAt(name: string, mark: string, { providers, serves }: TableIndex): Route | undefined {
  const at = name.indexOf(mark)
  if (at <= 0) return undefined
  const provider = providers.get(name.slice(0, at))
  const model = name.slice(at + 1)
  if (!provider || model === '') return undefined
  const served = serves.get(provider)
  return served === undefined || served.has(model) ? { provider, model } : undefined
}
