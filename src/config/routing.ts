import { resolve as toPath } from 'node:path'
import type { Alias, Situations } from '../routing/index.ts'
import type { RoutingConfig } from './config.ts'
import { defaults } from './defaults.ts'
import { Destinations } from './destinations.ts'
import { folderOf } from './folder.ts'
import type { ProviderList } from './provider-list.ts'
import { listRules } from './rule-list.ts'
import { good, type Written } from './written.ts'

const situations = {
  default: 'default',
  background: 'background',
  think: 'think',
  long_context: 'longContext',
  web_search: 'webSearch',
  image: 'image',
} as const satisfies Record<string, keyof Situations>

/** The `[routing]`. Of use only when no problem has come up. */
export function resolveRouting(written: Written, list: ProviderList, aliases: readonly Alias[]): RoutingConfig {
  const module = good<string>(written, ['routing', 'module'])
  const destinations = new Destinations(written, list, aliases)
  const found: Situations = {}
  for (const [key, situation] of Object.entries(situations)) {
    const to = good<string>(written, ['routing', key])
    if (to === undefined) continue
    destinations.checkName(['routing', key], to)
    found[situation] = to
  }
  if (Object.keys(found).length > 0) {
    found.longContextThreshold = setting(written, 'long_context_threshold')
    found.backgroundModels = setting(written, 'background_models')
  }
  return {
    rules: listRules(written, destinations),
    ...(Object.keys(found).length > 0 && { situations: found }),
    tags: setting(written, 'tags'),
    ...(module !== undefined && { module: toPath(folderOf(written.from), module) }),
  }
}

interface Settings {
  long_context_threshold: number
  background_models: readonly string[]
  tags: RoutingConfig['tags']
}

function setting<K extends keyof Settings>(written: Written, key: K): Settings[K] {
  const usual: Settings = defaults.routing
  return good<Settings[K]>(written, ['routing', key]) ?? usual[key]
}
