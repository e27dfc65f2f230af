import { type ErrorCode, SluiceError, type UpstreamErrorFacts } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { parse, text } from '../lenient.ts'
import { oneLine } from '../one-line.ts'
import { dialect } from './wire.ts'

/**
 * The kinds of errors by their name. Before a stream they are written `ThrottlingException`, inside of one
 * `throttlingException`.
 */
const codes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['validationexception', 'upstream_invalid_request'],
  ['accessdeniedexception', 'upstream_auth'],
  ['unrecognizedclientexception', 'upstream_auth'],
  ['expiredtokenexception', 'upstream_auth'],
  ['invalidsignatureexception', 'upstream_auth'],
  ['incompletesignatureexception', 'upstream_auth'],
  ['missingauthenticationtokenexception', 'upstream_auth'],
  ['resourcenotfoundexception', 'upstream_not_found'],
  ['modeltimeoutexception', 'upstream_timeout'],
  ['throttlingexception', 'upstream_rate_limit'],
  ['servicequotaexceededexception', 'upstream_rate_limit'],
  ['modelnotreadyexception', 'upstream_overloaded'],
  ['serviceunavailableexception', 'upstream_overloaded'],
  ['modelerrorexception', 'upstream_server'],
  ['modelstreamerrorexception', 'upstream_server'],
  ['internalserverexception', 'upstream_server'],
])

const statuses: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, 'upstream_auth'],
  [402, 'upstream_billing'],
  [403, 'upstream_auth'],
  [404, 'upstream_not_found'],
  [408, 'upstream_timeout'],
  [413, 'upstream_too_large'],
  [424, 'upstream_server'],
  [429, 'upstream_rate_limit'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
])

/** An error answer. Its kind stands in a header, behind which a colon and an address may follow. */
export function decodeError(status: number, body: string, headers: Readonly<Record<string, string>> = {}): SluiceError {
  const json = parse(body)
  const object = isJsonObject(json) ? json : undefined
  const named = headers['x-amzn-errortype'] ?? (object && text(object, '__type'))
  const type = named && plainName(named)
  const requestId = headers['x-amzn-requestid']
  return told(
    (type === undefined ? undefined : codes.get(type.toLowerCase())) ?? codeOfStatus(status),
    (object ? messageOf(object) : oneLine(body)) || type || 'the answer has no body',
    { status, ...(type && { type }), ...(requestId !== undefined && { requestId }) },
  )
}

/** An exception in the middle of a stream: its name, and what it says. */
export function decodeException(named: string, payload: JsonObject): SluiceError {
  const name = plainName(named)
  const original = payload.originalStatusCode
  const message = messageOf(payload) || text(payload, 'originalMessage') || name || 'the provider did not say why'
  return told(codes.get(name.toLowerCase()) ?? 'upstream_server', message, {
    ...(name !== '' && { type: name }),
    ...(typeof original === 'number' && { status: original }),
  })
}

/** Without the address behind it, and without the package before it. */
function plainName(name: string): string {
  return name.replace(/:.*$/s, '').replace(/^.*#/s, '')
}

function messageOf(body: JsonObject): string {
  return text(body, 'message') ?? text(body, 'Message') ?? ''
}

function told(known: ErrorCode, message: string, upstream: UpstreamErrorFacts): SluiceError {
  const code = known === 'upstream_invalid_request' ? byWords(message) : known
  const { status } = upstream
  // A provider's own 4xx about the request is shown as it is; of its other answers sluice's table says the status.
  const own = code === 'upstream_invalid_request' && status !== undefined && status >= 400 && status < 500
  return new SluiceError(code, message, { upstream: { dialect, ...upstream }, ...(own && { status }) })
}

function codeOfStatus(status: number): ErrorCode {
  return statuses.get(status) ?? (status >= 500 || status < 400 ? 'upstream_server' : 'upstream_invalid_request')
}

/** What this API says only in words: everything that is wrong with a request is a `ValidationException`. */
function byWords(message: string): ErrorCode {
  if (/input is too long|too many (input )?tokens|prompt is too long|context (window|length|limit)/i.test(message)) {
    return 'upstream_context_length'
  }
  if (/content (filter|policy)|content filtering policy/i.test(message)) return 'upstream_content_policy'
  return 'upstream_invalid_request'
}
