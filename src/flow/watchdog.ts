import type { Clock } from './clock.ts'

/**
 * Barks when it has not been fed for `ms`. Feeding is a store of the time and no timer call: with a timer per token
 * the timer would cost more than the token. So it may bark late by the time between two looks, never early.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #ms: number
  readonly #bark: () => void
  #fed: number
  #cancel: (() => void) | undefined
  #lookedLate = false

  /** Starts at once. `ms` of 0 or Infinity never barks. */
  constructor(clock: Clock, ms: number, bark: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#bark = bark
    this.#fed = clock.now()
    this.restart()
  }

  /** `now` saves a call of the clock where the caller has just asked it. */
  feed(now: number = this.#clock.now()): void {
    this.#fed = now
  }

  /** Starts again after it has barked. */
  restart(): void {
    this.stop()
    this.feed()
    if (this.#ms > 0 && Number.isFinite(this.#ms)) this.#look(this.#ms)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #look(inMs: number): void {
    const due = this.#clock.now() + inMs
    this.#cancel = this.#clock.after(inMs, () => {
      const now = this.#clock.now()
      const left = this.#fed + this.#ms - now
      // A late timer tells of a process that stood still (frozen, starved, one long turn). What came meanwhile is not
      // read yet, since timers run before reads do: it gets as long again as the timer was late, once.
      const late = this.#lookedLate ? 0 : Math.min(now - due, this.#ms)
      this.#lookedLate = left <= 0 && late > 0
      if (left > 0 || late > 0) return this.#look(left > 0 ? left : late)
      this.#cancel = undefined
      this.#bark()
    })
  }
}
