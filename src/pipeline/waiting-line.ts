import { SluiceError } from '../errors/index.ts'
import type { Clock } from '../flow/index.ts'

export interface WaitOptions {
  clock: Clock
  /** Default: for ever. */
  timeoutMs: number | undefined
  signal: AbortSignal | undefined
  /** Called when one has left without being served: whoever stands behind may go now. */
  onLeft: () => void
}

interface Waiter {
  readonly bytes: number
  readonly enter: () => void
  readonly refuse: (reason: unknown) => void
}

/** Callers that wait for room for so many bytes, in the order in which they came. Each leaves exactly once. */
export class WaitingLine {
  readonly #waiters = new Set<Waiter>()

  get size(): number {
    return this.#waiters.size
  }

  /** How much the first one wants; undefined when nobody waits. */
  get wanted(): number | undefined {
    for (const first of this.#waiters) return first.bytes
    return undefined
  }

  /** Resolves when it is admitted. Costs a timer only where there is a timeout. */
  wait(bytes: number, { clock, timeoutMs, signal, onLeft }: WaitOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(waiter)
        stopTimer?.()
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter = {
        bytes,
        enter() {
          settle()
          resolve()
        },
        refuse(reason) {
          settle()
          reject(reason)
        },
      }
      const leave = (reason: unknown): void => {
        waiter.refuse(reason)
        onLeft()
      }
      const abort = (): void => leave(signal?.reason)
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', abort)
      const stopTimer =
        timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : clock.after(timeoutMs, () => leave(tooLate(bytes, timeoutMs)))
    })
  }

  /** Lets the first one go. */
  admit(): void {
    for (const first of this.#waiters) {
      first.enter()
      return
    }
  }

  /** Nobody will be served any more. */
  refuse(reason: unknown): void {
    for (const waiter of this.#waiters) waiter.refuse(reason)
  }
}

function tooLate(bytes: number, ms: number): SluiceError {
  return new SluiceError(
    'backpressure_timeout',
    `cannot send ${bytes} bytes: the receiver took too little for ${ms} ms; let it read faster or wait longer`,
  )
}
