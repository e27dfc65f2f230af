import type { FinishReason, JsonObject } from '../../tokens/index.ts'

/**
 * The shapes and words of the AI SDK's language-model specification, version 4, as JSON: call options as the request,
 * stream parts a line each or a generate result as the answer (ai-sdk.dev/docs/foundations/providers-and-models, and
 * the types of `@ai-sdk/provider`). Answers of the versions 2 and 3 are read as well.
 */
export const dialect = 'ai-sdk'

/** The ids of calls: what every vendor behind a package takes. */
export const callIdRule = { max: 40, allowed: /^[a-zA-Z0-9_-]+$/ }

/** The names of tools. */
export const toolNameRule = { max: 64, allowed: /^[a-zA-Z0-9_-]+$/ }

/** The few words of the specification for why an answer ended. */
export const finishReasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['content-filter', 'content_filter'],
  ['tool-calls', 'tool_calls'],
])

/** Words of models behind it that say more than those of the specification. */
export const nativeReasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop_sequence', 'stop_sequence'],
  ['pause_turn', 'paused'],
  ['model_context_window_exceeded', 'context_full'],
  ['malformed_function_call', 'malformed_call'],
])

/** Fields of a request that are sent as the client wrote them, in whatever dialect it asks: only this API has them. */
export const passedFields: ReadonlySet<string> = new Set(['providerOptions'])

/** One part of a stream, or one piece of content, as far as it is read. Anything may be missing. */
export interface WirePart extends JsonObject {
  type?: string
  id?: string
  delta?: string
}
