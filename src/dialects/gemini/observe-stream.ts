import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import { type FinishReason, isJsonObject, type JsonObject, type Usage } from '../../tokens/index.ts'
import type { ObserveOptions, StreamObserver } from '../dialect.ts'
import { filled, parse } from '../lenient.ts'
import { decodeErrorEvent, errorBody } from './error.ts'
import { finishOf, isCall, partsOf } from './observe-reply.ts'
import { UsageReader } from './usage.ts'

/**
 * Reads along with a stream that goes out as it came in. Every chunk is parsed: each says the counts anew, and a chunk of
 * this API brings many words, so that there are few of them.
 */
export class GeminiObserver implements StreamObserver {
  readonly #choices: number
  readonly #words = new Map<number, string | undefined>()
  readonly #reader = new UsageReader()
  #calls = false
  #blocked = false
  content = false
  done = false
  error: SluiceError | undefined
  model: string | undefined
  deltas = 0

  constructor({ choices = 1 }: ObserveOptions) {
    this.#choices = choices
  }

  get usage(): Usage | undefined {
    return this.#reader.usage
  }

  get finished(): boolean {
    if (this.#blocked) return true
    if (this.#words.size < this.#choices) return false
    for (const word of this.#words.values()) if (word === undefined) return false
    return true
  }

  get finish(): FinishReason | undefined {
    for (const word of this.#words.values()) if (word !== undefined) return finishOf(word, this.#calls)
    return this.#blocked ? 'content_filter' : undefined
  }

  see(event: SseEvent): boolean {
    if (this.done || this.error) return false
    const { data } = event
    const parsed = parse(data)
    const chunk = Array.isArray(parsed) ? parsed[0] : parsed
    if (!isJsonObject(chunk)) {
      // Behind a whole answer: an end marker, which clients of this API cannot read, or what nobody can.
      if (this.finished) {
        this.done = data.trim() === '[DONE]'
        return false
      }
      this.error = new SluiceError(
        'upstream_protocol',
        `cannot read the stream: an event holds no JSON object, it begins with ${JSON.stringify(data.slice(0, 60))}`,
      )
      return false
    }
    if (chunk.error !== undefined && chunk.error !== null) {
      this.error = decodeErrorEvent(chunk)
      return false
    }
    this.#chunk(chunk)
    return true
  }

  /** The end of the body is the only end marker. */
  complete(): SseMessage[] {
    this.done = true
    return []
  }

  fail(error: SluiceError): SseMessage[] {
    if (this.done) return []
    this.done = true
    return [{ data: JSON.stringify(errorBody(error).body) }]
  }

  #chunk(chunk: JsonObject): void {
    this.model ??= filled(chunk.modelVersion)
    if (isJsonObject(chunk.usageMetadata)) this.#reader.read(chunk.usageMetadata)
    if (isJsonObject(chunk.promptFeedback) && filled(chunk.promptFeedback.blockReason) !== undefined) {
      this.#blocked = true
      this.content = true
    }
    const candidates = Array.isArray(chunk.candidates) ? chunk.candidates.filter(isJsonObject) : []
    let said = false
    for (const candidate of candidates) {
      const index = Number.isInteger(candidate.index) ? (candidate.index as number) : 0
      const word = filled(candidate.finishReason)
      this.#words.set(index, word ?? this.#words.get(index))
      const parts = partsOf(candidate)
      if (parts.some(isCall)) this.#calls = true
      if (parts.some((part) => part.text !== '' || part.thoughtSignature !== undefined)) said = true
      else if (word !== undefined) this.content = true
    }
    if (!said) return
    this.content = true
    this.deltas++
  }
}
