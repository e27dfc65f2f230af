import type { ProviderOptions } from './options.ts'
import { presets } from './presets.ts'
import type { Preset } from './provider.ts'

/**
 * The providers that the environment switches on: those with a key in it. An address in the environment is honoured,
 * unless it is sluice itself (as it is in the shell of somebody whose clients already point here), which would go
 * round in circles.
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
    if (baseUrl !== undefined && URL.canParse(baseUrl) && isSelf(new URL(baseUrl))) continue
    found.push({ name: preset.name, api_keys: [key], ...(baseUrl !== undefined && { base_url: baseUrl }) })
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
