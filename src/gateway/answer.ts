import type { ClientSide, StreamFraming } from '../dialects/index.ts'
import type { SluiceError } from '../errors/index.ts'
import { type Clock, Watchdog } from '../flow/index.ts'
import { BackpressureController, type BackpressureStats, type MemoryBudget } from '../pipeline/index.ts'
import type { Chunk, Exchange } from './exchange.ts'

export interface AnswerOptions {
  exchange: Exchange
  client: ClientSide
  /** How events are wrapped for this client. */
  framing: StreamFraming
  clock: Clock
  requestId: string
  /** Headers to send with the head, asked for at the last moment; an object of their own. */
  headers: () => Record<string, string>
  heartbeatMs: number
  statusCeilingMs: number
  /** What all clients together may leave untaken. */
  budget: MemoryBudget
  /** The client does not take what is written; `true` when it does again. */
  onFlow: (flowing: boolean) => void
}

/**
 * What one client gets: one head, whole events, signs of life between them, and exactly one end.
 *
 * ```
 * waiting ──write, status ceiling──► open ──end, fail──► over
 *    └────────────respond, fail──────────────────────────┘
 * ```
 */
export class Answer {
  readonly #options: AnswerOptions
  #state: 'waiting' | 'open' | 'over' = 'waiting'
  /** Made when the client first leaves something untaken: most never do. */
  #pressure: BackpressureController | undefined
  #asked = false
  #heart: Watchdog | undefined
  #stopCeiling: (() => void) | undefined
  /** The status that was sent; 0 before. */
  status = 0

  constructor(options: AnswerOptions) {
    this.#options = options
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** What the upstream was held back for; undefined when it never was. */
  get pressure(): BackpressureStats | undefined {
    const stats = this.#pressure?.stats
    return stats && stats.pauses > 0 ? stats : undefined
  }

  /** From now on the client waits for a stream: at the ceiling it gets its head and a first sign of life. */
  expectStream(): void {
    const { clock, statusCeilingMs } = this.#options
    if (this.#state !== 'waiting' || this.#stopCeiling || !Number.isFinite(statusCeilingMs)) return
    this.#stopCeiling = clock.after(statusCeilingMs, () => this.#beat())
  }

  /** Whole events, as one write. */
  write(events: Chunk): void {
    if (this.#state === 'over' || events.length === 0) return
    if (this.#state === 'waiting') this.#open()
    this.#heart?.feed()
    this.#send(events)
  }

  end(): void {
    if (this.#state === 'over') return
    if (this.#state === 'waiting') this.#open()
    const rest = this.#options.framing.close()
    if (rest !== '') this.#send(rest)
    this.#close()
    this.#countRest()
    this.#options.exchange.end()
  }

  /** A whole answer that is no stream. */
  respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    if (this.#state !== 'waiting') return
    this.#options.exchange.respond(status, Object.assign(this.#options.headers(), headers), body)
    this.status = status
    this.#close()
  }

  /**
   * The one error. Before the head it is an HTTP error with its true status; after it, `events` say it inside the
   * stream.
   */
  fail(error: SluiceError, headers: Record<string, string>, events: () => string): void {
    if (this.#state === 'over') return
    if (this.#state === 'open') {
      const text = events()
      // An empty piece would be the end of an HTTP/1.1 body.
      if (text !== '') this.#send(text)
      this.end()
      return
    }
    const { status, body } = this.#options.client.encodeError(error, this.#options.requestId)
    this.respond(status, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body))
  }

  /** The client is gone: nothing more is written. */
  abandon(): void {
    this.#close()
    this.#pressure?.close()
  }

  /** Not even an error can be said: the connection is cut, so that nobody takes the answer for a whole one. */
  cut(): void {
    this.#close()
    this.#pressure?.close()
    this.#options.exchange.destroy()
  }

  #open(): void {
    const { exchange, framing, headers } = this.#options
    exchange.start(200, Object.assign(headers(), streamHeaders, { 'content-type': framing.contentType }))
    this.#state = 'open'
    this.#stopCeiling?.()
    this.#stopCeiling = undefined
    this.status = 200
    const { clock, heartbeatMs } = this.#options
    this.#heart = new Watchdog(clock, heartbeatMs, () => this.#beat())
  }

  #beat(): void {
    if (this.#state === 'over') return
    // A client that does not read is not helped by more to read.
    if (!this.#pressure?.paused) this.#sayAlive()
    this.#heart?.restart()
  }

  /** Where the dialect has no room for a sign of life, the head alone is one. */
  #sayAlive(): void {
    const { heartbeat } = this.#options.framing
    if (heartbeat !== '') this.write(heartbeat)
    else if (this.#state === 'waiting') this.#open()
  }

  #send(chunk: Chunk): void {
    const { exchange } = this.#options
    exchange.write(chunk)
    // The connection of a client that keeps up has taken it by now.
    const { pending } = exchange
    const pressure = this.#pressure
    if (pending === 0 && !pressure) return
    // That there is room again is heard below and not from within a write, whose caller has more to do.
    if (pressure?.paused && pending < pressure.queued) return
    this.#press(pending)
  }

  #press(pending: number): void {
    this.#pressure ??= this.#control()
    if (pending > 0 && !this.#asked) {
      this.#asked = true
      this.#options.exchange.onTaken(() => {
        this.#asked = false
        if (this.#state !== 'over') this.#press(this.#options.exchange.pending)
      })
    }
    // Last, since more may come at once, and the end with it.
    this.#pressure.level(pending)
  }

  #control(): BackpressureController {
    const { budget, clock, onFlow } = this.#options
    return new BackpressureController({ budget, clock, onPause: () => onFlow(false), onResume: () => onFlow(true) })
  }

  /** What is untaken at the end counts until it is taken, too. */
  #countRest(): void {
    const pressure = this.#pressure
    if (!pressure) return
    const { exchange } = this.#options
    if (exchange.pending === 0) pressure.close()
    else exchange.onTaken(() => pressure.close())
  }

  #close(): void {
    this.#state = 'over'
    this.#stopCeiling?.()
    this.#heart?.stop()
  }
}

const streamHeaders = {
  'cache-control': 'no-cache, no-transform',
  // nginx and those who learned from it would otherwise collect the stream before passing it on.
  'x-accel-buffering': 'no',
}
