import type { JsonObject } from '../../tokens/index.ts'
import type { Counts, ErrorFacts, Scene } from './scene.ts'
import { argumentsText, finishOf } from './scene.ts'
import type { ToolStep } from './script.ts'

/** The small shapes that streamed and whole messages have in common. */

const stopReasons: Record<string, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  paused: 'pause_turn',
  pause: 'pause_turn',
  context_full: 'model_context_window_exceeded',
}

/** The fields that say how a message ended. A word that Anthropic does not know goes out as it is. */
export function stopFields(scene: Scene): JsonObject {
  const finish = finishOf(scene.turn)
  if (finish === false) return { stop_reason: null, stop_sequence: null, stop_details: null }
  const reason = stopReasons[finish] ?? finish
  const sequence = reason === 'stop_sequence' ? (scene.turn.stopSequence ?? scene.ask.stop[0] ?? null) : null
  const details = reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null
  return { stop_reason: reason, stop_sequence: sequence, stop_details: details }
}

/** Anthropic's input excludes what was read from or written to a cache. */
export function usageFields(counts: Counts): JsonObject {
  return {
    input_tokens: Math.max(0, counts.input - counts.cacheRead - counts.cacheWrite),
    cache_creation_input_tokens: counts.cacheWrite,
    cache_read_input_tokens: counts.cacheRead,
    output_tokens: counts.output,
    output_tokens_details: { thinking_tokens: counts.reasoning },
  }
}

/** What is known when a message begins. */
export function startUsage(counts: Counts): JsonObject {
  const { output_tokens_details: _, ...usage } = usageFields({ ...counts, output: 1 })
  return {
    ...usage,
    cache_creation: { ephemeral_5m_input_tokens: counts.cacheWrite, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
  }
}

/** The input of a call as text. Free-text tools are unknown here: the text becomes the field `input` of an object. */
export function inputText(step: ToolStep): string {
  return step.custom ? JSON.stringify({ input: argumentsText(step) }) : argumentsText(step)
}

const errorWords: Record<number, [type: string, message: string]> = {
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'The credit balance is too low.'],
  403: ['permission_error', 'The key may not do this.'],
  404: ['not_found_error', 'Not found'],
  409: ['conflict_error', 'The request conflicts with another one.'],
  413: ['request_too_large', 'The request is too large.'],
  429: ['rate_limit_error', 'The rate limit of this account was exceeded.'],
  504: ['timeout_error', 'The request timed out.'],
  529: ['overloaded_error', 'Overloaded'],
}

export function messagesError(facts: ErrorFacts, requestId: string): JsonObject {
  const [type, message] =
    errorWords[facts.status] ??
    (facts.status < 500
      ? ['invalid_request_error', 'The request is not valid.']
      : ['api_error', 'Internal server error'])
  return {
    type: 'error',
    error: {
      type: facts.type ?? type,
      message: facts.message ?? message,
      ...(facts.code !== undefined && { details: { error_code: facts.code } }),
    },
    request_id: requestId,
  }
}
