import { type ErrorCode, type ErrorKind, errorCodes } from './codes.ts'

/** What the provider itself said, kept so that a client of the same dialect can be shown it unchanged. */
export interface UpstreamErrorFacts {
  /** The wire language of the words below, where it is known: its own words mean nothing to clients of another. */
  dialect?: string
  /** HTTP status of the provider's answer; absent for an error inside a stream. */
  status?: number
  /** The provider's own type and code words, e.g. `rate_limit_error`. */
  type?: string
  code?: string
  /** The provider's id of the request. */
  requestId?: string
}

export interface SluiceErrorOptions {
  cause?: unknown
  /** Overrides the table's status, e.g. to show a provider's own 4xx. */
  status?: number
  /** The request field at fault, as a path: `messages[2].content`. */
  param?: string
  /** Machine-readable extras for dialects that have room for them (`error.details` at Anthropic). */
  details?: Record<string, unknown>
  /** How long to wait before another try, in milliseconds. */
  retryAfterMs?: number
  upstream?: UpstreamErrorFacts
}

// One symbol for all copies of the package in a process: `instanceof` fails between two installed copies.
const brand = Symbol.for('sluice.error')

/**
 * The only error class of sluice. The message says what could not be done, then what was found, then what to do.
 *
 * @example
 * throw new SluiceError('invalid_request', 'cannot read the request: `messages` is missing', { param: 'messages' })
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly status: number
  readonly retry: boolean
  readonly param: string | undefined
  readonly details: Record<string, unknown> | undefined
  readonly retryAfterMs: number | undefined
  readonly upstream: UpstreamErrorFacts | undefined
  readonly [brand] = true

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const row = errorCodes[code]
    this.code = code
    this.kind = row.kind
    this.status = options.status ?? row.status
    this.retry = row.retry
    this.param = options.param
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
    this.upstream = options.upstream
  }

  /** True for a `SluiceError` of this or any other installed copy of the package. */
  static is(value: unknown): value is SluiceError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** Whatever was thrown, as a `SluiceError`: itself when it is one, else wrapped as `code` (`internal` unless said). */
  static from(thrown: unknown, code: ErrorCode = 'internal'): SluiceError {
    if (SluiceError.is(thrown)) return thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return new SluiceError(code, message, { cause: thrown })
  }
}
