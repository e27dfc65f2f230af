import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { filled, parse, rest } from '../lenient.ts'
import { CandidateDecoder } from './candidate-decoder.ts'
import { decodeErrorEvent } from './error.ts'
import { UsageReader } from './usage.ts'
import { chunkFields, dialect } from './wire.ts'

/**
 * Chunks to tokens. There is no end marker: the answer is whole when every candidate has said why it ends, and over when
 * the body is. Counts come with every chunk; they are told at the first one, for those who need the prompt's size early,
 * and at the end.
 */
export class GeminiDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  readonly #candidates = new Map<number, CandidateDecoder>()
  readonly #usage = new UsageReader()
  /** Whether there are counts that were not told yet, and whether any were. */
  #usageNews = false
  #usageTold = false
  #started = false
  readonly #told = new Map<string, Json>()
  /** Why the prompt was refused, where it was. */
  #blocked: JsonObject | undefined
  #done = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  get finished(): boolean {
    if (this.#blocked) return true
    if (this.#candidates.size < (this.#options.choices ?? 1)) return false
    for (const candidate of this.#candidates.values()) if (!candidate.hasWord) return false
    return true
  }

  get done(): boolean {
    return this.#done
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#done) return
    const { data } = event
    const parsed = parse(data)
    const chunk = Array.isArray(parsed) ? parsed[0] : parsed
    if (!isJsonObject(chunk)) {
      // No server of the vendor says it; those that came from another API may.
      if (data.trim() === '[DONE]') this.end(emit)
      // What stands behind a whole answer cannot take it back.
      else if (!this.finished) this.#break(protocol(data), emit)
      return
    }
    if (chunk.error !== undefined && chunk.error !== null) {
      this.#break(decodeErrorEvent(chunk), emit)
      return
    }
    this.read(chunk, emit)
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#done) return
    const candidates = [...this.#candidates.values()]
    const whole = candidates.length > 0 && candidates.every((one) => one.hasWord)
    if (!whole && !this.#blocked) {
      const found = 'cannot finish the answer: the stream ended before a finish reason'
      this.#break(new SluiceError('upstream_truncated', found), emit)
      return
    }
    this.finish(emit)
  }

  /** Ends the answer as it is: a whole one need not say why. */
  finish(emit: Emit<StreamToken>): void {
    if (this.#done) return
    this.#done = true
    this.#tellUsage(emit)
    if (this.#candidates.size === 0) this.#candidate(0)
    for (const candidate of this.#candidates.values()) {
      const reason = this.#blocked && !candidate.hasWord ? filled(this.#blocked.blockReason) : undefined
      const found = reason !== undefined && {
        reason: 'content_filter' as const,
        native: reason,
        details: { promptFeedback: this.#blocked },
      }
      candidate.finish(found || undefined, emit)
    }
  }

  /** One parsed chunk that is no error. */
  read(chunk: JsonObject, emit: Emit<StreamToken>): void {
    this.#start(chunk, emit)
    const feedback = chunk.promptFeedback
    if (isJsonObject(feedback) && filled(feedback.blockReason) !== undefined) this.#blocked = feedback
    const facts = news(rest(chunk, chunkFields), this.#told)
    if (facts) emit({ type: 'metadata', dialect, fields: facts })
    if (isJsonObject(chunk.usageMetadata)) {
      this.#usage.read(chunk.usageMetadata)
      this.#usageNews = true
      if (!this.#usageTold) this.#tellUsage(emit)
    }
    const candidates = Array.isArray(chunk.candidates) ? chunk.candidates : []
    for (const wire of candidates) {
      if (!isJsonObject(wire)) continue
      const index = Number.isInteger(wire.index) && (wire.index as number) >= 0 ? (wire.index as number) : 0
      this.#candidate(index).read(wire, emit)
    }
  }

  #candidate(index: number): CandidateDecoder {
    let candidate = this.#candidates.get(index)
    if (!candidate) {
      candidate = new CandidateDecoder(index, this.#options)
      this.#candidates.set(index, candidate)
    }
    return candidate
  }

  #start(chunk: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#started = true
    const id = filled(chunk.responseId)
    const model = filled(chunk.modelVersion)
    const created = typeof chunk.createTime === 'string' ? Math.floor(Date.parse(chunk.createTime) / 1000) : Number.NaN
    emit({
      type: 'message-start',
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      ...(Number.isFinite(created) && { created }),
    })
  }

  #tellUsage(emit: Emit<StreamToken>): void {
    const { usage, unknown } = this.#usage
    if (!usage) return
    if (this.#usageNews && Object.keys(usage).length > 0) {
      this.#usageTold = true
      this.#usageNews = false
      emit({ type: 'usage', usage })
    }
    if (unknown && this.#done) emit({ type: 'metadata', dialect, fields: { usageMetadata: unknown } })
  }

  #break(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#done = true
    if (this.#started) this.#tellUsage(emit)
    emit({ type: 'error', error })
  }
}

/** The facts without those that earlier chunks have told in the same words: a time, a version. */
function news(facts: JsonObject | undefined, told: Map<string, Json>): JsonObject | undefined {
  if (!facts) return undefined
  const fresh = Object.entries(facts).filter(([key, value]) => {
    if (value === undefined || typeof value === 'object' || told.get(key) === value) return typeof value === 'object'
    told.set(key, value)
    return true
  })
  return fresh.length > 0 ? Object.fromEntries(fresh) : undefined
}

function protocol(data: string): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the stream: an event holds no JSON object, it begins with ${JSON.stringify(data.slice(0, 60))}`,
  )
}
