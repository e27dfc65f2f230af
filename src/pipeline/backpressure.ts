import { SluiceError } from '../errors/index.ts'
import { type Clock, systemClock } from '../flow/index.ts'
import { MemoryBudget } from './memory-budget.ts'
import { WaitingLine } from './waiting-line.ts'

export interface BackpressureOptions {
  /** What a stream may hold however slowly it is read, and where it starts, in bytes. Default 16 KiB. */
  floor?: number
  /** What it may hold at most, in bytes. Default 1 MiB. */
  ceiling?: number
  /** Shared with other streams. Default: one for all controllers that name none. */
  budget?: MemoryBudget
  clock?: Clock
  /** The sender has to wait: pause the socket, the reader, the generator that it reads from. */
  onPause?: () => void
  /** The sender may go on. Never called twice in a row, nor after `close`. */
  onResume?: () => void
}

/** What a stream is held back by, at the moment of asking. */
export interface BackpressureStats {
  /** Bytes that were accepted and not taken yet. */
  queued: number
  /** Bytes that may be queued before the sender has to wait, as long as the budget allows it. */
  capacity: number
  /** The most bytes that were queued at once. */
  peak: number
  paused: boolean
  /** How often the sender had to wait, and for how long altogether, in milliseconds. */
  pauses: number
  pausedMs: number
  /** Bytes a second that the receiver took during the last pause. Undefined as long as there was none. */
  drainRate: number | undefined
  /** At that rate, how long a byte stays here that is added now, in milliseconds. */
  processingMs: number | undefined
  /** Callers of `acquire` that wait for room. */
  waiting: number
}

export interface AcquireOptions {
  /** How long to wait for room. Default: for ever. */
  timeoutMs?: number
  /** Gives up waiting. */
  signal?: AbortSignal
}

/**
 * How much may stand between a sender and its receiver, for one stream. When more is queued than the capacity the
 * sender is paused, and it goes on when half of that has been taken. The capacity is what the receiver takes in a tenth
 * of a second, seen at each pause: it at most doubles from one pause to the next, and shrinks at once, between the floor
 * and the ceiling.
 *
 * To block is its only strategy. A stream of tokens has no piece that could be left out: a dropped delta is a wrong
 * answer and broken JSON in a tool call, and the newest piece is worth no more than the oldest. Waiting costs the
 * provider's socket a pause and nobody anything else.
 *
 * Count by `added` and `removed` (or `level`, where the queue is another's) when the sender can be paused, or `acquire`
 * and `removed` when it can await. No timer runs but those of waiting callers with a timeout, and the clock is asked
 * at pauses only, so a stream that is never held back costs two additions a piece. Holds less than 1 KB.
 *
 * @example
 * const control = new BackpressureController({ onPause: () => source.pause(), onResume: () => source.resume() })
 * source.on('data', (bytes) => {
 *   control.added(bytes.length)
 *   sink.write(bytes, () => control.removed(bytes.length))
 * })
 * sink.on('close', () => control.close())
 */
export class BackpressureController {
  readonly #floor: number
  readonly #ceiling: number
  readonly #budget: MemoryBudget
  readonly #clock: Clock
  readonly #onPause: (() => void) | undefined
  readonly #onResume: (() => void) | undefined
  #queued = 0
  #capacity: number
  #peak = 0
  #paused = false
  #pauses = 0
  #pausedMs = 0
  /** Of the pause at hand: when it began, and what has been taken since. */
  #since = 0
  #drained = 0
  #rate: number | undefined
  /** Made when somebody has to wait. */
  #line: WaitingLine | undefined
  #closed = false
  #reason: SluiceError | undefined

  /** @throws SluiceError `config_invalid` for a floor that is none or above the ceiling */
  constructor(options: BackpressureOptions = {}) {
    const { floor = 16 * 1024, ceiling = Math.max(floor, 1024 * 1024) } = options
    if (!(floor > 0 && floor <= ceiling)) {
      const found = `the floor is ${floor} and the ceiling ${ceiling} bytes`
      throw new SluiceError('config_invalid', `cannot hold a stream back: ${found}; write 0 < floor <= ceiling`)
    }
    this.#floor = floor
    this.#ceiling = ceiling
    this.#capacity = floor
    this.#budget = options.budget ?? everybodys
    this.#clock = options.clock ?? systemClock
    this.#onPause = options.onPause
    this.#onResume = options.onResume
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Bytes that were accepted and not taken yet. */
  get queued(): number {
    return this.#queued
  }

  get stats(): BackpressureStats {
    const rate = this.#rate
    return {
      queued: this.#queued,
      capacity: this.#capacity,
      peak: this.#peak,
      paused: this.#paused,
      pauses: this.#pauses,
      pausedMs: this.#pausedMs + (this.#paused ? this.#clock.now() - this.#since : 0),
      drainRate: rate,
      processingMs: rate === undefined || rate === 0 ? undefined : (this.#queued / rate) * 1000,
      waiting: this.#line?.size ?? 0,
    }
  }

  /**
   * So many bytes are on their way to the receiver. They are accepted in any case.
   * @returns false: the sender has to wait for `onResume`
   */
  added(bytes: number): boolean {
    check(bytes)
    if (this.#closed) return true
    this.#take(bytes)
    if (!this.#paused && this.#queued > this.#share()) this.#pause()
    return !this.#paused
  }

  /** The receiver has taken so many bytes. More than were added count as all of them. */
  removed(bytes: number): void {
    check(bytes)
    if (this.#closed) return
    const taken = Math.min(bytes, this.#queued)
    this.#queued -= taken
    this.#budget.give(taken)
    if (!this.#paused) return
    this.#drained += taken
    this.#release()
  }

  /**
   * So many bytes are queued: for queues that say how long they are, as the write buffer of a socket does.
   * @returns false: the sender has to wait for `onResume`
   */
  level(bytes: number): boolean {
    const more = bytes - this.#queued
    if (more < 0) this.removed(-more)
    else if (more !== 0) this.added(more)
    return !this.#paused
  }

  /**
   * Waits for room and counts the bytes as added. Who asked first is served first, and room comes when half of what was
   * allowed has been taken, for as many as fit. What is larger than the whole capacity is let in when nothing else is
   * queued.
   *
   * Rejects with `backpressure_timeout`, with `client_closed` (or what `close` was given), or with the signal's reason.
   */
  acquire(bytes: number, { timeoutMs, signal }: AcquireOptions = {}): Promise<void> {
    check(bytes)
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#closed) return Promise.reject(this.#over())
    if (!this.#paused && this.#fits(bytes)) {
      this.#take(bytes)
      return roomAtOnce
    }
    this.#line ??= new WaitingLine()
    const room = this.#line.wait(bytes, { clock: this.#clock, timeoutMs, signal, onLeft: () => this.#release() })
    if (!this.#paused) this.#pause()
    return room
  }

  /**
   * One step of the capacity towards what the receiver takes in a tenth of a second. Called by itself at the end of each
   * pause; during one it goes by what has been taken since its beginning.
   * @returns the capacity
   */
  adaptCapacity(): number {
    if (this.#paused) {
      // Less than a millisecond says that it was quick, and not how quick.
      this.#rate = (this.#drained / Math.max(this.#clock.now() - this.#since, 1)) * 1000
    }
    if (this.#rate !== undefined) {
      const wanted = Math.min((this.#rate * worthMs) / 1000, this.#capacity * 2, this.#ceiling)
      this.#capacity = Math.max(Math.round(wanted), this.#floor)
    }
    return this.#capacity
  }

  /**
   * The stream is over, whichever way: its bytes go back to the budget, once, and whoever waits is told `reason`
   * (default `client_closed`). No callback is called, and nothing counts any more.
   */
  close(reason?: SluiceError): void {
    if (this.#closed) return
    this.#closed = true
    this.#reason = reason
    this.#budget.give(this.#queued)
    this.#queued = 0
    if (this.#paused) this.#endPause()
    if (this.#line && this.#line.size > 0) this.#line.refuse(this.#over())
  }

  #take(bytes: number): void {
    this.#queued += bytes
    if (this.#queued > this.#peak) this.#peak = this.#queued
    this.#budget.take(bytes)
  }

  #share(coming = 0): number {
    return this.#budget.share(this.#floor, this.#capacity, coming)
  }

  /** Alone it fits however large it is: a piece that is larger than any capacity has to go, too. */
  #fits(bytes: number): boolean {
    return this.#queued === 0 || this.#queued + bytes <= this.#share(bytes)
  }

  #pause(): void {
    this.#beginPause()
    this.#onPause?.()
  }

  #beginPause(): void {
    this.#paused = true
    this.#pauses++
    this.#since = this.#clock.now()
    this.#drained = 0
  }

  #endPause(): void {
    this.#paused = false
    this.#pausedMs += this.#clock.now() - this.#since
  }

  /** Ends the pause if enough has been taken. Something is queued as long as one lasts, so each is looked at again. */
  #release(): void {
    if (!this.#paused || this.#queued > this.#share() / 2) return
    const line = this.#line
    if (line?.wanted !== undefined && !this.#fits(line.wanted)) return
    this.adaptCapacity()
    this.#endPause()
    if (line) {
      for (let next = line.wanted; next !== undefined && this.#fits(next); next = line.wanted) {
        this.#take(next)
        line.admit()
      }
      // For those who still wait it is full again; who was told of the pause has heard of no end.
      if (line.size > 0) {
        this.#beginPause()
        return
      }
    }
    this.#onResume?.()
  }

  #over(): SluiceError {
    this.#reason ??= new SluiceError('client_closed', 'cannot send more: the stream is over; ask for no more room')
    return this.#reason
  }
}

/** The capacity is what the receiver takes in so many milliseconds. */
const worthMs = 100

const everybodys = new MemoryBudget()
const roomAtOnce = Promise.resolve()

/** One wrong number would be in the sum of all streams for ever. */
function check(bytes: number): void {
  if (bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return
  throw new SluiceError('invalid_request', `cannot count what is queued: found ${bytes} bytes; write a number from 0`)
}
