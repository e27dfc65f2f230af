import { type ErrorCode, type ErrorKind, SluiceError, type UpstreamErrorFacts } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { parse, text } from '../lenient.ts'
import { oneLine } from '../one-line.ts'
import { dialect } from './wire.ts'

/** The words of this dialect for each kind of error, and their HTTP status where it differs from sluice's own. */
const words = {
  invalid_request: { type: 'invalid_request_error' },
  context_length: { type: 'invalid_request_error' },
  content_policy: { type: 'invalid_request_error' },
  auth: { type: 'authentication_error' },
  billing: { type: 'billing_error' },
  permission: { type: 'permission_error' },
  not_found: { type: 'not_found_error' },
  too_large: { type: 'request_too_large' },
  rate_limit: { type: 'rate_limit_error' },
  server: { type: 'api_error' },
  bad_gateway: { type: 'api_error' },
  overloaded: { type: 'overloaded_error', status: 529 },
  timeout: { type: 'timeout_error' },
  aborted: { type: 'api_error' },
} as const satisfies Record<ErrorKind, { type: string; status?: number }>

const codes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['invalid_request_error', 'upstream_invalid_request'],
  ['authentication_error', 'upstream_auth'],
  ['permission_error', 'upstream_auth'],
  ['billing_error', 'upstream_billing'],
  ['not_found_error', 'upstream_not_found'],
  ['conflict_error', 'upstream_server'],
  ['request_too_large', 'upstream_too_large'],
  ['rate_limit_error', 'upstream_rate_limit'],
  ['api_error', 'upstream_server'],
  ['timeout_error', 'upstream_timeout'],
  ['overloaded_error', 'upstream_overloaded'],
])

const statuses: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, 'upstream_auth'],
  [402, 'upstream_billing'],
  [403, 'upstream_auth'],
  [404, 'upstream_not_found'],
  [408, 'upstream_timeout'],
  [409, 'upstream_server'],
  [413, 'upstream_too_large'],
  [429, 'upstream_rate_limit'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
  [524, 'upstream_timeout'],
  [529, 'upstream_overloaded'],
])

/** The body that says an error, in an answer of its own and in the middle of a stream alike. */
export function errorBody(error: SluiceError, requestId: string | undefined): JsonObject {
  const said: JsonObject = { type: wordFor(error), message: messageFor(error) }
  if (error.details) said.details = error.details as JsonObject
  return { type: 'error', error: said, request_id: requestId ?? null }
}

export function encodeError(error: SluiceError, requestId: string): { status: number; body: JsonObject } {
  const row = words[error.kind]
  return { status: 'status' in row ? row.status : error.status, body: errorBody(error, requestId) }
}

/** An error answer of a provider. `body` may be JSON of another kind, a web page, or cut. */
export function decodeError(status: number, body: string): SluiceError {
  const json = parse(body)
  if (json === undefined || !isJsonObject(json)) {
    const found = oneLine(body)
    return told(codeOfStatus(status), found || 'the answer has no body', { status })
  }
  return fromBody(json, status)
}

/** An `error` event, or an error body under a 200. */
export function decodeErrorEvent(event: JsonObject): SluiceError {
  return fromBody(event, undefined)
}

function fromBody(body: JsonObject, status: number | undefined): SluiceError {
  const error: JsonObject = isJsonObject(body.error)
    ? body.error
    : { message: body.error ?? body.message ?? body.detail }
  const type = text(error, 'type')
  const message = said(error.message) || type || `status ${status ?? 'unknown'}`
  const known = type === undefined ? undefined : codes.get(type)
  // Words that stand for many things give way to a status that says which.
  const vague = known === undefined || known === 'upstream_server' || known === 'upstream_invalid_request'
  const byStatus = status === undefined || (known && !statuses.has(status)) ? undefined : codeOfStatus(status)
  const named = (vague ? byStatus : known) ?? known ?? 'upstream_server'
  const details = isJsonObject(error.details) ? error.details : undefined
  const code = text(error, 'code') ?? (details && text(details, 'error_code'))
  const requestId = text(body, 'request_id')
  return told(
    named === 'upstream_invalid_request' ? byWords(message) : named,
    message,
    {
      ...(status !== undefined && { status }),
      ...(type !== undefined && { type }),
      ...(code !== undefined && { code }),
      ...(requestId !== undefined && { requestId }),
    },
    details,
  )
}

function told(
  code: ErrorCode,
  message: string,
  upstream: UpstreamErrorFacts,
  details?: Record<string, unknown>,
): SluiceError {
  // A provider's own 4xx about the request is shown as it is; of its other answers sluice's table says the status.
  const own = code === 'upstream_invalid_request' && upstream.status !== undefined && upstream.status < 500
  return new SluiceError(code, message, {
    upstream: { dialect, ...upstream },
    ...(own && upstream.status !== undefined && { status: upstream.status }),
    ...(details && { details }),
  })
}

function codeOfStatus(status: number): ErrorCode {
  return statuses.get(status) ?? (status >= 500 || status < 400 ? 'upstream_server' : 'upstream_invalid_request')
}

/** What this API says only in words: it has one type for everything that is wrong with a request. */
function byWords(message: string): ErrorCode {
  if (/prompt is too long|context (window|length)|exceed_context_size/i.test(message)) return 'upstream_context_length'
  if (/credit balance is too low|insufficient (balance|quota)/i.test(message)) return 'upstream_billing'
  if (/content (filter|policy)/i.test(message)) return 'upstream_content_policy'
  return 'upstream_invalid_request'
}

function wordFor(error: SluiceError): string {
  const type = error.upstream?.type
  // The provider's own word, as long as it says the same kind of thing.
  if (type !== undefined && codes.get(type) === error.code && error.code !== 'upstream_auth') return type
  return words[error.kind].type
}

/** Clients make room in the conversation when they read these very words. */
function messageFor(error: SluiceError): string {
  if (error.kind !== 'context_length' || /prompt is too long/i.test(error.message)) return error.message
  return `prompt is too long: ${error.message}`
}

function said(message: Json | undefined): string {
  if (typeof message === 'string') return message
  return message === undefined || message === null ? '' : JSON.stringify(message)
}
