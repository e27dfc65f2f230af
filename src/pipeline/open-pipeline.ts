import { SluiceError } from '../errors/index.ts'
import type { Clock } from '../flow/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { type Link, TransformerLink } from './row.ts'
import type { Sink } from './sink.ts'
import type { StreamMetrics } from './stream-metrics.ts'
import type { AsyncStreamTransformer, StreamTransformer } from './transformer.ts'
import { WaitingLink } from './waiting.ts'

/** What a source that pushes is told. Only a pipeline with a transformer that waits ever calls it. */
export interface FlowListener<Batch> {
  /**
   * Output that came in a turn of its own, after a wait; with nothing in it where only the end has come. Without a
   * listener such output stays until the next call.
   */
  onOutput?(batch: Batch): void
  /** Too much waits: nothing should be pushed until `onResume`. */
  onPause?(): void
  onResume?(): void
}

export interface RowOptions<Chunk, Batch> extends FlowListener<Batch> {
  reader: ChunkReader<Chunk>
  transformers: ReadonlyArray<{ kind: 'sync'; one: StreamTransformer } | { kind: 'async'; one: AsyncStreamTransformer }>
  sink: Sink<Batch>
  metrics: StreamMetrics
  /** To whom the metrics of this stream are added when it is over. */
  totals: StreamMetrics
  clock: Clock
  sizeOf: (chunk: Chunk) => number
}

/**
 * One stream on its way through a pipeline. A chunk runs through the whole row in one turn: what comes of it is what
 * `processChunk` returns, tokens or text.
 *
 * The output has exactly one end or one error, and nothing behind it. The error stands in the output, as an error token
 * or in the form of the target dialect; `error` tells it too. No method throws for what the stream brings.
 */
export class OpenPipeline<Chunk, Batch> {
  readonly #options: RowOptions<Chunk, Batch>
  readonly #first: Link
  readonly #links: Link[] = []
  readonly #waiters: Link[] = []
  #inputOver = false
  #waiting = 0
  #full = 0
  #seen = 0
  #settled = false
  #wake: (() => void) | undefined

  constructor(options: RowOptions<Chunk, Batch>) {
    this.#options = options
    let next: Link = options.sink
    for (const { kind, one } of options.transformers.toReversed()) {
      next = kind === 'sync' ? new TransformerLink(one, next) : this.#waitingLink(one, next)
      this.#links.unshift(next)
    }
    this.#first = next
    options.metrics.begin()
  }

  /** The metrics of this stream alone. */
  get metrics(): StreamMetrics {
    return this.#options.metrics
  }

  /** The output has its end or its error. */
  get over(): boolean {
    return this.#options.sink.over
  }

  /** Nothing more is wanted of the source: the answer is complete, or broken. */
  get inputOver(): boolean {
    return this.#inputOver
  }

  /** The source may break from here on without loss. */
  get finished(): boolean {
    return this.#options.reader.finished
  }

  /** A transformer waits: output may come in a later turn, see `more`. */
  get waiting(): boolean {
    return this.#waiting > 0
  }

  /** The end marker was seen: the source has nothing more but its own end. */
  get complete(): boolean {
    return this.#options.reader.done
  }

  get error(): SluiceError | undefined {
    return this.#options.sink.error
  }

  /** The output could not even say its error. */
  get fault(): SluiceError | undefined {
    return this.#options.sink.fault
  }

  /** One chunk of the source. What comes of it at once is returned. */
  processChunk(chunk: Chunk): Batch {
    const { reader, sink, metrics, sizeOf } = this.#options
    if (this.#inputOver) return sink.take()
    try {
      reader.push(chunk, this.#token)
      if (!this.#inputOver) {
        if (reader.done) this.#endInput()
        else if (this.#complete()) this.#endRow()
      }
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
    metrics.recordChunk(sizeOf(chunk), this.#news())
    return this.#take()
  }

  /** The source has come to its end. What was held back is returned, and the end of the output or its error. */
  end(): Batch {
    if (!this.#inputOver) this.#endInput()
    return this.#late()
  }

  /** The source broke. After the finish reason that is an end, since only the end marker is lost. */
  fail(error: SluiceError): Batch {
    if (!this.#inputOver) {
      if (this.#options.reader.finished) this.#endInput()
      else this.#break(error)
    }
    return this.#late()
  }

  /** The stream is given up: nothing is waited for, and the output ends with the error at once. */
  abort(error: SluiceError): Batch {
    for (const waiter of this.#waiters) waiter.abort?.()
    this.#break(error)
    // Behind a waiter that was given up nothing came through the row.
    this.#options.sink.fail(error)
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
    return this.#late()
  }

  /** While `waiting`: the next output of a later turn. Without anything in it once nothing is waited for any more. */
  more(): Promise<Batch> {
    if (this.#waiting === 0 || this.#options.sink.filled) return Promise.resolve(this.#late())
    return new Promise((resolve) => {
      this.#wake = () => resolve(this.#late())
    })
  }

  #waitingLink(transformer: AsyncStreamTransformer, next: Link): Link {
    const link = new WaitingLink(
      transformer,
      next,
      {
        onWaiting: (waiting) => {
          this.#waiting += waiting ? 1 : -1
        },
        onFull: (full) => {
          this.#full += full ? 1 : -1
          if (full && this.#full === 1) this.#options.onPause?.()
          else if (!full && this.#full === 0) this.#options.onResume?.()
        },
        onTurn: () => this.#turned(),
      },
      this.#options.clock,
    )
    this.#waiters.push(link)
    return link
  }

  /** A later turn has moved something. */
  #turned(): void {
    const { sink, onOutput } = this.#options
    if (this.#wake && (sink.filled || this.#waiting === 0)) {
      const wake = this.#wake
      this.#wake = undefined
      wake()
    } else if (onOutput && (sink.filled || sink.over)) {
      onOutput.call(this.#options, this.#late())
    }
  }

  readonly #token = (token: StreamToken): void => {
    if (this.#inputOver) return
    // Nothing follows an error, and nothing more is wanted of its source.
    if (token.type === 'error') this.#inputOver = true
    this.#first.push(token)
  }

  #complete(): boolean {
    if (this.#options.sink.over) return true
    for (const link of this.#links) if (link.done) return true
    return false
  }

  /** The end of the source, which the reader has a say in: its answer may not be whole. */
  #endInput(): void {
    try {
      this.#options.reader.end(this.#token)
      if (!this.#inputOver) this.#endRow()
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
  }

  #endRow(): void {
    this.#inputOver = true
    this.#first.end()
  }

  #break(error: SluiceError): void {
    this.#inputOver = true
    this.#first.fail(error)
  }

  /** How many tokens came since the last time. */
  #news(): number {
    const { deltas } = this.#options.sink
    const news = deltas - this.#seen
    this.#seen = deltas
    return news
  }

  /** Output that did not come of a chunk. */
  #late(): Batch {
    const news = this.#news()
    if (news > 0) this.#options.metrics.recordTokens(news)
    return this.#take()
  }

  #take(): Batch {
    const { sink, metrics, totals } = this.#options
    if (sink.over && !this.#settled) {
      this.#settled = true
      if (sink.error) metrics.recordError()
      if (totals !== metrics) totals.merge(metrics)
    }
    return sink.take()
  }
}
