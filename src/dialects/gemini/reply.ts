import type { SseMessage } from '../../sse/index.ts'
import {
  type ChatReply,
  isJsonObject,
  type Json,
  type JsonObject,
  type StreamToken,
  unfold,
} from '../../tokens/index.ts'
import type { DecodeOptions, EncodeOptions } from '../dialect.ts'
import { GeminiDecoder } from './decode-stream.ts'
import { GeminiEncoder } from './encode-stream.ts'
import { decodeErrorEvent } from './error.ts'
import { chunksOf, partsOf } from './observe-reply.ts'

/** A whole answer, which is a stream of one chunk, so that both ways give the same tokens. */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    if (token.type === 'error') throw token.error
    tokens.push(token)
  }
  const decoder = new GeminiDecoder(options)
  for (const chunk of chunksOf(body)) decoder.read(chunk, emit)
  decoder.finish(emit)
  return tokens
}

/** A whole answer for a client: the stream's own chunks, put together. */
export function encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject {
  const encoder = new GeminiEncoder(options)
  const assembly = new Assembly()
  const take = (event: SseMessage): void => assembly.take(JSON.parse(event.data) as JsonObject)
  for (const token of unfold(reply)) encoder.push(token, take)
  encoder.end(take)
  return assembly.answer()
}

/** An answer out of its chunks, as the encoder writes them: the last one has everything but the parts before it. */
class Assembly {
  readonly #parts = new Map<Json | undefined, JsonObject[]>()
  readonly #logprobs = new Map<Json | undefined, JsonObject>()
  #last: JsonObject = {}

  take(chunk: JsonObject): void {
    if (chunk.error !== undefined) throw decodeErrorEvent(chunk)
    this.#last = chunk
    for (const candidate of candidatesOf(chunk)) {
      const { index, logprobsResult } = candidate
      const parts = this.#parts.get(index) ?? []
      this.#parts.set(index, parts)
      for (const part of partsOf(candidate)) add(parts, part)
      if (isJsonObject(logprobsResult)) {
        this.#logprobs.set(index, joined(this.#logprobs.get(index), logprobsResult))
      }
    }
  }

  answer(): JsonObject {
    if (this.#last.candidates === undefined) return this.#last
    const candidates = candidatesOf(this.#last).map(({ content: _, ...candidate }) => {
      const logprobs = this.#logprobs.get(candidate.index)
      return {
        content: { role: 'model', parts: this.#parts.get(candidate.index) ?? [] },
        ...candidate,
        ...(logprobs && { logprobsResult: logprobs }),
      }
    })
    return { ...this.#last, candidates }
  }
}

/** Texts of one kind in a row are one part, unless one of them carries a signature. */
function add(parts: JsonObject[], part: JsonObject): void {
  const before = parts.at(-1)
  if (part.text === '' && part.thoughtSignature === undefined && before) return
  const joins =
    typeof part.text === 'string' &&
    typeof before?.text === 'string' &&
    part.thoughtSignature === undefined &&
    before.thoughtSignature === undefined &&
    part.thought === before.thought
  if (joins) before.text = `${before.text}${part.text}`
  else parts.push(part)
}

function candidatesOf(chunk: JsonObject): JsonObject[] {
  return Array.isArray(chunk.candidates) ? chunk.candidates.filter(isJsonObject) : []
}

function joined(before: JsonObject | undefined, next: JsonObject): JsonObject {
  const both = (key: string): Json[] => [before?.[key], next[key]].flatMap((one) => (Array.isArray(one) ? one : []))
  const tops = both('topCandidates')
  return { ...(tops.length > 0 && { topCandidates: tops }), chosenCandidates: both('chosenCandidates') }
}
