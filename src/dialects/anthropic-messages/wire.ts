import type { FinishReason, JsonObject } from '../../tokens/index.ts'

/**
 * The shapes and words of Anthropic's Messages API (docs.anthropic.com, API version 2023-06-01).
 */
export const dialect = 'anthropic-messages'

/** The version that still takes temperature, top_p and top_k. */
export const version = '2023-06-01'

/** What a thinking signature's vendor is called in provider data: the maker of this dialect. */
export const homeVendor = 'anthropic'

/** `tool_use.id` and `tool_use_id`. The length is Bedrock's, the narrowest of those who speak this dialect. */
export const callIdRule = { max: 64, allowed: /^[a-zA-Z0-9_-]+$/ }

/** The names of tools. */
export const toolNameRule = { max: 128, allowed: /^[a-zA-Z0-9_-]+$/ }

export const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

export const stopReasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'stop_sequence'],
  ['tool_use', 'tool_calls'],
  ['pause_turn', 'paused'],
  ['compaction', 'paused'],
  ['refusal', 'content_filter'],
  ['model_context_window_exceeded', 'context_full'],
])

export const stopWords = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  context_full: 'model_context_window_exceeded',
  content_filter: 'refusal',
  paused: 'pause_turn',
  malformed_call: 'end_turn',
  unknown: 'end_turn',
} as const satisfies Record<FinishReason, string>

/** The fields of a message that become tokens of their own. */
export const messageFields: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])

/** The events of a stream, as far as they are read. Anything may be missing: compatible servers leave much out. */
export interface WireEvent extends JsonObject {
  type: string
  index?: number
  message?: JsonObject
  content_block?: JsonObject
  delta?: JsonObject
  usage?: JsonObject
  error?: JsonObject
}

/** The counts of a message. `input_tokens` leaves out what was read from or written to the cache. */
export interface WireUsage extends JsonObject {
  input_tokens?: number | null
  cache_creation_input_tokens?: number | null
  cache_read_input_tokens?: number | null
  output_tokens?: number | null
}
