import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { chatError } from './openai-chat-parts.ts'
import type { Counts, ErrorFacts } from './scene.ts'

/** The small shapes of the Responses API. */

const completed: ReadonlySet<string> = new Set([
  'stop',
  'stop_sequence',
  'tool_calls',
  'refusal',
  'paused',
  'pause',
  'completed',
])

const reasons: Record<string, string> = { length: 'max_output_tokens', context_full: 'max_output_tokens' }

/** How a response ends. There are no finish reasons here: a word that is not known is why it is incomplete. */
export function ending(finish: string): { status: 'completed' | 'incomplete'; incomplete_details: JsonObject | null } {
  if (completed.has(finish)) return { status: 'completed', incomplete_details: null }
  return { status: 'incomplete', incomplete_details: { reason: reasons[finish] ?? finish } }
}

export function responseUsage(counts: Counts): JsonObject {
  return {
    input_tokens: counts.input,
    input_tokens_details: { cached_tokens: counts.cacheRead, cache_write_tokens: counts.cacheWrite },
    output_tokens: counts.output,
    output_tokens_details: { reasoning_tokens: counts.reasoning },
    total_tokens: counts.input + counts.output,
  }
}

/** Blocks of other languages in a script say nothing here. */
export function isHostedItem(block: unknown): block is JsonObject {
  return isJsonObject(block as JsonObject) && /_call$|^mcp_|^compaction$/.test(String((block as JsonObject).type))
}

/** In the middle of a stream, in the form in which the vendor is seen to send it. */
export function responsesErrorEvent(facts: Omit<ErrorFacts, 'status'>): JsonObject {
  return { type: 'error', sequence_number: 0, ...chatError({ status: 500, ...facts }) }
}
