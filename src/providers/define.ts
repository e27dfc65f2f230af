import type { DialectName, Target, Traits } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { awsSign, inRegion } from './aws-options.ts'
import { matchesGlob } from './glob.ts'
import { googleSign, inLocation, pathOf } from './google-options.ts'
import type { ProviderOptions } from './options.ts'
import { definePackage, packageKind, refusePackageOptions } from './package-options.ts'
import { presets } from './presets/index.ts'
import { throughPrompt } from './prompt/uploads.ts'
import type { AuthHeader, Preset, Provider } from './provider.ts'
import { modelTraitsOf, traitsOf } from './quirk-options.ts'

/**
 * A provider from its options, over the preset it names.
 *
 * @throws SluiceError `config_invalid` when there is neither a preset nor a dialect with an address
 */
export function defineProvider(options: ProviderOptions): Provider {
  if (options.kind === packageKind) return definePackage(options)
  refusePackageOptions(options)
  const preset = findPreset(options)
  const dialect = options.dialect ?? preset?.dialect
  const address = options.base_url ?? preset?.baseUrl
  const baseUrl = address && inLocation(inRegion(address, options), options)
  if (!dialect || !baseUrl) {
    const missing = dialect ? '`base_url`' : baseUrl ? '`dialect`' : '`dialect` and `base_url`'
    if (preset) {
      throw new SluiceError(
        'config_invalid',
        `cannot use provider "${options.name}": everybody has an address of their own there; add \`base_url\``,
      )
    }
    throw new SluiceError(
      'config_invalid',
      `cannot use provider "${options.name}": it is no preset (\`sluice providers\` lists them) and has no ${missing}; add ${missing} or a \`kind\``,
    )
  }
  checkUrl(options.name, baseUrl)
  const sign = awsSign(options) ?? googleSign(options)
  const traits: Traits = { ...preset?.traits }
  if (options.max_tokens_field) traits.maxTokensField = options.max_tokens_field
  if (options.thinking) traits.thinking = options.thinking
  if (options.uploads && !preset?.uploads) {
    throw new SluiceError(
      'config_invalid',
      `cannot use provider "${options.name}": it has no way known for \`uploads\`; remove the option`,
    )
  }
  const uploads = options.uploads ? preset?.uploads : undefined
  if (uploads) traits.uploads = true
  // Another address is another vendor: it may share the language, not the signatures or the private fields.
  return {
    name: options.name,
    dialect,
    baseUrl: withPath(baseUrl.replace(/\/+$/, ''), pathOf(preset, options, baseUrl)),
    ...(options.query && { query: { ...options.query } }),
    ...(preset?.rooted && { rooted: true }),
    ...(preset?.paths && { paths: preset.paths }),
    ...(preset && { kind: preset.name }),
    apiKeys: options.api_keys ?? [],
    auth: options.auth ?? 'provider',
    ...(sign && { sign }),
    ...(uploads && { prepare: throughPrompt(uploads) }),
    authHeader: options.auth_header ?? preset?.authHeader ?? keyHeaders[dialect] ?? 'authorization',
    headers: lowerCase(options.headers ?? {}),
    forwards: preset?.forwards ?? (dialect === 'anthropic-messages' ? presets.anthropic.forwards.slice(0, 2) : []),
    vendor: preset?.vendor ?? options.name,
    models: options.models,
    patterns: preset?.patterns ?? [],
    normalise: options.normalise ?? (wholeArguments(options) || preset?.normalise === true),
    traits,
    // What the configuration says stands above all that is known.
    modelTraits: [
      ...(preset?.modelTraits ?? []),
      ...(options.quirks ? [{ models: '*', traits: traitsOf(options.quirks) }] : []),
      ...modelTraitsOf(options.model_quirks),
    ],
  }
}

/** An answer of which not every event may be believed must not go on as it came. */
function wholeArguments({ quirks, model_quirks: some = [] }: ProviderOptions): boolean {
  return quirks?.whole_arguments === true || some.some((one) => one.whole_arguments === true)
}

/** Where a dialect's servers look for the key, where that is not the usual header. */
const keyHeaders: Partial<Record<DialectName, AuthHeader>> = {
  'anthropic-messages': 'x-api-key',
  gemini: 'x-goog-api-key',
}

function findPreset(options: ProviderOptions): Preset | undefined {
  const table: Record<string, Preset> = presets
  if (options.kind === undefined) {
    const namesake = Object.hasOwn(table, options.name) ? table[options.name] : undefined
    return namesake && isElsewhere(options, namesake) ? undefined : namesake
  }
  const preset = Object.hasOwn(table, options.kind) ? table[options.kind] : undefined
  if (preset) return preset
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${options.name}": kind "${options.kind}" is no preset; there are ${[...Object.keys(table), packageKind].join(', ')}`,
  )
}

/**
 * Whoever writes the dialect and an address of another host needs no preset: the name is only a name. Where everybody has
 * an address of their own, no address is elsewhere.
 */
function isElsewhere({ dialect, base_url: address }: ProviderOptions, { baseUrl }: Preset): boolean {
  if (dialect === undefined || address === undefined || baseUrl === undefined || !URL.canParse(address)) return false
  // An address with a place for the region is everybody's own, too.
  if (!URL.canParse(baseUrl)) return false
  return new URL(address).host !== new URL(baseUrl).host
}

/** An address that is nothing but an origin gets the path at which the vendor has its API. */
function withPath(baseUrl: string, path: string | undefined): string {
  return path !== undefined && /^[a-z]+:\/\/[^/]+$/i.test(baseUrl) ? baseUrl + path : baseUrl
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
  // Before the name may stand its maker and the place where it runs: `us.anthropic.claude-…`.
  const name = model
    .slice(model.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/^(?:[a-z-]+\.)+(?=[a-z])/, '')
  return /^[a-z]+/.exec(name)?.[0] ?? name
}
