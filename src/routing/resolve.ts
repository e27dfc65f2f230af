import { SluiceError } from '../errors/index.ts'
import { matchesGlob, type Provider } from '../providers/index.ts'
import { nearNames } from './near-names.ts'

/** A name of one's own for one or more `provider/model` targets. */
export interface Alias {
  name: string
  targets: string[]
}

export interface RoutingTable {
  providers: readonly Provider[]
  aliases: readonly Alias[]
}

/** Where a request goes. */
export interface Route {
  provider: Provider
  /** The model's name at the provider. */
  model: string
}

/**
 * The first phase of routing: what a model name means. An alias comes first; then `provider/model`, split at the
 * first slash; then a bare name goes to the provider that lists it, to the only provider, or to the one whose patterns
 * it fits.
 *
 * @throws SluiceError `unknown_model`, naming what comes near
 */
export function resolve(name: string, table: RoutingTable): Route {
  const alias = table.aliases.find((one) => one.name === name)
  if (alias) {
    const route = alias.targets[0] === undefined ? undefined : findRoute(alias.targets[0], table)
    if (route) return route
    throw unknown(name, table, `its target "${alias.targets[0]}" leads nowhere`)
  }
  const route = findRoute(name, table)
  if (route) return route
  throw unknown(name, table)
}

function findRoute(name: string, { providers }: RoutingTable): Route | undefined {
  const slash = name.indexOf('/')
  if (slash > 0) {
    const provider = providers.find((one) => one.name === name.slice(0, slash))
    const model = name.slice(slash + 1)
    if (provider && model !== '' && serves(provider, model)) return { provider, model }
  }
  const listing = providers.find((one) => one.models?.includes(name))
  if (listing) return { provider: listing, model: name }
  const open = providers.filter((one) => one.models === undefined)
  if (providers.length === 1 && open[0]) return { provider: open[0], model: name }
  const fitting = open.find((one) => one.patterns.some((pattern) => matchesGlob(pattern, name)))
  return fitting && { provider: fitting, model: name }
}

function serves(provider: Provider, model: string): boolean {
  return provider.models === undefined || provider.models.includes(model)
}

function unknown(name: string, table: RoutingTable, why?: string): SluiceError {
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

/** Every name that is known to work: aliases first, then what providers list. */
export function modelNames({ aliases, providers }: RoutingTable): string[] {
  return [
    ...aliases.map((alias) => alias.name),
    ...providers.flatMap((provider) => (provider.models ?? []).map((model) => `${provider.name}/${model}`)),
  ]
}
