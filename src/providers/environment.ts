import { withAwsEnvironment } from './aws-options.ts'
import { withGoogleEnvironment } from './google-options.ts'
import type { ProviderOptions } from './options.ts'
import { presets } from './presets/index.ts'
import type { Preset } from './provider.ts'

/**
 * The providers that the environment switches on: those with a key in it. An address in the environment is honoured,
 * unless it is sluice itself (as it is in the shell of somebody whose clients already point here), which would go
 * round in circles. A vendor that has no address of its own wants one in the environment as well.
 *
 * @param isSelf tells whether an address is the one that this sluice listens on
 */
export function providersFromEnvironment(
  env: Record<string, string | undefined>,
  isSelf: (url: URL) => boolean,
): ProviderOptions[] {
  const found: ProviderOptions[] = []
  for (const preset of Object.values(presets) as Preset[]) {
    const key = firstSet(env, preset.keyEnv)
    if (key === undefined) continue
    const baseUrl = firstSet(env, preset.baseUrlEnv)
    if (baseUrl === undefined && preset.baseUrl === undefined) continue
    if (baseUrl !== undefined && URL.canParse(baseUrl) && isSelf(new URL(baseUrl))) continue
    const options: ProviderOptions = {
      name: preset.name,
      api_keys: [key],
      ...(baseUrl !== undefined && { base_url: baseUrl }),
    }
    const complete = preset.awsKeys ? withAwsEnvironment(options, env) : options
    // Without a region there is no address.
    if (complete.base_url === undefined && preset.awsKeys && complete.region === undefined) continue
    found.push(complete)
  }
  return found
}

function firstSet(env: Record<string, string | undefined>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim()
    if (value) return value
  }
  return undefined
}

/** A written provider, with what its vendor's own variables say of it and the configuration leaves out. */
export function withEnvironment<Options extends Partial<ProviderOptions>>(
  options: Options,
  env: Record<string, string | undefined>,
): Options | ProviderOptions {
  const table: Record<string, Preset> = presets
  const kind = options.kind ?? options.name ?? ''
  const preset = Object.hasOwn(table, kind) ? table[kind] : undefined
  if (preset?.awsKeys) return withAwsEnvironment(options as ProviderOptions, env)
  if (preset?.projectPath) return withGoogleEnvironment(options as ProviderOptions, env, preset.keyEnv)
  return preset ? withKey(options, preset, env) : options
}

/** A preset at its own address takes its vendor's key where none is written: nobody else gets to see that. */
function withKey<Options extends Partial<ProviderOptions>>(
  options: Options,
  { baseUrl, keyEnv }: Preset,
  env: Record<string, string | undefined>,
): Options {
  const { base_url: address = baseUrl, api_keys: keys, auth } = options
  if (keys !== undefined || auth === 'client' || baseUrl === undefined || !sameHost(address, baseUrl)) return options
  const key = firstSet(env, keyEnv)
  return key === undefined ? options : { ...options, api_keys: [key] }
}

function sameHost(address: string | undefined, known: string): boolean {
  if (address === undefined || !URL.canParse(address) || !URL.canParse(known)) return false
  return new URL(address).origin === new URL(known).origin
}
