import { type Clock, systemClock } from '../flow/index.ts'
import { Histogram, type HistogramSnapshot } from './histogram.ts'

export interface MetricsSnapshot {
  /** Streams that have begun, and those of them that ended in an error or were given up. */
  streams: number
  errors: number
  /** Pieces of the source, and their bytes (0 for a source of tokens). */
  chunks: number
  bytes: number
  /** Deltas: pieces of text, reasoning, arguments or media. */
  tokens: number
  /** Undefined where nothing was counted. */
  bytesPerChunk: number | undefined
  tokensPerChunk: number | undefined
  /** Over the time in which streams ran, each by itself: 2 streams of a second are 2 seconds. */
  tokensPerSecond: number | undefined
  /** Milliseconds from the beginning of a stream to its first token. */
  firstToken: HistogramSnapshot | undefined
  /** Milliseconds between one token and the next. */
  gaps: HistogramSnapshot | undefined
}

/**
 * What one stream did, or many: a stream has its own, and `merge` adds it to those before it. The clock is asked once
 * for each chunk and not for each token, so tokens of one chunk share its time and the gaps between them are 0: nobody
 * could have seen them apart.
 *
 * It holds two histograms, some 4 KB, and allocates nothing while it records.
 */
export class StreamMetrics {
  /** Records nothing and never asks the time. */
  static get noop(): StreamMetrics {
    nothing ??= new NoMetrics()
    return nothing
  }

  readonly #clock: Clock
  readonly #firstToken = new Histogram()
  readonly #gaps = new Histogram()
  #streams = 0
  #errors = 0
  #chunks = 0
  #bytes = 0
  #tokens = 0
  /** Milliseconds, of streams that were merged or have begun again. */
  #ranMs = 0
  #began: number | undefined
  #last = 0
  /** Of the stream at hand. */
  #hasToken = false

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** One of the same kind for a stream of its own, to be merged when that is over. */
  fork(): StreamMetrics {
    return new StreamMetrics(this.#clock)
  }

  /** A stream begins: what follows belongs to it. */
  begin(): void {
    this.#close()
    this.#streams++
    this.#began = this.#clock.now()
    this.#last = this.#began
    this.#hasToken = false
  }

  /** A piece of the source has been dealt with; so many tokens came of it. */
  recordChunk(bytes: number, tokens = 0): void {
    this.#chunks++
    this.#bytes += bytes
    this.recordTokens(tokens)
  }

  /** Tokens that did not come of a chunk directly: they were held back, or waited for. */
  recordTokens(tokens: number): void {
    if (this.#began === undefined) this.begin()
    if (tokens === 0) return
    const now = this.#clock.now()
    this.#tokens += tokens
    if (this.#hasToken) this.#gaps.record(now - this.#last)
    else this.#firstToken.record(now - this.#began!)
    if (tokens > 1) this.#gaps.record(0, tokens - 1)
    this.#hasToken = true
    this.#last = now
  }

  recordError(): void {
    this.#errors++
  }

  /** Adds what another has recorded. */
  merge(other: StreamMetrics): void {
    this.#streams += other.#streams
    this.#errors += other.#errors
    this.#chunks += other.#chunks
    this.#bytes += other.#bytes
    this.#tokens += other.#tokens
    this.#ranMs += other.#ranMs + other.#running
    this.#firstToken.merge(other.#firstToken)
    this.#gaps.merge(other.#gaps)
  }

  snapshot(): MetricsSnapshot {
    const ms = this.#ranMs + this.#running
    return {
      streams: this.#streams,
      errors: this.#errors,
      chunks: this.#chunks,
      bytes: this.#bytes,
      tokens: this.#tokens,
      bytesPerChunk: this.#chunks === 0 ? undefined : this.#bytes / this.#chunks,
      tokensPerChunk: this.#chunks === 0 ? undefined : this.#tokens / this.#chunks,
      tokensPerSecond: ms > 0 ? (this.#tokens * 1000) / ms : undefined,
      firstToken: this.#firstToken.snapshot(),
      gaps: this.#gaps.snapshot(),
    }
  }

  /** From the beginning of the stream at hand to its latest token. */
  get #running(): number {
    return this.#began === undefined ? 0 : this.#last - this.#began
  }

  #close(): void {
    this.#ranMs += this.#running
    this.#began = undefined
  }
}

class NoMetrics extends StreamMetrics {
  override fork(): StreamMetrics {
    return this
  }
  override begin(): void {}
  override recordChunk(): void {}
  override recordTokens(): void {}
  override recordError(): void {}
  override merge(): void {}
}

let nothing: NoMetrics | undefined
