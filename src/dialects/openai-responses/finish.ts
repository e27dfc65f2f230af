import { type Finish, type FinishReason, isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'

const incomplete: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['max_output_tokens', 'length'],
  ['content_filter', 'content_filter'],
  ['max_messages', 'paused'],
  ['steered', 'paused'],
])

/** This API has no finish reason: it follows from the status and from what the answer holds. */
export function decodeFinish(response: JsonObject, status: string, calls: boolean): Finish {
  if (status !== 'incomplete') return { reason: calls ? 'tool_calls' : 'stop', native: status }
  const details = isJsonObject(response.incomplete_details) ? response.incomplete_details : {}
  const native = filled(details.reason) ?? status
  // In the words of the older API, which servers mix up.
  if (native === 'max_tokens') return { reason: 'length', native }
  return { reason: incomplete.get(native) ?? 'unknown', native }
}

/** Whether a tool of the client's is called. */
export function isCall(item: Json | undefined): boolean {
  return isJsonObject(item) && (item.type === 'function_call' || item.type === 'custom_tool_call')
}

export interface Outcome {
  status: 'completed' | 'incomplete' | 'failed'
  /** Why it is incomplete. */
  reason?: string
}

export function encodeFinish({ reason, native }: Finish): Outcome {
  if (native !== undefined && incomplete.get(native) === reason) return { status: 'incomplete', reason: native }
  switch (reason) {
    case 'length':
    case 'context_full':
      return { status: 'incomplete', reason: 'max_output_tokens' }
    case 'content_filter':
      return { status: 'incomplete', reason: 'content_filter' }
    // A call that cannot be read must not look like an answer that is done.
    case 'malformed_call':
      return { status: 'failed' }
    default:
      return { status: 'completed' }
  }
}
