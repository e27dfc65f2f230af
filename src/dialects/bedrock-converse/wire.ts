import type { FinishReason, JsonObject } from '../../tokens/index.ts'

/**
 * The shapes and words of Amazon Bedrock's Converse API
 * (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).
 */
export const dialect = 'bedrock-converse'

/** `toolUseId`. */
export const callIdRule = { max: 64, allowed: /^[a-zA-Z0-9_-]+$/ }

/** The names of tools. */
export const toolNameRule = { max: 64, allowed: /^[a-zA-Z0-9_-]+$/ }

export const imageFormats: ReadonlyMap<string, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  ['image/jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
])

export const documentFormats: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/html', 'html'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
])

export const stopReasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'stop_sequence'],
  ['guardrail_intervened', 'content_filter'],
  ['content_filtered', 'content_filter'],
  ['malformed_model_output', 'malformed_call'],
  ['malformed_tool_use', 'malformed_call'],
  ['model_context_window_exceeded', 'context_full'],
])

/** Fields of a request that are sent as the client wrote them, in whatever dialect it asks: only this API has them. */
export const passedFields: ReadonlySet<string> = new Set([
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  'guardrailConfig',
  'performanceConfig',
  'promptVariables',
  'requestMetadata',
])

/** The payload of an event, as far as it is read. Anything may be missing. */
export interface WirePayload extends JsonObject {
  contentBlockIndex?: number
  start?: JsonObject
  delta?: JsonObject
  stopReason?: string
  additionalModelResponseFields?: JsonObject | null
  usage?: JsonObject
  trace?: JsonObject
  message?: string
}

/** Letters of random length against eavesdroppers who count bytes; a key of any payload. */
export const padding = 'p'
