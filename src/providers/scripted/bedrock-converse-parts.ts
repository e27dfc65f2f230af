import type { SseMessage } from '../../sse/index.ts'
import type { Json, JsonObject } from '../../tokens/index.ts'
import { argumentsText, type Counts, type ErrorFacts, finishOf, type Scene } from './scene.ts'
import type { ToolStep } from './script.ts'

/** The small shapes that streamed and whole answers of Bedrock have in common. */

const stopReasons: Record<string, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
  refusal: 'content_filtered',
  paused: 'end_turn',
  pause: 'end_turn',
  context_full: 'model_context_window_exceeded',
}

/** The fields that say how an answer ended. A word that Bedrock does not know goes out as it is. */
export function stopFields(scene: Scene): JsonObject {
  const finish = finishOf(scene.turn)
  if (finish === false) return {}
  const stopReason = stopReasons[finish] ?? finish
  const sequence = stopReason === 'stop_sequence' ? (scene.turn.stopSequence ?? scene.ask.stop[0]) : undefined
  const additionalModelResponseFields: Json = sequence === undefined ? null : { delta: { stop_sequence: sequence } }
  return { stopReason, additionalModelResponseFields }
}

/** Bedrock's input excludes what was read from or written to a cache. */
export function usageFields(counts: Counts | undefined): JsonObject {
  const metrics = { latencyMs: 500 }
  if (!counts) return { metrics }
  const { input, output, cacheRead, cacheWrite } = counts
  return {
    usage: {
      inputTokens: Math.max(0, input - cacheRead - cacheWrite),
      outputTokens: output,
      totalTokens: input + output,
      cacheReadInputTokens: cacheRead,
      cacheWriteInputTokens: cacheWrite,
    },
    metrics,
  }
}

/** The input of a call as text. Free-text tools are unknown here: the text becomes the field `input` of an object. */
export function inputText(step: ToolStep): string {
  return step.custom ? JSON.stringify({ input: argumentsText(step) }) : argumentsText(step)
}

const errorWords: Record<number, [type: string, message: string]> = {
  401: ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
  403: ['AccessDeniedException', 'You have no access to the model with this id.'],
  404: ['ResourceNotFoundException', 'The model was not found.'],
  408: ['ModelTimeoutException', 'The model took too long.'],
  424: ['ModelErrorException', 'The model failed.'],
  429: ['ThrottlingException', 'Too many requests, please wait before trying again.'],
  503: ['ServiceUnavailableException', 'The service is unavailable.'],
}

/** What scripts that are written for other vendors call the same. */
const otherWords: Record<string, string> = {
  overloaded_error: 'ServiceUnavailableException',
  rate_limit_error: 'ThrottlingException',
  invalid_request_error: 'ValidationException',
}

function wordsOf({ status, type, message }: ErrorFacts): { type: string; message: string } {
  const [usual, text] =
    errorWords[status] ??
    (status < 500
      ? ['ValidationException', 'The request is not valid.']
      : ['InternalServerException', 'The service failed.'])
  return { type: type === undefined ? usual : (otherWords[type] ?? type), message: message ?? text }
}

export function converseError(facts: ErrorFacts): JsonObject {
  return { message: wordsOf(facts).message }
}

/** The kind of an error stands in a header, with an address of the maker's behind it. */
export function errorHeaders(facts: ErrorFacts): Record<string, string> {
  return { 'x-amzn-errortype': `${wordsOf(facts).type}:http://internal.amazon.com/coral/com.amazon.bedrock/` }
}

/** In a stream the same kinds are written with a small letter. */
export function converseException(facts: Omit<ErrorFacts, 'status'>): SseMessage {
  const { type, message } = wordsOf({ status: 500, ...facts })
  return { event: type.charAt(0).toLowerCase() + type.slice(1), data: JSON.stringify({ message }) }
}
