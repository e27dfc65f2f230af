import { type ErrorCode, SluiceError } from '../../errors/index.ts'
import { reason, type SystemError } from '../reason.ts'

/** An answer of the provider that a package has turned into an error. */
export interface Refusal {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  body: string
}

interface PackageError extends SystemError {
  statusCode?: number
  responseHeaders?: Record<string, string>
  responseBody?: string
}

/** The provider's refusal inside what a package threw; undefined when it is something else. */
export function refusalIn(thrown: unknown): Refusal | undefined {
  const { statusCode, responseHeaders, responseBody, message } = (thrown ?? {}) as PackageError
  if (typeof statusCode !== 'number' || statusCode < 300) return undefined
  const body = { message: String(message), ...(typeof responseBody === 'string' && { body: cut(responseBody) }) }
  return { status: statusCode, headers: responseHeaders ?? {}, body: JSON.stringify(body) }
}

/** The message of a connection's failure says which end it was; the errors of packages are told by their names. */
export function failureOf(thrown: unknown, where: string, afterHead: boolean): SluiceError {
  if (SluiceError.is(thrown)) return thrown
  const cause = thrown
  const { name = '', message = String(thrown), statusCode } = (thrown ?? {}) as PackageError
  const code = byName.find(([pattern]) => pattern.test(name))?.[1]
  if (code) return new SluiceError(code, `cannot call ${where}: ${message}`, { cause })
  const broken = connectionError(thrown)
  if (afterHead) {
    const found = broken ? reason(broken) : message
    return new SluiceError('upstream_truncated', `the answer of ${where} broke off: ${found}`, { cause })
  }
  if (broken?.code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new SluiceError('connect_timeout', `cannot reach ${where}: no connection in time`, { cause })
  }
  if (broken) return new SluiceError('upstream_unreachable', `cannot reach ${where}: ${reason(broken)}`, { cause })
  if (statusCode !== undefined) {
    return new SluiceError('upstream_protocol', `cannot read the answer of ${where}: ${message}`, { cause })
  }
  return new SluiceError('upstream_server', `cannot call ${where}: its package failed: ${message}`, { cause })
}

/** Names of errors without an answer of the provider. */
const byName: ReadonlyArray<[RegExp, ErrorCode]> = [
  [/LoadAPIKeyError|LoadSettingError/, 'upstream_auth'],
  [/NoSuchModelError/, 'upstream_not_found'],
  [/UnsupportedFunctionalityError|NoSuchProviderReference/, 'unsupported'],
  [/InvalidPromptError|InvalidArgumentError/, 'upstream_invalid_request'],
  [/JSONParseError|TypeValidationError|InvalidResponseDataError|EmptyResponseBodyError/, 'upstream_protocol'],
]

/** The error of the system, or of the client under a package, that lies behind an error. */
function connectionError(thrown: unknown): SystemError | undefined {
  let error = thrown
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    const one = error as SystemError
    if (
      error instanceof AggregateError ||
      /^(E[A-Z]+|UND_ERR_\w+|CERT_\w+|ERR_(TLS|SSL)_\w+|\w+_CERT\w*)$/.test(one.code ?? '')
    ) {
      return one
    }
    error = error.cause
  }
  return undefined
}

const explanationLimit = 64 * 1024

function cut(text: string): string {
  return text.slice(0, explanationLimit)
}

/**
 * An error inside a stream, as JSON: what a vendor sent is an object of any shape, what a package made is an `Error`.
 */
export function errorJson(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown)
  if (!(thrown instanceof Error)) return isPlain(thrown) ? thrown : { message: String((thrown as Error).message) }
  const { name, message, statusCode, responseBody } = thrown as PackageError
  const { data } = thrown as { data?: unknown }
  return {
    name,
    message,
    ...(statusCode !== undefined && { statusCode }),
    ...(responseBody !== undefined && { body: cut(responseBody) }),
    ...(typeof data === 'object' && data !== null && 'error' in data && isPlain(data) && { error: data.error }),
  }
}

/** Whether JSON can say it: what a package throws may lead back to itself. */
function isPlain(thrown: object): boolean {
  try {
    JSON.stringify(thrown)
    return true
  } catch {
    return false
  }
}
