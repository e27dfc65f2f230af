import { type ErrorCode, SluiceError, type UpstreamErrorFacts } from '../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../tokens/index.ts'
import { filled, parse } from './lenient.ts'
import { oneLine } from './one-line.ts'

/**
 * The errors of OpenAI, which words them alike in both of its APIs, and of the many servers that speak one of them.
 */
export interface WireError {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/** The dialects that word errors in this way: what a provider of one says, a client of the other understands. */
const alike: ReadonlySet<string | undefined> = new Set(['openai-chat', 'openai-responses'])

const words: Record<SluiceError['kind'], { type: string; code?: string }> = {
  invalid_request: { type: 'invalid_request_error' },
  context_length: { type: 'invalid_request_error', code: 'context_length_exceeded' },
  content_policy: { type: 'invalid_request_error', code: 'content_policy_violation' },
  auth: { type: 'invalid_request_error', code: 'invalid_api_key' },
  billing: { type: 'insufficient_quota', code: 'insufficient_quota' },
  permission: { type: 'invalid_request_error', code: 'permission_denied' },
  not_found: { type: 'invalid_request_error', code: 'model_not_found' },
  too_large: { type: 'invalid_request_error', code: 'request_too_large' },
  rate_limit: { type: 'rate_limit_exceeded', code: 'rate_limit_exceeded' },
  server: { type: 'server_error' },
  bad_gateway: { type: 'server_error' },
  overloaded: { type: 'service_unavailable_error', code: 'server_is_overloaded' },
  timeout: { type: 'timeout', code: 'timeout' },
  aborted: { type: 'aborted' },
}

/** Codes of sluice's own that clients of this API know by another word. */
const own: Partial<Record<ErrorCode, string>> = {
  unsupported: 'unsupported_parameter',
  unknown_route: 'unknown_url',
  wrong_method: 'method_not_supported',
  unknown_response: 'response_not_found',
  events_dropped: 'events_dropped',
  unknown_previous_response: 'previous_response_not_found',
}

/** The body that says an error. */
export function encodeErrorBody(error: SluiceError): WireError {
  const { type, code } = words[error.kind]
  // The provider's words are shown as they are, but not those of another API, nor those about a key that the client
  // never had.
  const shown = alike.has(error.upstream?.dialect) && error.code !== 'upstream_auth'
  const upstream = shown ? error.upstream : undefined
  return {
    error: {
      message: error.message,
      type: upstream?.type ?? type,
      param: error.param ?? null,
      code: upstream?.code ?? own[error.code] ?? code ?? error.code,
    },
  }
}

export function encodeError(error: SluiceError): { status: number; body: JsonObject } {
  // 529 is a number that only Anthropic's clients know.
  const status = error.status === 529 ? 503 : error.status
  return { status, body: encodeErrorBody(error) as unknown as JsonObject }
}

/** An error answer of a provider; the body may be anything. `dialect`: in which it was asked. */
export function decodeError(status: number, text: string, dialect: string): SluiceError {
  const body = parse(text)
  return body === undefined ? fromFacts({ status, message: oneLine(text), dialect }) : errorFrom(body, dialect, status)
}

/**
 * An error object out of a stream or an answer. Servers word it in many ways: `error` as an object or a text, a list,
 * flat `message` or `detail`, `errors`.
 *
 * @param status of the HTTP answer; absent inside a stream, where a number in `code` stands in for it
 */
export function errorFrom(body: Json, dialect: string, status?: number): SluiceError {
  const root = Array.isArray(body) ? body[0] : body
  if (!isJsonObject(root)) return fromFacts({ status, message: typeof root === 'string' ? root : '', dialect })
  const inner = isJsonObject(root.error) ? root.error : root
  const code = inner.code ?? inner.status_code
  const number = typeof code === 'number' ? code : /^[45]\d\d$/.test(String(code)) ? Number(code) : undefined
  return fromFacts({
    status: status ?? (number !== undefined && number >= 400 && number <= 599 ? number : undefined),
    message: messageOf(root, inner),
    type: filled(inner.type) ?? filled(root.error_type),
    code: typeof code === 'string' ? filled(code) : undefined,
    param: filled(inner.param),
    inHeader: status !== undefined,
    dialect,
  })
}

function messageOf(root: JsonObject, inner: JsonObject): string {
  if (inner !== root) {
    const message = filled(inner.message) ?? ''
    const metadata = isJsonObject(inner.metadata) ? inner.metadata : {}
    const raw = filled(metadata.raw) ?? (isJsonObject(metadata.raw) ? JSON.stringify(metadata.raw) : undefined)
    return raw === undefined || message.includes(raw) ? message : `${message}: ${raw.slice(0, 500)}`
  }
  if (typeof root.error === 'string') return root.error
  if (typeof root.message === 'string') return root.message
  if (typeof root.detail === 'string') return root.detail
  if (Array.isArray(root.detail)) {
    return root.detail
      .filter(isJsonObject)
      .map((one) => `${Array.isArray(one.loc) ? one.loc.join('.') : ''} ${filled(one.msg) ?? ''}`.trim())
      .join('; ')
  }
  const first = Array.isArray(root.errors) ? root.errors[0] : undefined
  if (isJsonObject(first)) return filled(first.message) ?? ''
  return typeof first === 'string' ? first : ''
}

interface Facts {
  dialect: string
  status?: number | undefined
  message: string
  type?: string | undefined
  code?: string | undefined
  param?: string | undefined
  inHeader?: boolean
}

function fromFacts(facts: Facts): SluiceError {
  const { status, type, code, param } = facts
  const message = facts.message || `the provider gave no reason for its error${status ? ` (HTTP ${status})` : ''}`
  const upstream: UpstreamErrorFacts = { dialect: facts.dialect }
  if (status !== undefined && facts.inHeader !== false) upstream.status = status
  if (type !== undefined) upstream.type = type
  if (code !== undefined) upstream.code = code
  const named = codeFor(status, `${type ?? ''} ${code ?? ''}`.toLowerCase(), message.toLowerCase())
  const shown = status !== undefined && status >= 400 && status < 500 && named === 'upstream_invalid_request'
  return new SluiceError(named, message, {
    upstream,
    ...(param !== undefined && { param }),
    ...(shown && { status }),
  })
}

function codeFor(status: number | undefined, names: string, message: string): ErrorCode {
  const all = `${names} ${message}`
  const refused = status === undefined || status === 400 || status === 413 || status === 422
  if (refused && contextLength.test(all)) return 'upstream_context_length'
  if ((refused || status === 403) && contentPolicy.test(all)) return 'upstream_content_policy'
  if (status === 402 || noCredit.test(names)) return 'upstream_billing'
  if ((refused || status === 403) && noFunds.test(message)) return 'upstream_billing'
  if (status === 403 && ofThePlan.test(message)) return 'upstream_billing'
  if (status !== undefined) return byStatus(status)
  for (const [pattern, code] of byWords) if (pattern.test(names)) return code
  for (const [pattern, code] of [...byWords, ...bySentences]) if (pattern.test(message)) return code
  return 'upstream_server'
}

const contextLength =
  /context_length|exceed_context_size|context length|context window|context size|maximum context|prompt is too long|too many tokens/
const contentPolicy =
  /content_policy|bio_policy|policy_violation|content_filter|responsibleai|content policy|moderation|flagged/
const noCredit = /insufficient_quota|insufficient_balance|billing|credit/

/** Of an account: `Not enough coins.`, `You have run out of credits`, `insufficient balance`. */
const noFunds =
  /\b(not enough|insufficient|no more|out of|no)( \w+)? (coins?|credits?|funds|balance)\b|\b(coins?|credits?|balance)\b.{0,20}\b(exhausted|depleted|used up|too low|insufficient)\b/
const ofThePlan = /\b(plan|subscription)\b/

/** What those say in a sentence who have no other word for it. */
const bySentences: Array<[RegExp, ErrorCode]> = [
  [
    /\b(invalid|missing|wrong|incorrect|expired|no|bad)\b.{0,20}\b(api.?key|token|credentials)\b|not authorized/,
    'upstream_auth',
  ],
  [
    /\b(unknown|no such|invalid) model\b|\bmodel\b.{0,120}\b(not found|does not exist|not available)\b/,
    'upstream_not_found',
  ],
]

const byWords: Array<[RegExp, ErrorCode]> = [
  [/rate_limit|rate limit|too_many_requests|too many requests|per minute|slow_down/, 'upstream_rate_limit'],
  [/overloaded|capacity|unavailable/, 'upstream_overloaded'],
  [/timeout|timed out|deadline/, 'upstream_timeout'],
  [/invalid_api_key|authentication|unauthorized|permission/, 'upstream_auth'],
  [/model_not_found|not_found/, 'upstream_not_found'],
  [/server_error|internal/, 'upstream_server'],
  [
    /invalid_request|invalid_value|invalid_prompt|invalid_image|_image|image_|unsupported|validation|missing_required|badrequest/,
    'upstream_invalid_request',
  ],
]

function byStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'upstream_auth'
    case 404:
      return 'upstream_not_found'
    case 408:
    case 504:
    case 524:
      return 'upstream_timeout'
    case 413:
      return 'upstream_too_large'
    case 429:
      return 'upstream_rate_limit'
    case 498:
    case 503:
    case 529:
      return 'upstream_overloaded'
    // A conflict, a failed dependency or a closed request of the provider's own may pass.
    case 409:
    case 424:
    case 499:
      return 'upstream_server'
    default:
      if (status >= 500) return 'upstream_server'
      return status >= 400 ? 'upstream_invalid_request' : 'upstream_protocol'
  }
}
