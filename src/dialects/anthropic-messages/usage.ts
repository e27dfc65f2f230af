import { isJsonObject, type Json, type JsonObject, type Usage } from '../../tokens/index.ts'
import { rest } from '../lenient.ts'
import type { WireUsage } from './wire.ts'

const known: ReadonlySet<string> = new Set([
  'input_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'cache_creation',
  'output_tokens',
  'output_tokens_details',
  'server_tool_use',
  'service_tier',
])

/**
 * The counts of one message while they come in. Each is cumulative: the last one that is not null stands. They are
 * kept in the wire's terms, since the whole prompt is a sum over fields that may come in different events.
 */
export class UsageReader {
  #input: number | undefined
  #cacheRead: number | undefined
  #cacheWrite: number | undefined

  /** What `wire` says, with the sums that follow from what was said before. */
  read(wire: JsonObject): Usage {
    this.#input = count(wire.input_tokens) ?? this.#input
    this.#cacheRead = count(wire.cache_read_input_tokens) ?? this.#cacheRead
    this.#cacheWrite = count(wire.cache_creation_input_tokens) ?? this.#cacheWrite
    const usage: Usage = {}
    if (this.#input !== undefined) usage.input = this.#input + (this.#cacheRead ?? 0) + (this.#cacheWrite ?? 0)
    if (this.#cacheRead !== undefined) usage.cacheRead = this.#cacheRead
    if (this.#cacheWrite !== undefined) usage.cacheWrite = this.#cacheWrite
    if (isJsonObject(wire.cache_creation)) {
      set(usage, 'cacheWrite5m', wire.cache_creation.ephemeral_5m_input_tokens)
      set(usage, 'cacheWrite1h', wire.cache_creation.ephemeral_1h_input_tokens)
    }
    set(usage, 'output', wire.output_tokens)
    if (isJsonObject(wire.output_tokens_details)) set(usage, 'reasoning', wire.output_tokens_details.thinking_tokens)
    if (isJsonObject(wire.server_tool_use)) {
      const uses = Object.entries(wire.server_tool_use).filter(([, value]) => count(value) !== undefined)
      if (uses.length > 0) usage.serverTools = Object.fromEntries(uses) as Record<string, number>
    }
    if (typeof wire.service_tier === 'string') usage.tier = wire.service_tier
    return usage
  }
}

/** Fields of a usage object that the canonical model has no room for. */
export function unknownUsage(wire: JsonObject): JsonObject | undefined {
  return rest(wire, known)
}

/** The prompt's counts and the tier, as far as they are known. */
export function encodeInput(usage: Usage): WireUsage {
  const wire: WireUsage = {}
  if (usage.input !== undefined) {
    wire.input_tokens = Math.max(0, usage.input - (usage.cacheRead ?? 0) - (usage.cacheWrite ?? 0))
  }
  if (usage.cacheWrite !== undefined) wire.cache_creation_input_tokens = usage.cacheWrite
  if (usage.cacheRead !== undefined) wire.cache_read_input_tokens = usage.cacheRead
  if (usage.cacheWrite5m !== undefined || usage.cacheWrite1h !== undefined) {
    wire.cache_creation = {
      ephemeral_5m_input_tokens: usage.cacheWrite5m ?? 0,
      ephemeral_1h_input_tokens: usage.cacheWrite1h ?? 0,
    }
  }
  if (usage.tier !== undefined) wire.service_tier = usage.tier
  return wire
}

/** All counts, as far as they are known. */
export function encodeUsage(usage: Usage): WireUsage {
  const wire = encodeInput(usage)
  if (usage.output !== undefined) wire.output_tokens = usage.output
  if (usage.reasoning !== undefined) wire.output_tokens_details = { thinking_tokens: usage.reasoning }
  if (usage.serverTools !== undefined) wire.server_tool_use = { ...usage.serverTools }
  return wire
}

function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function set(usage: Usage, field: 'cacheWrite5m' | 'cacheWrite1h' | 'output' | 'reasoning', value: Json | undefined) {
  const number = count(value)
  if (number !== undefined) usage[field] = number
}
