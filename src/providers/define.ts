import type { Target, Traits } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { matchesGlob } from './glob.ts'
import type { ProviderOptions } from './options.ts'
import { presets } from './presets.ts'
import type { Preset, Provider } from './provider.ts'

/**
 * A provider from its options, over the preset it names.
 *
 * @throws SluiceError `config_invalid` when there is neither a preset nor a dialect with an address
 */
export function defineProvider(options: ProviderOptions): Provider {
  const preset = findPreset(options)
  const dialect = options.dialect ?? preset?.dialect
  const baseUrl = options.base_url ?? preset?.baseUrl
  if (!dialect || !baseUrl) {
    const known = Object.keys(presets).join(', ')
    const missing = dialect ? '`base_url`' : baseUrl ? '`dialect`' : '`dialect` and `base_url`'
    throw new SluiceError(
      'config_invalid',
      `cannot use provider "${options.name}": it is no preset (${known}) and has no ${missing}; add ${missing} or a \`kind\``,
    )
  }
  checkUrl(options.name, baseUrl)
  const traits: Traits = { ...preset?.traits }
  if (options.max_tokens_field) traits.maxTokensField = options.max_tokens_field
  if (options.thinking) traits.thinking = options.thinking
  // Another address is another vendor: it may share the language, not the signatures or the private fields.
  return {
    name: options.name,
    dialect,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    apiKeys: options.api_keys ?? [],
    auth: options.auth ?? 'provider',
    authHeader:
      options.auth_header ?? preset?.authHeader ?? (dialect === 'anthropic-messages' ? 'x-api-key' : 'authorization'),
    headers: lowerCase(options.headers ?? {}),
    forwards: preset?.forwards ?? (dialect === 'anthropic-messages' ? presets.anthropic.forwards.slice(0, 2) : []),
    vendor: preset?.vendor ?? options.name,
    models: options.models,
    patterns: preset?.patterns ?? [],
    normalise: options.normalise ?? preset?.normalise ?? false,
    traits,
    modelTraits: preset?.modelTraits ?? [],
  }
}

function findPreset(options: ProviderOptions): Preset | undefined {
  const table: Record<string, Preset> = presets
  if (options.kind === undefined) return Object.hasOwn(table, options.name) ? table[options.name] : undefined
  const preset = Object.hasOwn(table, options.kind) ? table[options.kind] : undefined
  if (preset) return preset
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${options.name}": kind "${options.kind}" is no preset; there are ${Object.keys(table).join(', ')}`,
  )
}

function checkUrl(name: string, baseUrl: string): void {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${name}": base_url "${baseUrl}" is no http or https address`,
  )
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** What a request for `model` at this provider is encoded for. */
export function targetOf(provider: Provider, model: string): Target {
  let traits = provider.traits
  for (const entry of provider.modelTraits) {
    if (matchesGlob(entry.models, model)) traits = { ...traits, ...entry.traits }
  }
  return { model, vendor: provider.vendor, family: familyOf(model), traits }
}

/** `anthropic/claude-sonnet-4-5` -> `claude`: the part of the name that models sharing opaque state share. */
export function familyOf(model: string): string {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return /^[a-z]+/.exec(name)?.[0] ?? name
}
