import { isJsonObject, type JsonObject, type Usage } from '../../tokens/index.ts'

const known: ReadonlySet<string> = new Set([
  'promptTokenCount',
  'toolUsePromptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'totalTokenCount',
  'promptTokensDetails',
  'candidatesTokensDetails',
  'serviceTier',
])

/**
 * The counts of one answer while they come in. Each chunk says them all over again, cumulative, but may leave some out,
 * so the last value of each field stands. Thoughts are counted beside the answer here, and inside it in the canonical
 * form.
 */
export class UsageReader {
  #wire: JsonObject = {}
  #said = false

  /** Takes note of the counts of a chunk. */
  read(wire: JsonObject): void {
    this.#said = true
    for (const [key, value] of Object.entries(wire)) if (value !== null && value !== undefined) this.#wire[key] = value
  }

  /** What is known; undefined: nothing was ever said. */
  get usage(): Usage | undefined {
    if (!this.#said) return undefined
    const wire = this.#wire
    const prompt = count(wire.promptTokenCount)
    const tools = count(wire.toolUsePromptTokenCount)
    const total = count(wire.totalTokenCount)
    const thoughts = count(wire.thoughtsTokenCount)
    const input = sum(prompt, tools)
    const usage: Usage = {}
    if (input !== undefined) usage.input = input
    // A count of zero is left out on this wire, so once a total is known what is missing is nothing.
    const output = sum(count(wire.candidatesTokenCount), thoughts)
    if (output !== undefined) usage.output = output
    else if (total !== undefined && input !== undefined && total >= input) usage.output = total - input
    if (thoughts !== undefined) usage.reasoning = thoughts
    set(usage, 'cacheRead', count(wire.cachedContentTokenCount))
    set(usage, 'inputAudio', ofModality(wire.promptTokensDetails, 'AUDIO'))
    set(usage, 'outputAudio', ofModality(wire.candidatesTokensDetails, 'AUDIO'))
    if (typeof wire.serviceTier === 'string') usage.tier = wire.serviceTier
    return usage
  }

  /** Fields that the canonical model has no room for. */
  get unknown(): JsonObject | undefined {
    const rest = Object.entries(this.#wire).filter(([key]) => !known.has(key))
    return rest.length > 0 ? Object.fromEntries(rest) : undefined
  }
}

/** The counts as this API says them. What is unknown is left out. */
export function encodeUsage(usage: Usage): JsonObject {
  const { input, output, reasoning, cacheRead, inputAudio, outputAudio, tier } = usage
  const answer = output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0))
  const total = input !== undefined && output !== undefined ? input + output : undefined
  return {
    ...(input !== undefined && { promptTokenCount: input }),
    ...(answer !== undefined && { candidatesTokenCount: answer }),
    ...(total !== undefined && { totalTokenCount: total }),
    ...(cacheRead !== undefined && { cachedContentTokenCount: cacheRead }),
    ...(reasoning !== undefined && { thoughtsTokenCount: reasoning }),
    ...(inputAudio !== undefined && { promptTokensDetails: split(input, inputAudio) }),
    ...(outputAudio !== undefined && { candidatesTokensDetails: split(answer, outputAudio) }),
    ...(tier !== undefined && { serviceTier: tier }),
  }
}

function split(all: number | undefined, audio: number): JsonObject[] {
  const sound = { modality: 'AUDIO', tokenCount: audio }
  return all !== undefined && all > audio ? [{ modality: 'TEXT', tokenCount: all - audio }, sound] : [sound]
}

function ofModality(details: unknown, modality: string): number | undefined {
  if (!Array.isArray(details)) return undefined
  const found = details.find((one) => isJsonObject(one) && one.modality === modality)
  return isJsonObject(found) ? count(found.tokenCount) : undefined
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
}

function count(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

function set(usage: Usage, field: 'cacheRead' | 'inputAudio' | 'outputAudio', value: number | undefined): void {
  if (value !== undefined) usage[field] = value
}
