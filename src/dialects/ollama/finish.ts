import type { Finish, FinishReason, Json } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'

const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  // The model was loaded or unloaded, and nothing else was asked for.
  ['load', 'stop'],
  ['unload', 'stop'],
])

/** @param calls the word stays `stop` when tools are called */
export function decodeFinish(word: Json | undefined, calls: boolean): Finish {
  const native = filled(word)
  const reason = native === undefined ? 'stop' : (reasons.get(native) ?? 'unknown')
  const called = calls && (reason === 'stop' || reason === 'unknown')
  return { reason: called ? 'tool_calls' : reason, ...(native !== undefined && { native }) }
}

export function encodeFinish({ reason, native }: Finish): string {
  if (native !== undefined && reasons.get(native) === reason) return native
  return reason === 'length' || reason === 'context_full' ? 'length' : 'stop'
}
