import type { JsonObject, LogProb } from '../../tokens/index.ts'

/**
 * The shapes of the Chat Completions API, as this dialect writes them. What is read is never trusted to have them:
 * many servers speak this language, each with an accent.
 *
 * @see https://platform.openai.com/docs/api-reference/chat
 */

/** The dialect's name, in configuration, in `extra` and in tokens that only it understands. */
export const dialectName = 'openai-chat'

export type WireFinish = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number; audio_tokens: number; cache_write_tokens: number }
  completion_tokens_details: {
    reasoning_tokens: number
    audio_tokens: number
    accepted_prediction_tokens: number
    rejected_prediction_tokens: number
  }
  /** Not of OpenAI: what the answer cost. */
  cost?: number
  cost_unit?: string
}

export type WireToolCall =
  | { id: string; type: 'function'; function: { name: string; arguments: string } }
  | { id: string; type: 'custom'; custom: { name: string; input: string } }

/** One entry of `reasoning_details`; the kinds are those of OpenRouter, where this field comes from. */
export interface WireReasoningDetail {
  type: 'reasoning.encrypted'
  id?: string
  format: typeof sealedFormat
  /** The block's position in the answer. */
  index: number
  /** An envelope. */
  data: string
}

/** Marks entries of `reasoning_details` whose data is an envelope. */
export const sealedFormat = 'sluice-v1'

export interface WireLogProbs {
  content: LogProb[] | null
  refusal: LogProb[] | null
}

export interface WireMessage {
  role: 'assistant'
  content: string | null
  refusal: string | null
  reasoning_content?: string
  reasoning?: string
  reasoning_details?: WireReasoningDetail[]
  tool_calls?: WireToolCall[]
  annotations: JsonObject[]
  audio?: JsonObject
  images?: JsonObject[]
}
