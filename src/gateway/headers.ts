import { type ClientKeys, type ShownKey, shownKeys } from '../access/index.ts'
import type { Warning } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Exchange } from './exchange.ts'
import { HeaderRoom, sendable } from './header-room.ts'

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

/** An id or a limit has less than a hundred characters. */
const longestBack = 1024
const mostBack = 4096

/**
 * What a client gets to see of the provider's headers: 4 KB at most, ids and waits before limits. A value that no server
 * may send on is left out, and so is one of more than 1 KB; warnings are cut behind one of them.
 */
export function headersBack(upstream: Record<string, string>): Record<string, string> {
  const back: Record<string, string> = {}
  const room = new HeaderRoom({ longest: longestBack, most: mostBack })
  const take = (name: string): void => {
    const value = name === 'x-sluice-warnings' ? shortened(upstream[name]) : upstream[name]
    if (value !== undefined && room.takes(name, value)) back[name] = value
  }
  for (const name of passedBack) take(name)
  for (const name of Object.keys(upstream)) if (limitNames.test(name)) take(name)
  return back
}

/** What is left out of somebody else's warnings is not left out in silence. */
function shortened(warnings: string | undefined): string | undefined {
  if (warnings === undefined || warnings.length <= longestBack) return warnings
  const end = warnings.lastIndexOf(',', longestBack - othersDropped.length)
  return end > 0 ? warnings.slice(0, end) + othersDropped : othersDropped.slice(2)
}

const othersDropped = ', others;dropped'

/**
 * How long the provider asks to wait, in milliseconds. Understands seconds and dates; what asks for no wait at all, as a
 * date does that a slow clock has written, says nothing that could be gone by.
 */
export function retryAfterMs(headers: Record<string, string>, now: number = Date.now()): number | undefined {
  return waitOf(Number(headers['retry-after-ms'])) ?? readRetryAfter(headers['retry-after'], now)
}

function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (!Number.isNaN(seconds)) return waitOf(seconds * 1000)
  // Several waits, which are no date, would be read as one.
  return /[a-z]/i.test(value) ? waitOf(Date.parse(value) - now) : undefined
}

function waitOf(ms: number): number | undefined {
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, aYearMs) : undefined
}

const aYearMs = 366 * 24 * 3_600_000

/** `seed;dropped, messages[2].name;dropped`: every field once, in plain ASCII, at most 2 KB. */
export function warningsHeader(warnings: readonly Warning[]): string | undefined {
  if (warnings.length === 0) return undefined
  const entries = warnings.map(({ field, action }) => `${headerWord(field)};${headerWord(action)}`)
  let text = ''
  for (const entry of new Set(entries)) {
    const comma = text === '' ? '' : ', '
    if (text.length + entry.length > 2000) return `${text}${comma}others;dropped`
    text += comma + entry
  }
  return text
}

function headerWord(text: string): string {
  return text.replace(/[^\x21-\x7e]|[,;]/g, '_')
}

/** Header values are Latin-1 without control characters. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

/** The provider's own id of the request, for its support. */
export function readUpstreamId(headers: Record<string, string>): string | undefined {
  return headers['x-request-id'] ?? headers['request-id'] ?? headers['x-amzn-requestid']
}
