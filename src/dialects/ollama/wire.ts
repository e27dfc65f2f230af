import type { JsonObject } from '../../tokens/index.ts'

/**
 * The shapes of Ollama's own API, as this dialect writes them. What is read is never trusted to have them.
 *
 * @see https://github.com/ollama/ollama/blob/main/docs/api.md
 */

/** The dialect's name, in configuration, in `extra` and in tokens that only it understands. */
export const dialectName = 'ollama'

/** The word of `Asked.form` for `/api/generate`: a prompt in place of messages, and its text in `response`. */
export const generateForm = 'generate'

/** What a line holds, and a whole answer: one shape for both, the last line has what stands behind `done`. */
export interface WireLine {
  model: string
  /** RFC 3339, with a fraction. */
  created_at: string
  /** Of `/api/chat`. */
  message?: { role: 'assistant'; content: string; thinking?: string; tool_calls?: JsonObject[] }
  /** Of `/api/generate`. */
  response?: string
  done: boolean
  done_reason?: string
  /** In nanoseconds. */
  total_duration?: number
  load_duration?: number
  prompt_eval_duration?: number
  eval_duration?: number
  prompt_eval_count?: number
  eval_count?: number
}

/** The fields of a line or an answer that say how much and how long, beside the two counts of tokens. */
export const durations = [
  'total_duration',
  'load_duration',
  'prompt_eval_duration',
  'eval_duration',
] as const satisfies ReadonlyArray<keyof WireLine>
