import { isJsonObject, type Json, type JsonObject, type Usage } from '../../tokens/index.ts'
import type { WireUsage } from './wire.ts'

const known = new Set([
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'prompt_tokens_details',
  'completion_tokens_details',
  'prompt_cache_hit_tokens',
  'prompt_cache_miss_tokens',
  'num_cached_tokens',
])

/**
 * Counts as servers of this dialect report them. Some leave the reasoning out of the answer's count or the cached part
 * out of the prompt's (xAI); the total, or a part larger than its whole, gives that away, and it is added back.
 */
export function decodeUsage(wire: JsonObject): Usage {
  const prompt = isJsonObject(wire.prompt_tokens_details) ? wire.prompt_tokens_details : {}
  const completion = isJsonObject(wire.completion_tokens_details) ? wire.completion_tokens_details : {}
  let input = count(wire.prompt_tokens)
  let output = count(wire.completion_tokens)
  const total = count(wire.total_tokens)
  const cacheRead = count(prompt.cached_tokens) ?? count(wire.prompt_cache_hit_tokens) ?? count(wire.num_cached_tokens)
  const reasoning = count(completion.reasoning_tokens)
  if (output !== undefined && reasoning) {
    const apart = input !== undefined && total === input + output + reasoning
    if (apart || reasoning > output) output += reasoning
  }
  if (input !== undefined && cacheRead !== undefined && cacheRead > input) input += cacheRead
  const usage: Record<string, number | undefined> = {
    input,
    cacheRead,
    cacheWrite: count(prompt.cache_write_tokens),
    output,
    reasoning,
    inputAudio: count(prompt.audio_tokens),
    outputAudio: count(completion.audio_tokens),
    acceptedPrediction: count(completion.accepted_prediction_tokens),
    rejectedPrediction: count(completion.rejected_prediction_tokens),
  }
  for (const key of Object.keys(usage)) if (usage[key] === undefined) delete usage[key]
  return usage as Usage
}

/** What a server adds to its counts, such as a cost: shown to clients of this dialect as it is. */
export function extraUsage(wire: JsonObject): JsonObject | undefined {
  const rest: JsonObject = {}
  for (const [key, value] of Object.entries(wire)) if (!known.has(key) && value !== null) rest[key] = value
  return Object.keys(rest).length === 0 ? undefined : rest
}

/** What an answer cost, if it says so at the place that is known for it. */
export function readCost(body: JsonObject, { at, unit }: { at: string; unit: string }): Usage['cost'] {
  let value: Json | undefined = body
  for (const key of at.split('.')) value = isJsonObject(value) ? value[key] : undefined
  const amount = count(value)
  return amount === undefined ? undefined : { amount, unit }
}

/** Whether there is a count to tell of. A cost alone is none, and zeros beside it would be wrong. */
export function hasCounts({ cost: _, ...counts }: Usage): boolean {
  return Object.keys(counts).length > 0
}

/**
 * Clients take every count for granted, so what is unknown becomes 0 here, at the very edge.
 *
 * @param facts what the provider itself had in this place beside its counts. A cost that stood elsewhere is put here,
 *   where clients look for it, with the unit, since they expect dollars
 */
export function encodeUsage(usage: Usage, facts: JsonObject = {}): WireUsage {
  const input = usage.input ?? 0
  const output = usage.output ?? 0
  const cost = facts.cost === undefined ? usage.cost : undefined
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead ?? 0,
      audio_tokens: usage.inputAudio ?? 0,
      cache_write_tokens: usage.cacheWrite ?? 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning ?? 0,
      audio_tokens: usage.outputAudio ?? 0,
      accepted_prediction_tokens: usage.acceptedPrediction ?? 0,
      rejected_prediction_tokens: usage.rejectedPrediction ?? 0,
    },
    ...(cost && { cost: cost.amount, cost_unit: cost.unit }),
    ...facts,
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
