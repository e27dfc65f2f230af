import { type Clock, systemClock } from '../../flow/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import { type AsyncStreamTransformer, pass, type TransformResult } from '../transformer.ts'
import { checkNumber } from './option-checks.ts'

export interface DeltaPacingOptions {
  /** The most deltas of text and reasoning that go on in a second. Default 60. */
  perSecond?: number
  clock?: Clock
}

/**
 * Lets deltas go on at an even pace, for people who read along. A pause of the model is not made up for, and everything
 * but text and reasoning goes on at once. As it makes the stream wait, the upstream is paused with it: a pace below the
 * model's delays the end of the answer. Put `DeltaSmoothing` before it.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const pacing = new DeltaPacing({ perSecond: 30 })
 */
export class DeltaPacing implements AsyncStreamTransformer {
  readonly name = 'delta-pacing'
  readonly async = true
  /** Longer than any wait of its own. */
  readonly timeoutMs: number
  readonly #interval: number
  readonly #clock: Clock
  #next = Number.NEGATIVE_INFINITY

  constructor({ perSecond = 60, clock = wakingClock }: DeltaPacingOptions = {}) {
    checkNumber('perSecond', perSecond, 0.1)
    this.#interval = 1000 / perSecond
    this.timeoutMs = this.#interval + 5000
    this.#clock = clock
  }

  async transform(token: StreamToken, signal: AbortSignal): Promise<TransformResult> {
    if (token.type !== 'text-delta' && token.type !== 'reasoning-delta') return pass
    const now = this.#clock.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#interval
    if (at > now) await this.#wait(at - now, signal)
    return pass
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const cancel = this.#clock.after(ms, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      const stop = (): void => {
        cancel()
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}

// The timers of the system clock let a process end; one that waits for the next word of an answer must not.
const wakingClock: Clock = {
  now: systemClock.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
