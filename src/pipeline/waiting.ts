import { SluiceError } from '../errors/index.ts'
import type { Clock } from '../flow/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import type { Link } from './row.ts'
import { type AsyncStreamTransformer, brokenBy, pass, type TransformResult } from './transformer.ts'

/** What a waiting link tells the stream that it stands in. */
export interface WaitingHost {
  /** It has begun to wait, or waits no more. */
  onWaiting(waiting: boolean): void
  /** Its queue is full, or has room again: the source must be paused, or may go on. */
  onFull(full: boolean): void
  /** A later turn has given tokens, or an end. */
  onTurn(): void
}

/** In milliseconds. */
const defaultTimeoutMs = 5000
/** In tokens. */
const defaultLimit = 256
/** In tokens: more than the chunk that filled the queue can have brought, so the source does not pause. */
const hardLimit = 262_144

/**
 * An asynchronous transformer in its place. One token is with it; those that come meanwhile wait in order, and so do
 * the end and the failure of the stream. At `limit` waiting tokens the source is told to pause and at half of it to go
 * on. What came with the same chunk is still taken: no token is dropped.
 *
 * It costs a promise, a timer and an abort controller for each token, which is why only a transformer that says so
 * stands in one.
 */
export class WaitingLink implements Link {
  readonly done = false
  readonly #transformer: AsyncStreamTransformer
  readonly #next: Link
  readonly #host: WaitingHost
  readonly #clock: Clock
  readonly #limit: number
  #queue: StreamToken[] = []
  /** The first waiting token: a queue that is shifted costs its length each time. */
  #head = 0
  /** What takes back the call that is waited for. */
  #busy: (() => void) | undefined
  #full = false
  #over = false
  #ending: 'no' | 'asked' | 'flushing' = 'no'
  #error: SluiceError | undefined

  constructor(transformer: AsyncStreamTransformer, next: Link, host: WaitingHost, clock: Clock) {
    this.#transformer = transformer
    this.#next = next
    this.#host = host
    this.#clock = clock
    this.#limit = Math.max(1, transformer.limit ?? defaultLimit)
  }

  push(token: StreamToken): void {
    if (this.#over || this.#ending !== 'no') return
    if (token.type === 'error') {
      this.fail(token.error)
      return
    }
    if (!this.#busy) {
      this.#start(token)
      return
    }
    const waiting = this.#queue.push(token) - this.#head
    if (waiting > hardLimit) {
      const what = `${waiting} tokens wait for transformer ${this.#transformer.name}`
      this.abort()
      this.#next.fail(new SluiceError('internal', `cannot hold the stream: ${what}; pause the source when it is asked`))
    } else if (waiting >= this.#limit && !this.#full) {
      this.#full = true
      this.#host.onFull(true)
    }
  }

  end(): void {
    this.#ask(undefined)
  }

  fail(error: SluiceError): void {
    this.#ask(error)
  }

  abort(): void {
    this.#over = true
    this.#queue = []
    this.#head = 0
    const takeBack = this.#busy
    if (!takeBack) return
    this.#busy = undefined
    takeBack()
    this.#host.onWaiting(false)
  }

  #ask(error: SluiceError | undefined): void {
    if (this.#over || this.#ending !== 'no') return
    this.#ending = 'asked'
    this.#error = error
    if (!this.#busy) this.#flush()
  }

  #start(token: StreamToken): void {
    this.#wait(
      (signal) => this.#transformer.transform(token, signal),
      (result) => this.#apply(token, result),
      (error) => {
        if (this.#transformer.onError === 'skip') this.#apply(token, this.#transformer.skipped?.(token, error) ?? pass)
        else this.#break(error)
      },
    )
  }

  #apply(token: StreamToken, result: TransformResult): void {
    switch (result?.action) {
      case 'pass':
        this.#next.push(token)
        break
      case 'skip':
        break
      case 'replace':
        for (const one of result.tokens) this.#next.push(one)
        break
      case 'error':
        this.#queue = []
        this.#head = 0
        this.#ending = 'asked'
        this.#error = brokenBy(this.#transformer, result.error)
        break
      default:
        result satisfies never
        // A transformer that is plain JavaScript may give anything, most often nothing: the token would be lost.
        throw new SluiceError(
          'internal',
          `cannot transform a token: \`${this.#transformer.name}\` gave no result; let it give pass, skip, replace or error`,
        )
    }
    this.#goOn()
  }

  /** The next in the queue, or the end if that is all. */
  #goOn(): void {
    if (this.#over || this.#busy) return
    const token = this.#queue[this.#head]
    if (token === undefined) {
      this.#queue = []
      this.#head = 0
    } else if (++this.#head > 1024) {
      // What has gone through is let go from time to time, so that a queue that never empties does not keep it.
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (this.#full && (this.#queue.length - this.#head) * 2 <= this.#limit) {
      this.#full = false
      this.#host.onFull(false)
    }
    if (token !== undefined) this.#start(token)
    else if (this.#ending === 'asked') this.#flush()
  }

  #flush(): void {
    this.#ending = 'flushing'
    const close = (): void => {
      this.#over = true
      if (this.#error) this.#next.fail(this.#error)
      else this.#next.end()
    }
    if (!this.#transformer.flush) {
      close()
      return
    }
    this.#wait(
      async () => this.#transformer.flush?.() ?? [],
      (tokens) => {
        for (const one of tokens) this.#next.push(one)
        close()
      },
      (error) => {
        if (this.#transformer.onError === 'skip') close()
        else this.#break(this.#error ?? error)
      },
    )
  }

  #break(error: SluiceError): void {
    this.abort()
    this.#next.fail(error)
  }

  /** Exactly one of `done` and `failed` is called, in a later turn; none when the stream is given up meanwhile. */
  #wait<T>(
    ask: (signal: AbortSignal) => Promise<T>,
    done: (result: T) => void,
    failed: (e: SluiceError) => void,
  ): void {
    const controller = new AbortController()
    const takeBack = (reason?: unknown): void => {
      stopTimer()
      controller.abort(reason)
    }
    this.#busy = takeBack
    this.#host.onWaiting(true)
    const settle = (step: () => void): void => {
      if (this.#busy !== takeBack) return
      this.#busy = undefined
      stopTimer()
      try {
        step()
      } catch (thrown) {
        // Nobody stands above this turn: the stream would neither go on nor end.
        this.#break(SluiceError.from(thrown))
      }
      // Not before the step, which may have begun to wait again: so nobody takes the stream for idle in between.
      this.#host.onWaiting(false)
      this.#host.onTurn()
    }
    const { name, timeoutMs = defaultTimeoutMs } = this.#transformer
    let stopTimer = (): void => {}
    if (timeoutMs > 0 && Number.isFinite(timeoutMs)) {
      stopTimer = this.#clock.after(timeoutMs, () => {
        const error = new SluiceError(
          'internal',
          `cannot transform a token: \`${name}\` gave no answer within ${timeoutMs} ms`,
        )
        settle(() => failed(error))
        takeBack(error)
      })
    }
    let asked: Promise<T>
    try {
      asked = Promise.resolve(ask(controller.signal))
    } catch (thrown) {
      asked = Promise.reject(thrown)
    }
    asked.then(
      (result) => settle(() => done(result)),
      (thrown) => settle(() => failed(SluiceError.from(thrown))),
    )
  }
}
