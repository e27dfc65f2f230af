import { CommandError, systemCode } from './failure.ts'

/** Where a sluice listens when nobody says otherwise. */
export const usualUrl = 'http://127.0.0.1:4114'

/** A sluice that can be asked: its address, and the key that it wants to see. */
export interface Remote {
  /** Without a trailing slash. */
  url: string
  key: string | undefined
  /** What is asked of it is for operators only. */
  operator?: boolean
}

/** What `--url` and `--key` say; a key may also come from `$SLUICE_KEY`. @throws CommandError */
export function remoteAt(url: string, key: string | undefined): Remote {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new CommandError(`cannot use --url ${url}: it is no address; write one like ${usualUrl}`)
  }
  // People paste the base URL of an SDK as often as the address itself.
  return { url: url.replace(/\/+$/, '').replace(/\/v1$/, ''), key: key ?? process.env.SLUICE_KEY }
}

/** Whether a sluice answers there. Nothing listening, or something else listening, is a no. */
export async function answers({ url }: Remote): Promise<boolean> {
  try {
    const health = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })
    await health.arrayBuffer()
    return health.ok && health.headers.has('x-sluice-request-id')
  } catch {
    return false
  }
}

/** One call. @throws CommandError in plain words, for a status of 400 and above as well */
export async function call(remote: Remote, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (remote.key !== undefined) headers.set('authorization', `Bearer ${remote.key}`)
  const response = await fetch(`${remote.url}${path}`, { ...init, headers }).catch((thrown: Error) => {
    if (init.signal?.aborted) throw thrown
    const why =
      systemCode(thrown) === 'ECONNREFUSED' ? 'nothing listens there' : (systemCode(thrown) ?? deepest(thrown))
    throw new CommandError(
      `cannot reach a sluice at ${remote.url}: ${why}; run \`sluice start\`, or name another with --url`,
      {
        cause: thrown,
      },
    )
  })
  if (response.ok) return response
  const said = errorText(await response.text())
  const wanted = remote.operator
    ? 'an operator key with --key or in SLUICE_OPERATOR_KEY'
    : 'a client key with --key or in SLUICE_KEY'
  const hint = response.status === 401 && remote.key === undefined ? `; give ${wanted}` : ''
  throw new CommandError(`${remote.url} answered ${response.status}: ${said}${hint}`)
}

/** `fetch failed` says nothing; what caused it does. */
function deepest(thrown: Error): string {
  return thrown.cause instanceof Error ? deepest(thrown.cause) : thrown.message
}

/** The message of an error body, in whatever shape it is. */
export function errorText(body: string): string {
  try {
    const json = JSON.parse(body) as { error?: { message?: unknown } }
    if (typeof json.error?.message === 'string') return json.error.message
  } catch {
    // Not JSON: the text is all there is.
  }
  return body.trim().slice(0, 500) || 'nothing'
}

/** The models that it lists. @throws CommandError */
export async function remoteModels(remote: Remote): Promise<string[]> {
  const response = await call(remote, '/v1/models')
  const body: unknown = await response.json().catch(() => undefined)
  const data = (body as { data?: unknown } | undefined)?.data
  if (!Array.isArray(data)) {
    throw new CommandError(`cannot read the models of ${remote.url}: the answer is no list; is that a sluice?`)
  }
  return data.flatMap((one) => (typeof one?.id === 'string' ? [one.id as string] : []))
}

/** The one to take when nobody names any. */
export function usualModel(models: readonly string[]): string | undefined {
  const [first] = models
  // No script is called so, and what plays instead introduces itself.
  return first?.startsWith('scripted/') ? 'scripted/demo' : first
}
