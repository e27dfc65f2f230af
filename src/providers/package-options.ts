import type { Traits } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import { packageScheme } from '../transport/index.ts'
import type { ProviderOptions } from './options.ts'
import type { Provider } from './provider.ts'
import { modelTraitsOf, traitsOf } from './quirk-options.ts'

/** The kind of a provider that is an installed package of the AI SDK. */
export const packageKind = 'ai-sdk'

const ownOptions = ['package', 'create', 'method', 'options', 'provider_options', 'cache_options'] as const

/** What means something only to a provider that sluice itself makes requests to. */
const webOptions = [
  'dialect',
  'query',
  'auth_header',
  'region',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'project',
  'location',
  'google_credentials',
  'normalise',
  'max_tokens_field',
  'thinking',
] as const

/**
 * A provider that is a package of the AI SDK.
 *
 * @throws SluiceError `config_invalid` when it names none, or has options that no package is given
 */
export function definePackage(options: ProviderOptions): Provider {
  const { name, package: packageName, api_keys = [], base_url, create, method } = options
  const refuse = (found: string): never => {
    throw new SluiceError('config_invalid', `cannot use provider "${name}": ${found}`)
  }
  if (packageName === undefined) {
    return refuse(`kind "${packageKind}" has no \`package\`; name one that is installed, such as "@ai-sdk/openai"`)
  }
  const idle = webOptions.find((key) => options[key] !== undefined)
  if (idle)
    refuse(`\`${idle}\` means nothing to a package; remove it, or write what the package knows into \`options\``)
  if (options.auth === 'client') refuse('a package cannot be given the key of each caller; remove `auth`')
  const [apiKey] = api_keys
  const traits: Traits = { ...(options.quirks && traitsOf(options.quirks)) }
  if (options.provider_options) traits.providerOptions = options.provider_options as JsonObject
  if (options.cache_options) traits.cacheOptions = options.cache_options as JsonObject
  return {
    name,
    dialect: 'ai-sdk',
    kind: packageKind,
    baseUrl: `${packageScheme}//${name}`,
    package: {
      package: packageName,
      ...(create !== undefined && { create }),
      ...(method !== undefined && { method }),
      options: {
        ...(apiKey !== undefined && { apiKey }),
        ...(base_url !== undefined && { baseURL: base_url }),
        ...options.options,
      },
    },
    // Its key is among the options: no header carries it.
    apiKeys: [],
    auth: 'provider',
    authHeader: 'authorization',
    headers: Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([header, value]) => [header.toLowerCase(), value]),
    ),
    forwards: [],
    // Whoever loads the same package reads the state that it hands out.
    vendor: `${packageKind}:${packageName}`,
    models: options.models,
    patterns: [],
    normalise: false,
    traits,
    modelTraits: modelTraitsOf(options.model_quirks),
  }
}

/** @throws SluiceError `config_invalid` for options of a package at a provider that is none */
export function refusePackageOptions(options: ProviderOptions): void {
  const found = ownOptions.find((key) => options[key] !== undefined)
  if (!found) return
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${options.name}": \`${found}\` belongs to kind = "${packageKind}"; add the kind, or remove it`,
  )
}
