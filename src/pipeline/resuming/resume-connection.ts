import { SluiceError } from '../../errors/index.ts'
import { type Clock, Watchdog } from '../../flow/index.ts'
import type { AnyAnswer, PieceSource } from '../http/body-source.ts'
import { openEvents } from './resume-source.ts'

export interface ResumeConnectionOptions {
  clock: Clock
  signal: AbortSignal | undefined
  /** In milliseconds; 0 for never. */
  idleTimeoutMs: number
}

/** The connection that a resumable stream has at the moment, if any; every wait of it can be broken off. */
export class ResumeConnection {
  readonly #options: ResumeConnectionOptions
  #source: PieceSource<Uint8Array> | undefined
  #controller: AbortController | undefined
  #watchdog: Watchdog | undefined
  /** Breaks off the wait that is going on. */
  #interrupt: ((error: SluiceError) => void) | undefined
  readonly #abort = (): void => this.#interrupt?.(closed(this.#options.signal))

  constructor(options: ResumeConnectionOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#source !== undefined
  }

  /** False when the source says that there is nothing more. Rejects when there is no connection to be had. */
  async open(ask: (signal: AbortSignal) => AnyAnswer | Promise<AnyAnswer>): Promise<boolean> {
    const { signal, clock, idleTimeoutMs } = this.#options
    if (signal?.aborted) throw closed(signal)
    // Adding it twice is adding it once.
    signal?.addEventListener('abort', this.#abort)
    const controller = new AbortController()
    this.#controller = controller
    this.#watchdog = new Watchdog(clock, idleTimeoutMs, () => {
      // While nobody reads, the silence is the reader's.
      if (!this.#interrupt) this.#watchdog?.restart()
      else this.#interrupt(new SluiceError('idle_timeout', 'cannot read the stream: the source went silent'))
    })
    const opening = (async () => openEvents(await ask(controller.signal)))()
    // A body that comes after the wait was broken off is sent away.
    const late = (source: PieceSource<Uint8Array> | undefined): void => {
      if (controller.signal.aborted) source?.cancel()
    }
    opening.then(late, ignore)
    this.#source = await this.#wait(opening)
    return this.#source !== undefined
  }

  /** The next bytes; undefined at the end of the body. Rejects when the connection breaks. */
  read(): Promise<Uint8Array | undefined> {
    return this.#wait(this.#source!.read())
  }

  /** Lets time pass. Rejects when that is broken off. */
  async pause(ms: number): Promise<void> {
    let cancel = (): void => {}
    try {
      await this.#wait(
        new Promise<void>((resolve) => {
          cancel = this.#options.clock.after(ms, resolve)
        }),
      )
    } finally {
      cancel()
    }
  }

  /** Closes the connection. Another can be opened. */
  drop(): void {
    this.#watchdog?.stop()
    this.#watchdog = undefined
    this.#source?.cancel()
    this.#source = undefined
    this.#controller?.abort()
    this.#controller = undefined
  }

  /** Closes it for good. */
  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.drop()
  }

  #wait<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#options
    this.#watchdog?.feed()
    // Made by hand: `Promise.race` with one promise for all interruptions would hang a reaction on it for each read.
    return new Promise<T>((resolve, reject) => {
      this.#interrupt = (error) => {
        this.#interrupt = undefined
        reject(error)
      }
      promise.then(
        (value) => {
          this.#interrupt = undefined
          resolve(value)
        },
        (error) => {
          this.#interrupt = undefined
          reject(error)
        },
      )
      if (signal?.aborted) this.#abort()
    })
  }
}

export function closed(signal: AbortSignal | undefined): SluiceError {
  return new SluiceError('client_closed', 'cannot read the stream on: it was aborted', { cause: signal?.reason })
}

function ignore(): void {}
