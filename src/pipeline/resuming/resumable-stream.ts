import type { StreamDecoder } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Clock, Emit } from '../../flow/index.ts'
import { type SseEvent, SseParser } from '../../sse/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { AnyAnswer } from '../http/body-source.ts'
import { closed, ResumeConnection } from './resume-connection.ts'
import { type GoesOn, ResumePoint, type StreamPosition } from './resume-point.ts'

export interface ResumableStreamOptions {
  /**
   * Asks the source for its events, at first and again after each break: `fetchFrom(url)`, or anything that gives an
   * HTTP answer or a bare body. The signal aborts when the connection is no longer wanted.
   */
  open(position: StreamPosition, signal: AbortSignal): AnyAnswer | Promise<AnyAnswer>
  /** Where the source goes on when it is asked again. Default `behind-id`. */
  goesOn?: GoesOn
  /**
   * The event that ends the stream, such as `[DONE]`: what is behind it is not read, and a body that ends before it has
   * broken. Without it the end of a body is the end of the stream, if the connection did not fail.
   */
  isEnd?: (event: SseEvent) => boolean
  /** Gives the stream up, whatever it waits for. */
  signal?: AbortSignal
  /** How often the source is asked in a row without a new event. Default 5. */
  attempts?: number
  /** The wait before the second of these, in milliseconds; it doubles each time. `retry` of the source overrides it. */
  backoffMs?: number
  /** The longest wait, in milliseconds. A source that asks for a longer one is given up. Default 30,000. */
  maxBackoffMs?: number
  /** A source that is silent for so long, in milliseconds, counts as broken. Default 0: never. */
  idleTimeoutMs?: number
  /** As that of `SseParser`. */
  maxEventBytes?: number
  /** The stream goes on after a break. Called before the first new event is delivered. */
  onResume?: (resumption: Resumption) => void
  clock?: Clock
}

/** One break that was mended. */
export interface Resumption {
  /** From the moment the break was seen to the first new event, in milliseconds. */
  gapMs: number
  /** How often the source was asked. */
  attempts: number
  /** The break. */
  error: unknown
}

/**
 * Server-sent events over as many connections as it takes: a stream that breaks is taken up again at once, and every
 * event is delivered once and in order. One object reads one stream, by one of its ways.
 *
 * The first attempt after a break is made in the same turn; only the next ones wait, longer each time, and a new event
 * starts the count anew. What follows no blank line when a connection breaks is dropped, and comes again.
 *
 * All ways throw one `SluiceError`: `client_closed` for an abort, `upstream_truncated` for a stream that could not be
 * taken up, `upstream_protocol` for a source that tells something else than before, and, as long as no event has come,
 * the error of the last attempt. What `isEnd` and the reader of the events throw is thrown as it is.
 *
 * @example
 * const stream = new ResumableStream({ open: fetchFrom(url), isEnd: ({ data }) => data === '[DONE]' })
 * for await (const { data } of stream) console.log(data)
 */
export class ResumableStream implements AsyncIterable<SseEvent> {
  readonly #options: ResumableStreamOptions
  readonly #clock: Clock
  readonly #connection: ResumeConnection
  readonly #point: ResumePoint
  #parser: SseParser
  #started = false
  #over = false
  /** In a row, without a new event between them. */
  #breaks = 0
  #broken: { at: number; error: unknown } | undefined
  /** A body has ended where the stream had not, and no new event has come since. */
  #ended = false
  #retryMs: number | undefined

  /** How many breaks were mended. */
  resumes = 0
  /** In milliseconds, as `Resumption.gapMs`. */
  longestGapMs = 0

  constructor(options: ResumableStreamOptions) {
    const { clock = holdingClock, signal, idleTimeoutMs = 0 } = options
    this.#options = options
    this.#clock = clock
    this.#connection = new ResumeConnection({ clock, signal, idleTimeoutMs })
    this.#parser = this.#newParser()
    this.#point = new ResumePoint(options.goesOn ?? 'behind-id', this.#parser)
  }

  /** The events of one read count as delivered together. */
  get position(): StreamPosition {
    return this.#point.position
  }

  /** The events one by one. Leaving the loop closes the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SseEvent, void, undefined> {
    for await (const events of this.#batches(this.#ends)) yield* events
  }

  /** Calls back for each event, with no promise for each of them. Resolves at the end of the stream. */
  async run(emit: Emit<SseEvent>): Promise<void> {
    for await (const events of this.#batches(this.#ends)) for (const event of events) emit(event)
  }

  /**
   * The tokens of the events, a list for each read: a source for `StreamingPipeline`, among others. The end marker of
   * the dialect ends the stream, and a break before it is taken up; where it cannot be, the last token is an `error`.
   */
  async *tokens(decoder: StreamDecoder): AsyncGenerator<StreamToken[], void, undefined> {
    let tokens: StreamToken[] = []
    const emit = (token: StreamToken): void => {
      tokens.push(token)
    }
    const ends: Ends = {
      at: (event) => {
        decoder.push(event, emit)
        return decoder.done || this.#options.isEnd?.(event) === true
      },
      // Some providers leave the end marker out. What else is missing then, usage perhaps, is asked for once.
      withBody: () => decoder.finished && this.#ended,
    }
    try {
      for await (const _ of this.#batches(ends)) {
        if (tokens.length === 0) continue
        const taken = tokens
        tokens = []
        yield taken
      }
      decoder.end?.(emit)
    } catch (thrown) {
      const error = SluiceError.from(thrown)
      // Behind the finish there was nothing to lose but the end marker.
      if (decoder.finished && error.code === 'upstream_truncated') decoder.end?.(emit)
      else {
        decoder.fail?.(error, emit)
        emit({ type: 'error', error })
      }
    }
    if (tokens.length > 0) yield tokens
  }

  readonly #ends: Ends = {
    at: (event) => this.#options.isEnd?.(event) === true,
    withBody: () => this.#options.isEnd === undefined,
  }

  /** What each read brought. Nothing is read ahead: a slow reader slows the source. */
  async *#batches(ends: Ends): AsyncGenerator<SseEvent[], void, undefined> {
    if (this.#started) {
      throw new SluiceError('invalid_request', 'cannot read the stream: it was read before; make another one')
    }
    this.#started = true
    let events: SseEvent[] = []
    const take = (event: SseEvent): void => {
      if (this.#over || !this.#point.take(event)) return
      this.#progress()
      events.push(event)
      if (ends.at(event)) this.#over = true
    }
    try {
      while (!this.#over) {
        const bytes = await this.#read(ends)
        if (bytes === undefined) continue
        let fault: { thrown: unknown } | undefined
        try {
          this.#parser.push(bytes, take)
        } catch (thrown) {
          // What came before it in the same read is good.
          fault = { thrown }
        }
        // Nobody need wait for a slow reader to let a connection go that has nothing more to give.
        if (this.#over || fault) this.#connection.drop()
        if (events.length > 0) {
          const batch = events
          events = []
          yield batch
        }
        if (fault) throw fault.thrown
      }
    } finally {
      this.#over = true
      this.#connection.close()
    }
  }

  /** The next bytes; undefined when there are none, for whatever reason. */
  async #read(ends: Ends): Promise<Uint8Array | undefined> {
    try {
      if (!this.#connection.isOpen && !(await this.#open())) {
        if (!ends.withBody()) throw new Over('the source says that there is nothing more')
        this.#over = true
        return undefined
      }
      const bytes = await this.#connection.read()
      if (bytes !== undefined) return bytes
      if (this.#point.behindhand || !ends.withBody()) {
        this.#ended = true
        throw new Error('the body ended before the end of the stream')
      }
      this.#over = true
    } catch (error) {
      await this.#broke(error)
    }
    return undefined
  }

  async #open(): Promise<boolean> {
    const { position } = this.#point
    const open = await this.#connection.open((signal) => this.#options.open(position, signal))
    if (!open) return false
    this.#parser = this.#newParser()
    this.#point.enter(this.#parser)
    return true
  }

  /** Returns when the source is to be asked again. @throws SluiceError when it is not */
  async #broke(error: unknown): Promise<void> {
    const { signal, attempts = 5, backoffMs = 250, maxBackoffMs = 30_000 } = this.#options
    this.#connection.drop()
    this.#point.leave()
    this.#retryMs = this.#parser.retry ?? this.#retryMs
    this.#broken ??= { at: this.#clock.now(), error }
    this.#breaks++
    if (signal?.aborted) throw closed(signal)
    if (!this.#point.reachable) throw this.#givenUp(error, `${words(error)}, and it gave no id to go on behind`)
    const said = SluiceError.is(error) ? error : undefined
    if (said?.retry === false || error instanceof Over || this.#breaks > attempts) throw this.#givenUp(error)
    const asked = said?.retryAfterMs ?? 0
    if (asked > maxBackoffMs) throw this.#givenUp(error, `it asks to wait for ${asked} ms`)
    if (this.#breaks === 1 && asked === 0) return
    const step = Math.min(maxBackoffMs, (this.#retryMs ?? backoffMs) * 2 ** Math.max(0, this.#breaks - 2))
    // Up to half as much more by chance, so that many readers of one source do not all come back at once.
    await this.#connection.pause(Math.max(asked, step * (1 + Math.random() / 2)))
  }

  /** A new event has come. */
  #progress(): void {
    if (this.#breaks === 0) return
    const attempts = this.#breaks
    const { at, error } = this.#broken!
    this.#breaks = 0
    this.#broken = undefined
    this.#ended = false
    // What could not be opened at first was no stream that broke.
    if (this.#point.position.delivered === 1) return
    const gapMs = this.#clock.now() - at
    this.resumes++
    this.longestGapMs = Math.max(this.longestGapMs, gapMs)
    this.#options.onResume?.({ gapMs, attempts, error })
  }

  #givenUp(cause: unknown, why = words(cause)): SluiceError {
    const { delivered } = this.#point.position
    if (delivered === 0 && SluiceError.is(cause)) return cause
    if (delivered === 0) return new SluiceError('upstream_unreachable', `cannot open the stream: ${why}`, { cause })
    const asked = this.#breaks > 1 ? ` (asked ${this.#breaks - 1} times)` : ''
    const message = `cannot take the stream up again behind event ${delivered}${asked}: ${why}; what came is not the whole`
    return new SluiceError('upstream_truncated', message, { cause })
  }

  #newParser(): SseParser {
    const { maxEventBytes } = this.#options
    return new SseParser(maxEventBytes === undefined ? {} : { maxEventBytes })
  }
}

/** What ends a stream. */
interface Ends {
  /** Asked once for each event, in order. */
  at(event: SseEvent): boolean
  /** The body may end here. */
  withBody(): boolean
}

/** There is no use in asking again. */
class Over extends Error {}

/** As the clock of the house, but a program that waits to ask again does not end meanwhile. */
const holdingClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

function words(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
