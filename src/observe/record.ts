/**
 * How an answer went out: forwarded as it came (`passthrough`), decoded and encoded again (`native`), made into a
 * stream from a whole answer (`simulated`), no stream at all (`whole`), or not known, since it never came (`unknown`).
 */
export type StreamKind = 'native' | 'simulated' | 'passthrough' | 'whole' | 'unknown'

/** One finished request, as it is logged: names, counts and times, and nothing that anybody wrote. */
export interface RequestRecord {
  id: string
  method?: string
  /** Without the query, which may hold a key. */
  path?: string
  /** The client's dialect. */
  client: string
  /** The name of the client's key, where it has one. */
  key?: string
  provider?: string
  /** The model's name at the provider. */
  model?: string
  stream?: StreamKind
  /** In tokens; absent when the provider did not say. */
  inputTokens?: number
  outputTokens?: number
  cacheReadTokens?: number
  /** What the provider charges, as it says itself, and in which unit. */
  cost?: number
  costUnit?: string
  /** How many events carried content. */
  deltas?: number
  /** Why the model stopped. */
  finish?: string
  /** Milliseconds from the request to the first content. */
  firstMs?: number
  /** Milliseconds from the request to the end. */
  totalMs: number
  /** The HTTP status that the client got. */
  status: number
  outcome: 'ok' | 'error' | 'aborted'
  /** Which error: a code of `docs/errors.md`. */
  code?: string
  /** What went wrong, in words of our own that quote nobody. */
  reason?: string
  /** Attempts that came to nothing, in order: the target and the code of the error. */
  failed?: string[]
  /** There is no whole answer, and yet the provider has taken the request: it may charge for it. */
  billed?: 'maybe'
  /** The provider's own id of the request, to ask them about it. */
  upstreamRequestId?: string
}
