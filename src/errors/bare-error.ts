import type { ErrorCode, ErrorKind } from './codes.ts'

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

/** What a code stands for: a row of the table without its prose. */
export interface ErrorRow {
  code: ErrorCode
  status: number
  kind: ErrorKind
  retry: boolean
}

// One symbol for all copies of the package in a process: `instanceof` fails between two installed copies.
export const brand = Symbol.for('sluice.error')

/**
 * A `SluiceError` whose row of the table is handed in. For rooms that others bundle on their own, as `sse`: the whole
 * table would weigh as much as their code. To whoever catches it, it is a `SluiceError`.
 */
export class BareError extends Error {
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

  constructor(row: ErrorRow, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = row.code
    this.kind = row.kind
    this.status = options.status ?? row.status
    this.retry = row.retry
    this.param = options.param
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
    this.upstream = options.upstream
  }
}
