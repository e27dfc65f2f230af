import { type ClientKeys, type ShownKey, shownKeys } from '../access/index.ts'
import type { Warning } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Exchange } from './exchange.ts'

/** The headers of a request to a provider. The client's own are left behind, but for those that the vendor knows. */
export function upstreamHeaders(
  exchange: Exchange,
  provider: Provider,
  encoded: Record<string, string>,
  clientKeys: ClientKeys,
  key: string | undefined = provider.apiKeys[0],
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    // A compressed stream costs a decompressor and arrives in lumps.
    'accept-encoding': 'identity',
    'user-agent': 'sluice',
    ...encoded,
    ...provider.headers,
  }
  for (const name of provider.forwards) {
    const value = exchange.headers[name]
    if (value === undefined) continue
    headers[name] = name === 'anthropic-beta' ? union(headers[name], value) : value
  }
  setCredential(headers, exchange, provider, clientKeys, key)
  return headers
}

/** Puts in the key that the provider is to see: its own, or the caller's own where it is set so. */
export function setCredential(
  headers: Record<string, string>,
  exchange: Exchange,
  provider: Provider,
  clientKeys: ClientKeys,
  ownKey: string | undefined = provider.apiKeys[0],
): void {
  if (provider.auth === 'client') setKey(headers, provider, clientCredential(exchange, clientKeys))
  else if (ownKey !== undefined) setKey(headers, provider, { key: ownKey, bearer: false })
}

function setKey(headers: Record<string, string>, provider: Provider, { key, bearer }: ShownKey): void {
  // A caller's own bearer token goes on as one, wherever the provider reads keys: a subscription token is no API key.
  if (bearer || provider.authHeader === 'authorization') headers.authorization = `Bearer ${key}`
  else headers[provider.authHeader] = key
}

/** The caller's own key for the provider: the one that opened sluice's door is not for others to see. */
function clientCredential(exchange: Exchange, clientKeys: ClientKeys): ShownKey {
  const own = shownKeys(exchange).find(({ key }) => !clientKeys.owns(key))
  if (own && sendable.test(own.key)) return own
  if (own) {
    throw new SluiceError(
      'invalid_key',
      "cannot call the provider: the caller's own key holds characters that no header can carry; copy it once more",
    )
  }
  throw new SluiceError(
    'invalid_key',
    "cannot call the provider: it is set to use the caller's own key, and the request carries none besides sluice's; send the provider's key as `Authorization: Bearer` and sluice's as `x-api-key`",
  )
}

function union(a: string | undefined, b: string): string {
  const flags = `${a ?? ''},${b}`.split(',').map((flag) => flag.trim())
  return [...new Set(flags.filter((flag) => flag !== ''))].join(',')
}

/** What the value of a header may be made of. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/

const passedBack: ReadonlySet<string> = new Set([
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'openai-processing-ms',
  // A package tells in it what it could not do, and so does a sluice behind this one.
  'x-sluice-warnings',
])
const limitNames = /^(x|anthropic)-ratelimit-./

/** What a client gets to see of the provider's headers. A value that no server may send on is left out. */
export function headersBack(upstream: Record<string, string>): Record<string, string> {
  const back: Record<string, string> = {}
  for (const name of Object.keys(upstream)) {
    if (!passedBack.has(name) && !limitNames.test(name)) continue
    const value = upstream[name]
    if (value !== undefined && sendable.test(value)) back[name] = value
  }
  return back
}

/** How long the provider asks to wait, in milliseconds. Understands seconds and dates. */
export function retryAfterMs(headers: Record<string, string>, now: number = Date.now()): number | undefined {
  const ms = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] && Number.isFinite(ms) && ms >= 0) return ms
  const value = headers['retry-after']
  if (!value) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** `seed;dropped, messages[2].name;dropped`: every field once, in plain ASCII, at most 2 KB. */
export function warningsHeader(warnings: readonly Warning[]): string | undefined {
  if (warnings.length === 0) return undefined
  const entries = warnings.map(({ field, action }) => `${field.replace(/[^\x21-\x7e]|[,;]/g, '_')};${action}`)
  let text = ''
  for (const entry of new Set(entries)) {
    const comma = text === '' ? '' : ', '
    if (text.length + entry.length > 2000) return `${text}${comma}others;dropped`
    text += comma + entry
  }
  return text
}

/** Header values are Latin-1 without control characters. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

/** The provider's own id of the request, for its support. */
export function readUpstreamId(headers: Record<string, string>): string | undefined {
  return headers['x-request-id'] ?? headers['request-id'] ?? headers['x-amzn-requestid']
}
