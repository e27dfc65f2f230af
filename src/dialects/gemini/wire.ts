import type { FinishReason, JsonObject } from '../../tokens/index.ts'

/**
 * The shapes and words of Gemini's `generateContent` (ai.google.dev/api/generate-content), as the Generative Language
 * API and Vertex AI speak it. The wire is JSON of protocol buffers: in answers a field that holds 0, `""` or `false`
 * is left out.
 */
export const dialect = 'gemini'

/** What a thought signature's vendor is called in provider data: the maker of this dialect. */
export const homeVendor = 'google'

/** The names of functions. */
export const functionNameRule = { max: 128, allowed: /^[A-Za-z_][\w.:-]*$/ }

/** Ids of calls to which the vendor gave none, so that they can be told from the vendor's own and left out again. */
export const inventedId = 'call_g_'

/** Stands for a signature that nobody has, as the vendor's guide to thought signatures says. */
export const noSignature = 'skip_thought_signature_validator'

export const finishReasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['LANGUAGE', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'malformed_call'],
  ['UNEXPECTED_TOOL_CALL', 'malformed_call'],
  ['TOO_MANY_TOOL_CALLS', 'malformed_call'],
  ['MALFORMED_RESPONSE', 'malformed_call'],
  ['CONTINUATION', 'paused'],
])

export const finishWords = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  context_full: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  paused: 'MAX_TOKENS',
  malformed_call: 'MALFORMED_FUNCTION_CALL',
  unknown: 'OTHER',
} as const satisfies Record<FinishReason, string>

/** The fields of a candidate that become tokens of their own. */
export const candidateFields: ReadonlySet<string> = new Set(['content', 'finishReason', 'index', 'logprobsResult'])

/** The fields of a chunk that become tokens of their own. */
export const chunkFields: ReadonlySet<string> = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'error',
])

const beside: ReadonlySet<string> = new Set([
  'thought',
  'thoughtSignature',
  'videoMetadata',
  'mediaResolution',
  'partMetadata',
])

/** Whether a part holds anything: an empty text may be left out. */
export function hasData(part: JsonObject): boolean {
  return Object.entries(part).some(([key, value]) => !beside.has(key) && value !== null && value !== undefined)
}
