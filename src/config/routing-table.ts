import type { RoutingTable } from '../routing/index.ts'
import type { Config } from './config.ts'

/** What routing goes by, of a whole configuration. */
export function routingTable({
  providers,
  aliases,
  routing,
}: Pick<Config, 'providers' | 'aliases' | 'routing'>): RoutingTable {
  const { rules, situations, decide } = routing
  return { providers, aliases, rules, ...(situations && { situations }), ...(decide && { decide }) }
}
