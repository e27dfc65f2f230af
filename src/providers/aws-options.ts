import { SluiceError } from '../errors/index.ts'
import { type AwsCredentials, awsSigner } from './aws-signer.ts'
import type { ProviderOptions } from './options.ts'
import type { Sign } from './provider.ts'

/** Where the region stands in an address. */
const place = '{region}'

/** An address with the region in its place. @throws SluiceError `config_invalid` when no region is known */
export function inRegion(baseUrl: string, { name, region }: ProviderOptions): string {
  if (!baseUrl.includes(place)) return baseUrl
  if (region !== undefined) return baseUrl.replaceAll(place, region)
  throw new SluiceError(
    'config_invalid',
    `cannot use provider "${name}": it has no \`region\`, and its address depends on one; add one, such as "us-east-1"`,
  )
}

/**
 * What signs the requests of a provider with keys of AWS; undefined for one without.
 *
 * @throws SluiceError `config_invalid` for half a pair of keys, for keys of both kinds, and for no region
 */
export function awsSign(options: ProviderOptions): Sign | undefined {
  const { name, region, aws_access_key_id, aws_secret_access_key, aws_session_token } = options
  if (aws_access_key_id === undefined && aws_secret_access_key === undefined) return undefined
  const refuse = (found: string): never => {
    throw new SluiceError('config_invalid', `cannot use provider "${name}": ${found}`)
  }
  if (aws_access_key_id === undefined) return refuse('it has no `aws_access_key_id`; the two AWS keys go together')
  if (aws_secret_access_key === undefined) {
    return refuse('it has no `aws_secret_access_key`; the two AWS keys go together')
  }
  if (options.api_keys?.length) return refuse('it has `api_keys` and AWS keys; remove one of the two')
  if (options.auth === 'client') {
    return refuse(
      'AWS keys are not used with auth = "client", which passes on the caller\'s own; remove one of the two',
    )
  }
  if (region === undefined) return refuse('it has no `region`, which a signature names; add one, such as "us-east-1"')
  const credentials: AwsCredentials = {
    accessKeyId: aws_access_key_id,
    secretAccessKey: aws_secret_access_key,
    ...(aws_session_token !== undefined && { sessionToken: aws_session_token }),
  }
  return awsSigner(credentials, region)
}

type Env = Record<string, string | undefined>

/** The options of a provider at AWS, with what they leave out taken from AWS's own variables. */
export function withAwsEnvironment(options: ProviderOptions, env: Env): ProviderOptions {
  const set = (name: string): string | undefined => env[name]?.trim() || undefined
  const region = options.region ?? set('AWS_REGION') ?? set('AWS_DEFAULT_REGION')
  const found = { ...options, ...(region !== undefined && { region }) }
  const hasKeys = options.api_keys !== undefined || options.aws_access_key_id !== undefined
  if (hasKeys || options.aws_secret_access_key !== undefined || options.auth === 'client') return found
  const key = set('AWS_BEARER_TOKEN_BEDROCK')
  if (key !== undefined) return { ...found, api_keys: [key] }
  const id = set('AWS_ACCESS_KEY_ID')
  const secret = set('AWS_SECRET_ACCESS_KEY')
  const session = set('AWS_SESSION_TOKEN')
  if (id === undefined || secret === undefined) return found
  return {
    ...found,
    aws_access_key_id: id,
    aws_secret_access_key: secret,
    ...(session !== undefined && { aws_session_token: session }),
  }
}
