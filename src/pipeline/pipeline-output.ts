import { SluiceError } from '../errors/index.ts'
import { systemClock } from '../flow/index.ts'
import type { PieceSource } from './http/body-source.ts'
import { Interruptible } from './interruptible.ts'
import type { OpenPipeline } from './open-pipeline.ts'
import type { StreamMetrics } from './stream-metrics.ts'

export interface OutputOptions<Batch, Item> {
  /** What one batch is made of: its tokens, or the one text that it is. */
  items: (batch: Batch) => readonly Item[]
  signal: AbortSignal | undefined
}

/**
 * What a pipeline makes of one source, to be read once and in one way: item by item, in the batches in which it comes,
 * or as a web stream.
 *
 * Nothing is read from the source before it is asked for, and no more than is needed for the next item: a slow reader
 * makes the source wait. The source is closed when the reader stops early, when the signal aborts, and when nothing more
 * is wanted of it.
 *
 * A stream that breaks does not throw: its last item says so (see `OpenPipeline`), and `error` keeps it.
 */
export class PipelineOutput<Chunk, Batch extends { readonly length: number }, Item> implements AsyncIterable<Item> {
  readonly #source: Interruptible<Chunk>
  readonly #open: OpenPipeline<Chunk, Batch>
  readonly #options: OutputOptions<Batch, Item>
  #taken = false
  #over = false
  #closed = false
  /** What came of the abort and has not been read yet. */
  #rest: Batch | undefined

  constructor(source: PieceSource<Chunk>, open: OpenPipeline<Chunk, Batch>, options: OutputOptions<Batch, Item>) {
    this.#source = new Interruptible(source)
    this.#open = open
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#abort)
  }

  /** The error that the output ended with; undefined before that, and for a good stream. */
  get error(): SluiceError | undefined {
    return this.#open.error
  }

  /** What has been measured of this stream. */
  get metrics(): StreamMetrics {
    return this.#open.metrics
  }

  /** @throws SluiceError `invalid_request` when the output is being read already */
  [Symbol.asyncIterator](): AsyncIterableIterator<Item> {
    this.#take()
    let batch: readonly Item[] = []
    let at = 0
    let asked = 0
    let turn: Promise<unknown> = Promise.resolve()
    const step = async (): Promise<IteratorResult<Item>> => {
      while (at >= batch.length) {
        const next = await this.#next()
        if (next === undefined) return { value: undefined, done: true }
        batch = this.#options.items(next)
        at = 0
      }
      return { value: batch[at++]!, done: false }
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => {
        // The promise that the protocol wants is all that an item of a batch at hand costs.
        if (asked === 0 && at < batch.length) return Promise.resolve({ value: batch[at++]!, done: false })
        asked++
        const result = turn.then(step).finally(() => asked--)
        turn = result.catch(ignore)
        return result
      },
      return: async (value) => {
        batch = []
        this.cancel()
        return { value, done: true }
      },
    }
  }

  /** What comes of one chunk at a time: the cheapest way to read. @throws as the iterator does */
  batches(): AsyncIterableIterator<Batch> {
    this.#take()
    let turn: Promise<unknown> = Promise.resolve()
    const step = async (): Promise<IteratorResult<Batch>> => {
      const value = await this.#next()
      return value === undefined ? { value, done: true } : { value, done: false }
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => {
        const result = turn.then(step)
        turn = result.catch(ignore)
        return result
      },
      return: async (value) => {
        this.cancel()
        return { value, done: true }
      },
    }
  }

  /**
   * A web stream of the items; text goes through a `TextEncoderStream` to become the body of a `Response`. It asks for
   * what is read and keeps nothing in advance. @throws as the iterator does
   */
  readable(): ReadableStream<Item> {
    this.#take()
    return new ReadableStream<Item>(
      {
        pull: async (controller) => {
          const batch = await this.#next()
          if (batch === undefined) controller.close()
          else for (const item of this.#options.items(batch)) controller.enqueue(item)
        },
        cancel: () => this.cancel(),
      },
      { highWaterMark: 0 },
    )
  }

  /** Nothing more is wanted. The source is closed, and whoever is reading comes to the end. */
  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#closeSource()
    this.#forgetSignal()
    this.#open.abort(new SluiceError('client_closed', 'the stream was given up by its reader'))
  }

  #take(): void {
    if (this.#taken) throw new SluiceError('invalid_request', 'cannot read the stream: it is being read already')
    this.#taken = true
  }

  /** The next batch with anything in it; undefined at the end. */
  async #next(): Promise<Batch | undefined> {
    while (!this.#over) {
      const batch = this.#rest ?? (await this.#more())
      this.#rest = undefined
      if (this.#over) return undefined
      if (this.#open.inputOver || this.#open.over) this.#closeSource()
      // Not sooner: behind the end of the source a transformer may still be waited for. And not later: who has read the
      // last token may never ask again.
      if (this.#open.over) this.#forgetSignal()
      if (batch) return batch
      if (!this.#open.over) continue
      // A transformer that was waited for may have given the last of it while this turn was on its way.
      const rest = filled(this.#open.end())
      if (rest) return rest
      this.#finish()
    }
    return undefined
  }

  /** What there is now: a batch with nothing in it may be filled before an `await` has returned. */
  async #more(): Promise<Batch | undefined> {
    const open = this.#open
    if (open.waiting) return filled(await open.more())
    // A fault or an abort: what is left to take.
    if (open.inputOver || open.over) return filled(open.end())
    let chunk: Chunk | undefined
    try {
      chunk = await this.#source.read()
    } catch (error) {
      return filled(open.fail(SluiceError.from(error, 'upstream_truncated')))
    }
    if (this.#rest) return this.#rest
    return filled(chunk === undefined ? open.end() : open.processChunk(chunk))
  }

  readonly #abort = (): void => {
    if (this.#over || this.#open.over) return
    const cause = this.#options.signal?.reason
    this.#rest = filled(
      this.#open.abort(new SluiceError('client_closed', 'the stream was given up: its signal aborted', { cause })),
    )
    this.#closeSource()
  }

  #closeSource(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#open.complete && !this.#open.error && !this.#over) this.#drain()
    else this.#source.interrupt()
  }

  #forgetSignal(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
  }

  /** Most servers end their body right behind the end marker, and then the connection can serve again. */
  #drain(): void {
    const source = this.#source
    const stop = systemClock.after(drainMs, () => source.interrupt())
    const read = async (): Promise<void> => {
      for (let reads = 0; (await source.read()) !== undefined; reads++) if (reads >= 16) source.interrupt()
    }
    read().catch(ignore).finally(stop)
  }

  #finish(): void {
    this.#over = true
    this.#closeSource()
    const { fault } = this.#open
    if (fault) throw fault
  }
}

/** How long the end of a body is waited for behind the end marker. */
const drainMs = 1000

function filled<Batch extends { readonly length: number }>(batch: Batch): Batch | undefined {
  return batch.length > 0 ? batch : undefined
}

function ignore(): void {}
