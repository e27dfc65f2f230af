import { SluiceError } from '../../errors/index.ts'
import { type FinishReason, isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { ReplyFacts } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { decodeErrorEvent } from './error.ts'
import { UsageReader } from './usage.ts'
import { finishReasons } from './wire.ts'

/** What a whole answer says of itself. @throws SluiceError for an error inside a 200, and for what is no answer at all */
export function observeReply(body: JsonObject): ReplyFacts {
  const reader = new UsageReader()
  const candidates: JsonObject[] = []
  let model: string | undefined
  let blocked = false
  for (const chunk of chunksOf(body)) {
    if (isJsonObject(chunk.usageMetadata)) reader.read(chunk.usageMetadata)
    if (Array.isArray(chunk.candidates)) candidates.push(...chunk.candidates.filter(isJsonObject))
    model ??= filled(chunk.modelVersion)
    blocked ||= isJsonObject(chunk.promptFeedback) && filled(chunk.promptFeedback.blockReason) !== undefined
  }
  const parts = candidates.flatMap(partsOf)
  const word = candidates.map((one) => filled(one.finishReason)).find((found) => found !== undefined)
  return {
    model,
    finish: blocked && candidates.length === 0 ? 'content_filter' : finishOf(word, parts.some(isCall)),
    usage: reader.usage,
    parts: parts.length,
  }
}

/**
 * The chunks of a whole answer, which is one, or a list of them where a stream was put together.
 *
 * @throws SluiceError where there is no answer in it, and for an error in its place
 */
export function chunksOf(body: JsonObject | JsonObject[]): JsonObject[] {
  const chunks = (Array.isArray(body) ? body : [body]).filter(isJsonObject)
  for (const chunk of chunks) if (chunk.error !== undefined && chunk.error !== null) throw decodeErrorEvent(chunk)
  if (chunks.some((chunk) => Array.isArray(chunk.candidates) || isJsonObject(chunk.promptFeedback))) return chunks
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no list `candidates`')
}

export function partsOf(candidate: JsonObject): JsonObject[] {
  const parts = isJsonObject(candidate.content) ? candidate.content.parts : undefined
  return Array.isArray(parts) ? parts.filter(isJsonObject) : []
}

export function isCall(part: JsonObject): boolean {
  return isJsonObject(part.functionCall)
}

export function finishOf(word: string | undefined, calls: boolean): FinishReason {
  const reason = word === undefined ? 'stop' : (finishReasons.get(word) ?? 'unknown')
  return calls && (reason === 'stop' || reason === 'unknown') ? 'tool_calls' : reason
}
