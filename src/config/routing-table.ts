import type { RoutingTable } from '../routing/index.ts'
import type { Config } from './config.ts'

/** What routing goes by, of a whole configuration. */
export function routingTable({
  providers,
  aliases,
  routing,
  access,
}: Pick<Config, 'providers' | 'aliases' | 'routing' | 'access'>): RoutingTable {
  const { rules, situations, decide } = routing
  const defaults = access.named.flatMap(({ name, model }) => (model === undefined ? [] : [[name, model] as const]))
  return {
    providers,
    aliases,
    rules,
    ...(situations && { situations }),
    ...(decide && { decide }),
    ...(defaults.length > 0 && { keyDefaults: Object.fromEntries(defaults) }),
  }
}
