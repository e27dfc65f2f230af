import { readFile } from 'node:fs/promises'
import type { AuthClient, JWTInput } from 'google-auth-library'
import { SluiceError } from '../errors/index.ts'
import type { Sign } from './provider.ts'

/** What Google Cloud's APIs for models ask for. */
const scopes = ['https://www.googleapis.com/auth/cloud-platform']

/** How long the server of tokens may take for one answer. */
const timeoutMs = 10_000

export interface GoogleSource {
  /** A file of credentials. */
  file: string | undefined
  project: string | undefined
}

/**
 * Opens requests with tokens of Google's OAuth 2.0. They come from the credentials in `file` (the key of a service
 * account, or whatever else `gcloud` writes), else from where Google's own programs look (Application Default Credentials,
 * https://google.aip.dev/auth/4110). A token is used until five minutes before it runs out; requests that come while one
 * is fetched wait for that one. The library is loaded with the first request, so that nobody else pays for it.
 */
export function googleSigner(source: GoogleSource): Sign {
  let opening: Promise<AuthClient> | undefined
  let asking: Promise<Record<string, string>> | undefined
  const ask = async (): Promise<Record<string, string>> => {
    try {
      opening ??= openClient(source)
      const headers = await (await opening).getRequestHeaders()
      return Object.fromEntries(headers)
    } catch (cause) {
      // Credentials that are missing or wrong now may be right at the next request.
      opening = undefined
      throw asked(cause)
    }
  }
  return async ({ headers }) => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return { ...headers, ...(await asking) }
  }
}

async function openClient({ file, project }: GoogleSource): Promise<AuthClient> {
  const { GoogleAuth, gaxios } = await load()
  const credentials = file === undefined ? undefined : await readCredentials(file)
  const transporter = new gaxios.Gaxios({ timeout: timeoutMs })
  const { token_uri: own } = credentials ?? {}
  // The library asks Google itself whatever the key of a service account says.
  if (credentials?.type === 'service_account' && own !== undefined) {
    transporter.interceptors.request.add({ resolved: async (request) => ({ ...request, url: new URL(own) }) })
  }
  const auth = new GoogleAuth({
    scopes,
    clientOptions: { transporter },
    ...(credentials && { credentials }),
    // Without one the library asks around for it, at Google and in a shell.
    ...(project !== undefined && { projectId: project }),
  })
  return auth.getClient()
}

type Credentials = JWTInput & { token_uri?: string }

/** How messages call the file: clients read them, whom its place is no concern of. */
const named = '`google_credentials` (or GOOGLE_APPLICATION_CREDENTIALS)'

/** @throws SluiceError `config_invalid` that shows nothing of what is in the file */
async function readCredentials(file: string): Promise<Credentials> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const found = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read'
    throw new SluiceError('config_invalid', `cannot use the file of ${named}: ${found}`, { cause })
  })
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && 'type' in parsed) return parsed as Credentials
  } catch {
    // Said below; the parser's own words show what it found.
  }
  throw new SluiceError(
    'config_invalid',
    `cannot use the file of ${named}: it is no JSON with a \`type\`; write the key of a service account there, or what \`gcloud auth application-default login\` writes`,
  )
}

async function load(): Promise<typeof import('google-auth-library')> {
  try {
    return await import('google-auth-library')
  } catch (cause) {
    throw new SluiceError(
      'config_invalid',
      'cannot load google-auth-library, which fetches tokens from Google: it is not installed; run `npm install google-auth-library`',
      { cause },
    )
  }
}

/** A failure of the library in words that say what to do. Its own first line names the reason and shows no secret. */
function asked(cause: unknown): SluiceError {
  if (SluiceError.is(cause)) return cause
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0]?.slice(0, 200)
  return new SluiceError(
    'config_invalid',
    `cannot get a token from Google: ${reason}; check \`google_credentials\`, or run \`gcloud auth application-default login\``,
    { cause },
  )
}
