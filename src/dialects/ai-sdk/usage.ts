import { isJsonObject, type Json, type JsonObject, type Usage } from '../../tokens/index.ts'

/**
 * The counts of an answer. `inputTokens` is the whole prompt; version 2 has plain numbers where the others have
 * tables.
 */
export function decodeUsage(wire: JsonObject): Usage {
  const input = isJsonObject(wire.inputTokens)
    ? wire.inputTokens
    : { total: wire.inputTokens, cacheRead: wire.cachedInputTokens }
  const output = isJsonObject(wire.outputTokens)
    ? wire.outputTokens
    : { total: wire.outputTokens, reasoning: wire.reasoningTokens }
  const usage: Usage = {}
  set(usage, 'input', input.total)
  set(usage, 'cacheRead', input.cacheRead)
  set(usage, 'cacheWrite', input.cacheWrite)
  set(usage, 'output', output.total)
  set(usage, 'reasoning', output.reasoning)
  return usage
}

function set(
  usage: Usage,
  field: 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'reasoning',
  value: Json | undefined,
): void {
  if (typeof value === 'number' && Number.isFinite(value)) usage[field] = value
}
