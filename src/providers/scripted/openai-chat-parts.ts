import type { JsonObject } from '../../tokens/index.ts'
import type { Counts, ErrorFacts } from './scene.ts'
import type { StepKinds } from './script.ts'

/** The small shapes that streamed and whole chat completions have in common. */

const finishWords: Record<string, string> = {
  stop_sequence: 'stop',
  refusal: 'stop',
  paused: 'stop',
  pause: 'stop',
  context_full: 'length',
}

/** OpenAI's own words, and words that it does not know, go out as they are. */
export function finishWord(finish: string): string {
  return finishWords[finish] ?? finish
}

export function usageObject(counts: Counts): JsonObject {
  return {
    prompt_tokens: counts.input,
    completion_tokens: counts.output,
    total_tokens: counts.input + counts.output,
    prompt_tokens_details: { cached_tokens: counts.cacheRead, audio_tokens: 0, cache_write_tokens: counts.cacheWrite },
    completion_tokens_details: {
      reasoning_tokens: counts.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** Each delta counts as one token with the same likelihood; alternatives are made up and less likely each. */
export function logprobs(tokens: string[], alternatives: number): JsonObject {
  const entry = (token: string, logprob: number): JsonObject => ({
    token,
    logprob,
    bytes: [...new TextEncoder().encode(token)],
  })
  return {
    content: tokens.map((token) => ({
      ...entry(token, -0.1),
      top_logprobs: Array.from({ length: alternatives }, (_, i) => entry(i === 0 ? token : `${token}${i}`, -0.1 - i)),
    })),
    refusal: null,
  }
}

/** Reasoning has no field at OpenAI; these are the ones that compatible servers use. */
export function reasoningDelta(step: StepKinds['reasoning'], text: string, signature?: string): JsonObject {
  const field = step.field ?? (step.signature === undefined ? 'reasoning_content' : 'reasoning_details')
  if (field !== 'reasoning_details') return { [field]: text, ...(signature !== undefined && { signature }) }
  const detail: JsonObject = { type: 'reasoning.text', text, format: 'anthropic-claude-v1', index: 0 }
  return { reasoning: text, reasoning_details: [signature === undefined ? detail : { ...detail, signature }] }
}

const errorWords: Record<number, [type: string, code: string | null, message: string]> = {
  400: ['invalid_request_error', null, 'The request is not valid.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  403: ['permission_error', null, 'The key may not do this.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached.'],
  503: ['service_unavailable_error', 'server_is_overloaded', 'The server is overloaded.'],
}

export function chatError(facts: ErrorFacts): JsonObject {
  const other = facts.status < 500 ? errorWords[400] : undefined
  const [type, code, message] = errorWords[facts.status] ??
    other ?? ['server_error', null, 'The server had an error while processing your request.']
  return {
    error: {
      message: facts.message ?? message,
      type: facts.type ?? type,
      param: facts.param ?? null,
      code: facts.code ?? (facts.type === undefined ? code : null),
    },
  }
}
