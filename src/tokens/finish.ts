/** Why a choice ended, in one vocabulary. Each dialect maps its own words to these and back. */
export type FinishReason =
  | 'stop'
  | 'stop_sequence'
  | 'tool_calls'
  | 'length'
  | 'context_full'
  | 'content_filter'
  | 'paused'
  | 'malformed_call'
  | 'unknown'

export interface Finish {
  reason: FinishReason
  /** The vendor's own word, kept for the same dialect and for logs. */
  native?: string
  /** The stop sequence that matched, where the vendor says it. */
  stopSequence?: string
  /** The vendor's details, e.g. of a refusal, in its own shape. */
  details?: unknown
}
