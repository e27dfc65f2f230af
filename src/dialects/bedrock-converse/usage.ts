import { isJsonObject, type Json, type JsonObject, type Usage } from '../../tokens/index.ts'

/** The counts of an answer. `inputTokens` leaves out what was read from or written to the cache. */
export function decodeUsage(wire: JsonObject, tier?: Json): Usage {
  const usage: Usage = {}
  const input = count(wire.inputTokens)
  const read = count(wire.cacheReadInputTokens)
  const written = count(wire.cacheWriteInputTokens)
  if (input !== undefined) usage.input = input + (read ?? 0) + (written ?? 0)
  if (read !== undefined) usage.cacheRead = read
  if (written !== undefined) usage.cacheWrite = written
  for (const detail of Array.isArray(wire.cacheDetails) ? wire.cacheDetails : []) {
    const tokens = isJsonObject(detail) ? count(detail.inputTokens) : undefined
    if (tokens === undefined) continue
    const { ttl } = detail as JsonObject
    if (ttl === '5m') usage.cacheWrite5m = tokens
    else if (ttl === '1h') usage.cacheWrite1h = tokens
  }
  const output = count(wire.outputTokens)
  if (output !== undefined) usage.output = output
  if (isJsonObject(wire.serverToolUsage)) {
    const uses = Object.entries(wire.serverToolUsage).filter(([, value]) => count(value) !== undefined)
    if (uses.length > 0) usage.serverTools = Object.fromEntries(uses) as Record<string, number>
  }
  if (isJsonObject(tier) && typeof tier.type === 'string') usage.tier = tier.type
  return usage
}

function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
