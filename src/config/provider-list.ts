import { hash } from 'node:crypto'
import { type Provider, presets, providersFromEnvironment, withEnvironment } from '../providers/index.ts'
import { checkElsewhere } from './check-elsewhere.ts'
import { checkProvider, isSelf, type Self } from './check-provider.ts'
import { checkNames, goodParts, listed, shown, type Written } from './written.ts'

export interface ProviderList {
  providers: Provider[]
  /** Names of providers that are written but wrong: what leads to them needs no complaint of its own. */
  broken: Set<string>
  /** Nothing was written, so the environment was asked. */
  fromEnvironment: boolean
  /** A digest of what each provider was made of, by its name. */
  marks: Record<string, string>
}

export function listProviders(written: Written, self: Self): ProviderList {
  const tables = listed(written, 'providers')
  if (tables.length === 0 && !written.problems.hasWithin(['providers'])) {
    const marks: Record<string, string> = {}
    return { providers: environmentProviders(written, self, marks), broken: new Set(), fromEnvironment: true, marks }
  }
  const providers: Provider[] = []
  const broken = new Set<string>()
  const marks: Record<string, string> = {}
  for (const { path, name } of tables) {
    const options = withEnvironment(goodParts(written, path), written.env)
    const provider = checkProvider(options, {
      self,
      whole: !written.problems.hasWithin(path),
      shown: (key) => shown(written, [...path, key]),
      report: (inner, message) => written.problems.add([...path, ...inner], message),
    })
    if (provider) {
      if (written.thorough) checkElsewhere(options, written, path)
      providers.push(provider)
      marks[provider.name] = markOf(options)
    } else if (typeof name === 'string') broken.add(name)
  }
  checkNames(written, 'providers', 'provider')
  return { providers, broken, fromEnvironment: false, marks }
}

function environmentProviders({ env, problems }: Written, self: Self, marks: Record<string, string>): Provider[] {
  return providersFromEnvironment(env, (url) => isSelf(url, self)).flatMap((options) => {
    const { keyEnv, baseUrlEnv } = presets[options.name as keyof typeof presets]
    const nameOf = (names: readonly string[]): string => names.find((name) => env[name]?.trim()) ?? names[0] ?? ''
    const provider = checkProvider(options, {
      self,
      whole: true,
      shown: () => 'a value',
      report([field], message) {
        problems.addOutside(`environment variable ${nameOf(field === 'base_url' ? baseUrlEnv : keyEnv)}`, message)
      },
    })
    if (!provider) return []
    marks[provider.name] = markOf(options)
    return [provider]
  })
}

/** Keys are in it, so that it is no text that could be read. */
function markOf(options: unknown): string {
  return hash('sha256', JSON.stringify(options), 'base64')
}
