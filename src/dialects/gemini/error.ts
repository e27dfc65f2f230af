import { type ErrorCode, type ErrorKind, SluiceError, type UpstreamErrorFacts } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { filled, parse } from '../lenient.ts'
import { oneLine } from '../one-line.ts'
import { dialect } from './wire.ts'

/** The words of this dialect for each kind of error (google.rpc.Code). */
const words = {
  invalid_request: 'INVALID_ARGUMENT',
  context_length: 'INVALID_ARGUMENT',
  content_policy: 'INVALID_ARGUMENT',
  auth: 'UNAUTHENTICATED',
  billing: 'RESOURCE_EXHAUSTED',
  permission: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  too_large: 'INVALID_ARGUMENT',
  rate_limit: 'RESOURCE_EXHAUSTED',
  server: 'INTERNAL',
  bad_gateway: 'UNAVAILABLE',
  overloaded: 'UNAVAILABLE',
  timeout: 'DEADLINE_EXCEEDED',
  aborted: 'CANCELLED',
} as const satisfies Record<ErrorKind, string>

const codes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['INVALID_ARGUMENT', 'upstream_invalid_request'],
  ['FAILED_PRECONDITION', 'upstream_invalid_request'],
  ['OUT_OF_RANGE', 'upstream_invalid_request'],
  ['UNAUTHENTICATED', 'upstream_auth'],
  ['PERMISSION_DENIED', 'upstream_auth'],
  ['NOT_FOUND', 'upstream_not_found'],
  ['ABORTED', 'upstream_server'],
  ['ALREADY_EXISTS', 'upstream_server'],
  ['RESOURCE_EXHAUSTED', 'upstream_rate_limit'],
  ['CANCELLED', 'upstream_server'],
  ['INTERNAL', 'upstream_server'],
  ['UNKNOWN', 'upstream_server'],
  ['DATA_LOSS', 'upstream_server'],
  ['UNIMPLEMENTED', 'upstream_server'],
  ['UNAVAILABLE', 'upstream_overloaded'],
  ['DEADLINE_EXCEEDED', 'upstream_timeout'],
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
  [499, 'upstream_server'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
])

const typePrefix = 'type.googleapis.com/google.rpc.'

/** The body that says an error, in an answer of its own and in the middle of a stream alike. */
export function errorBody(error: SluiceError): { status: number; body: JsonObject } {
  // 529 is a number that only Anthropic's clients know.
  const status = error.status === 529 ? 503 : error.status
  const details: JsonObject[] = [
    { '@type': `${typePrefix}ErrorInfo`, reason: error.code.toUpperCase(), domain: 'sluice' },
  ]
  if (error.param !== undefined) {
    const violation = { field: error.param, description: error.message }
    details.push({ '@type': `${typePrefix}BadRequest`, fieldViolations: [violation] })
  }
  if (error.retryAfterMs !== undefined) {
    details.push({ '@type': `${typePrefix}RetryInfo`, retryDelay: `${error.retryAfterMs / 1000}s` })
  }
  return { status, body: { error: { code: status, message: error.message, status: wordFor(error), details } } }
}

/** An error answer of a provider. `text` may be JSON of another kind, a web page, or cut. */
export function decodeError(status: number, text: string): SluiceError {
  const json = parse(text)
  const body = Array.isArray(json) ? json[0] : json
  if (isJsonObject(body)) return fromBody(body, status)
  const found = oneLine(text)
  return told(codeOfStatus(status), found || 'the answer has no body', { status }, status)
}

/** An error in place of a chunk, or under a 200. */
export function decodeErrorEvent(body: JsonObject): SluiceError {
  return fromBody(body, undefined)
}

function fromBody(body: JsonObject, status: number | undefined): SluiceError {
  const error: JsonObject = isJsonObject(body.error)
    ? body.error
    : { message: body.error ?? body.message ?? body.detail }
  const word = filled(error.status)
  const number = typeof error.code === 'number' && error.code >= 400 && error.code <= 599 ? error.code : undefined
  const shown = status ?? number
  const details = Array.isArray(error.details) ? error.details.filter(isJsonObject) : []
  const reason = details.map((one) => filled(one.reason)).find((found) => found !== undefined)
  const message = said(error.message) || word || `status ${shown ?? 'unknown'}`
  const wait = waitOf(details)
  return told(
    // A key that is not valid is told as an invalid argument.
    reason === 'API_KEY_INVALID' || reason === 'API_KEY_SERVICE_BLOCKED'
      ? 'upstream_auth'
      : codeOf(word, shown, message),
    message,
    {
      ...(status !== undefined && { status }),
      ...(word !== undefined && { type: word }),
      ...(reason !== undefined && { code: reason }),
    },
    status,
    wait,
  )
}

function codeOf(word: string | undefined, status: number | undefined, message: string): ErrorCode {
  const known = word === undefined ? undefined : codes.get(word)
  const code = known ?? (status === undefined ? 'upstream_server' : codeOfStatus(status))
  return code === 'upstream_invalid_request' ? byWords(message) : code
}

function codeOfStatus(status: number): ErrorCode {
  return statuses.get(status) ?? (status >= 500 || status < 400 ? 'upstream_server' : 'upstream_invalid_request')
}

/** What this API says only in words: it has one status for everything that is wrong with a request. */
function byWords(message: string): ErrorCode {
  if (/token count .*exceeds the maximum|context (window|length)|exceed_context_size/i.test(message)) {
    return 'upstream_context_length'
  }
  if (/API key (not valid|expired|not found)/i.test(message)) return 'upstream_auth'
  return 'upstream_invalid_request'
}

/** How long to wait, which this API says in the body: `"12s"`, `"0.5s"`. */
function waitOf(details: JsonObject[]): number | undefined {
  for (const { '@type': type, retryDelay } of details) {
    const seconds = typeof retryDelay === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(retryDelay)?.[1] : undefined
    if (seconds !== undefined && String(type).endsWith('RetryInfo')) return Math.ceil(Number(seconds) * 1000)
  }
  return undefined
}

function told(
  code: ErrorCode,
  message: string,
  upstream: UpstreamErrorFacts,
  status: number | undefined,
  retryAfterMs?: number,
): SluiceError {
  // A provider's own 4xx about the request is shown as it is; of its other answers sluice's table says the status.
  const own = code === 'upstream_invalid_request' && status !== undefined && status < 500
  return new SluiceError(code, message, {
    upstream: { dialect, ...upstream },
    ...(own && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function wordFor(error: SluiceError): string {
  const { upstream } = error
  // The provider's own word, as long as it says the same kind of thing.
  const word = upstream?.dialect === dialect ? upstream.type : undefined
  if (word !== undefined && codes.get(word) === error.code && error.code !== 'upstream_auth') return word
  return words[error.kind]
}

function said(message: Json | undefined): string {
  if (typeof message === 'string') return message
  return message === undefined || message === null ? '' : JSON.stringify(message)
}
