import { type ErrorCode, SluiceError, type UpstreamErrorFacts } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { filled, parse } from '../lenient.ts'
import { oneLine } from '../one-line.ts'
import { dialectName } from './wire.ts'

/** An error is one text, in an answer of its own and in the middle of a stream alike. */
export function errorBody(error: SluiceError): { error: string } {
  return { error: error.message }
}

export function encodeError(error: SluiceError): { status: number; body: JsonObject } {
  // 529 is a number that only Anthropic's clients know.
  return { status: error.status === 529 ? 503 : error.status, body: errorBody(error) }
}

/** An error answer of a provider; the body may be anything. */
export function decodeError(status: number, text: string): SluiceError {
  const body = parse(text)
  return errorOf(isJsonObject(body) ? messageOf(body) : oneLine(text), status)
}

/** Whether a line, or a whole answer, is an error. */
export function isError({ error }: JsonObject): boolean {
  return (typeof error === 'string' && error !== '') || isJsonObject(error)
}

/** The error inside a line of which `isError` is true. */
export function streamError(line: JsonObject): SluiceError {
  const status = line.status_code ?? line.status
  const known = typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined
  return errorOf(messageOf(line), known, false)
}

function messageOf(body: JsonObject): string {
  const { error } = body
  if (isJsonObject(error)) return filled(error.message) ?? ''
  return filled(error) ?? filled(body.message) ?? filled(body.detail) ?? ''
}

function errorOf(message: string, status: number | undefined, inHeader = true): SluiceError {
  const upstream: UpstreamErrorFacts = { dialect: dialectName }
  if (status !== undefined && inHeader) upstream.status = status
  const code = codeFor(status, message.toLowerCase())
  const said = message || `the provider gave no reason for its error${status === undefined ? '' : ` (HTTP ${status})`}`
  const shown = status !== undefined && status < 500 && code === 'upstream_invalid_request'
  return new SluiceError(code, said, { upstream, ...(shown && { status }) })
}

function codeFor(status: number | undefined, message: string): ErrorCode {
  const refused = status === undefined || status === 400 || status === 413 || status === 422
  if (refused && contextLength.test(message)) return 'upstream_context_length'
  if (status !== undefined) return byStatus(status)
  return byWords.find(([pattern]) => pattern.test(message))?.[1] ?? 'upstream_server'
}

const contextLength = /context (length|window|size)|exceeds? the (available )?context|prompt is too long|input length/

const byWords: Array<[RegExp, ErrorCode]> = [
  [/too many requests|rate limit/, 'upstream_rate_limit'],
  [/server busy|overloaded|maximum pending requests/, 'upstream_overloaded'],
  [/timeout|timed out|deadline/, 'upstream_timeout'],
  [/unauthorized|not signed in/, 'upstream_auth'],
  [/model .* not found|try pulling it/, 'upstream_not_found'],
  [/does not support|invalid (format|request)/, 'upstream_invalid_request'],
]

function byStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'upstream_auth'
    case 402:
      return 'upstream_billing'
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
    case 503:
    case 529:
      return 'upstream_overloaded'
    // A conflict or a closed request of the provider's own may pass.
    case 409:
    case 499:
      return 'upstream_server'
    default:
      if (status >= 500) return 'upstream_server'
      return status >= 400 ? 'upstream_invalid_request' : 'upstream_protocol'
  }
}
