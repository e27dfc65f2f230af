import { SluiceError } from '../errors/index.ts'
import { googleSigner } from './google-credentials.ts'
import type { ProviderOptions } from './options.ts'
import type { Preset, Sign } from './provider.ts'

/** How the host begins of an address that depends on the location. */
const place = '{location}-aiplatform'

/** Regions that span several have hosts of another form. */
const wide: readonly string[] = ['us', 'eu']

/** An address with the location in its place. No location is the one that spans all. */
export function inLocation(baseUrl: string, { location = 'global' }: ProviderOptions): string {
  if (location === 'global') return baseUrl.replace(place, 'aiplatform')
  if (wide.includes(location)) return baseUrl.replace(`${place}.`, `aiplatform.${location}.rep.`)
  return baseUrl.replace(place, `${location}-aiplatform`)
}

/**
 * The path at which a preset has its API: at Google's, below the project where there is one.
 *
 * @throws SluiceError `config_invalid` where there is neither a project nor a way without
 */
export function pathOf(preset: Preset | undefined, options: ProviderOptions, baseUrl: string): string | undefined {
  const below = preset?.projectPath
  const { name, project, location = 'global' } = options
  if (below === undefined) return preset?.basePath
  if (project !== undefined) return below.replace('{project}', project).replace('{location}', location)
  const refuse = (found: string): never => {
    throw new SluiceError('config_invalid', `cannot use provider "${name}": ${found}`)
  }
  // Whoever writes a path needs none.
  if (new URL(baseUrl).pathname !== '/') return undefined
  if (preset?.basePath === undefined) return refuse('it has no `project`, below which its address stands; add one')
  if (options.location !== undefined) return refuse('it has a `location` and no `project`; the two go together')
  if (!options.api_keys?.length && options.auth !== 'client') {
    return refuse(
      'it has neither an API key nor a `project`; add `api_keys`, or a `project` to be opened with credentials of Google',
    )
  }
  return preset.basePath
}

/**
 * What opens the requests of a provider with tokens of Google; undefined for one without.
 *
 * @throws SluiceError `config_invalid` for credentials of two kinds
 */
export function googleSign(options: ProviderOptions): Sign | undefined {
  const { name, project, google_credentials: file, api_keys, auth } = options
  if (project === undefined && file === undefined) return undefined
  const other = api_keys?.length ? '`api_keys`' : auth === 'client' ? 'auth = "client"' : undefined
  if (other === undefined) return googleSigner({ file, project })
  // With another proof of who calls, a project only says where.
  if (file === undefined) return undefined
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${name}": it has \`google_credentials\` and ${other}; remove one of the two`,
  )
}

type Env = Record<string, string | undefined>

/** The options of a provider at Google Cloud, with what they leave out taken from Google's own variables. */
export function withGoogleEnvironment(options: ProviderOptions, env: Env, keyEnv: readonly string[]): ProviderOptions {
  const first = (...names: string[]): string | undefined =>
    names.map((name) => env[name]?.trim() || undefined).find((value) => value !== undefined)
  // A key or a caller's own proof is of use without a project, so that one in the environment may be meant for others.
  if (options.api_keys !== undefined || options.auth === 'client') return options
  const named = options.project ?? options.google_credentials
  const key = named === undefined ? first(...keyEnv) : undefined
  if (key !== undefined) return { ...options, api_keys: [key] }
  const project = options.project ?? first('GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT')
  const location = options.location ?? first('GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION')
  const file = options.google_credentials ?? first('GOOGLE_APPLICATION_CREDENTIALS')
  return {
    ...options,
    ...(project !== undefined && { project }),
    ...(project !== undefined && location !== undefined && { location }),
    ...(project !== undefined && file !== undefined && { google_credentials: file }),
  }
}
