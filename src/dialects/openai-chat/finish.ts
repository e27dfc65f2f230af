import { type ErrorCode, SluiceError } from '../../errors/index.ts'
import type { Finish, FinishReason } from '../../tokens/index.ts'
import { dialectName, type WireFinish } from './wire.ts'

/** In lower case. Servers that pass the models of others on pass their words on, too, so those of every maker are here. */
const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['end_turn', 'stop'],
  ['complete', 'stop'],
  ['completed', 'stop'],
  ['stop_sequence', 'stop_sequence'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  ['model_length', 'context_full'],
  ['model_context_window_exceeded', 'context_full'],
  ['tool_calls', 'tool_calls'],
  ['tool_call', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['content_filtered', 'content_filter'],
  ['guardrail_intervened', 'content_filter'],
  ['refusal', 'content_filter'],
  ['sensitive', 'content_filter'],
  ['safety', 'content_filter'],
  ['recitation', 'content_filter'],
  ['language', 'content_filter'],
  ['blocklist', 'content_filter'],
  ['prohibited_content', 'content_filter'],
  ['spii', 'content_filter'],
  ['image_safety', 'content_filter'],
  ['error_toxic', 'content_filter'],
  ['pause_turn', 'paused'],
  ['malformed_function_call', 'malformed_call'],
  ['unexpected_tool_call', 'malformed_call'],
  ['malformed_tool_use', 'malformed_call'],
])

/** Finish words by which some servers say that the answer broke. */
const brokenFinishes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['error', 'upstream_server'],
  ['network_error', 'upstream_server'],
  ['insufficient_system_resource', 'upstream_overloaded'],
])

/** The error that a finish word stands for, where it says that the answer broke. */
export function brokenFinish(word: string): SluiceError | undefined {
  const broken = brokenFinishes.get(word.toLowerCase())
  if (!broken) return undefined
  return new SluiceError(broken, `the provider broke off the answer: its finish reason is "${word}"`, {
    upstream: { dialect: dialectName, code: word },
  })
}

/**
 * @param word the server's own word, `undefined` when it gave none
 * @param calls whether the choice called a tool: servers that do so and say `stop` mean `tool_calls`, and a client
 *   that is told `tool_calls` without a call waits for ever
 */
export function decodeFinish(word: string | undefined, calls: boolean, stopSequence?: string): Finish {
  let reason: FinishReason = word === undefined ? 'stop' : (reasons.get(word.toLowerCase()) ?? 'unknown')
  if (calls && (reason === 'stop' || reason === 'unknown')) reason = 'tool_calls'
  else if (!calls && reason === 'tool_calls') reason = 'stop'
  const finish: Finish = { reason }
  if (stopSequence !== undefined && (reason === 'stop' || reason === 'stop_sequence')) {
    finish.reason = 'stop_sequence'
    finish.stopSequence = stopSequence
  }
  if (word !== undefined) finish.native = word
  return finish
}

const words: Record<FinishReason, WireFinish> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  context_full: 'length',
  content_filter: 'content_filter',
  paused: 'stop',
  malformed_call: 'stop',
  unknown: 'stop',
}

export function encodeFinish(reason: FinishReason, calls: boolean): WireFinish {
  const word = words[reason]
  // A broken call must not be run, so `malformed_call` stays a plain stop.
  return calls && word === 'stop' && reason !== 'malformed_call' ? 'tool_calls' : word
}
