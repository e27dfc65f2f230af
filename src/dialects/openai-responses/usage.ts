import { isJsonObject, type Json, type JsonObject, type Usage } from '../../tokens/index.ts'

export function decodeUsage(wire: JsonObject): Usage {
  const input = isJsonObject(wire.input_tokens_details) ? wire.input_tokens_details : {}
  const output = isJsonObject(wire.output_tokens_details) ? wire.output_tokens_details : {}
  const usage: Record<string, number | undefined> = {
    input: count(wire.input_tokens),
    cacheRead: count(input.cached_tokens),
    cacheWrite: count(input.cache_write_tokens),
    output: count(wire.output_tokens),
    reasoning: count(output.reasoning_tokens),
  }
  for (const key of Object.keys(usage)) if (usage[key] === undefined) delete usage[key]
  return usage as Usage
}

/** Strict clients take every count for granted, so what is unknown becomes 0 here, at the very edge. */
export function encodeUsage(usage: Usage): JsonObject {
  const input = usage.input ?? 0
  const output = usage.output ?? 0
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead ?? 0, cache_write_tokens: usage.cacheWrite ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + output,
  }
}

/** Whether the counts that every answer has are known. */
export function isWhole(usage: Usage | undefined): boolean {
  return usage?.input !== undefined && usage.output !== undefined
}

/** The counts are required here, and 0 would be wrong: four characters a token is the usual rough guess. */
export function estimated(usage: Usage | undefined, input: number | undefined, chars: number): Usage {
  return { ...usage, input: usage?.input ?? input ?? 0, output: usage?.output ?? Math.ceil(chars / 4) }
}

function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
