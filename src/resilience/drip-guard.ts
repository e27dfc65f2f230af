import type { Clock } from '../flow/index.ts'

export interface DripGuardOptions {
  clock: Clock
  /** Pieces of content a second. */
  leastRate: number
  /** How many there have been so far. */
  pieces: () => number
  onSlow: () => void
}

/**
 * Gives a stream up that goes on, but so slowly that it is of no use. It looks once in ten seconds, so that a pause to
 * think is nothing, and costs the stream nothing. Time in which the client did not take what came does not count.
 */
export class DripGuard {
  readonly #options: DripGuardOptions
  #seen: number
  #excused = false
  #stop: () => void

  constructor(options: DripGuardOptions) {
    this.#options = options
    this.#seen = options.pieces()
    this.#stop = options.clock.after(windowMs, this.#look)
  }

  /** The upstream was held back: this window says nothing of it. */
  excuse(): void {
    this.#excused = true
  }

  stop(): void {
    this.#stop()
  }

  readonly #look = (): void => {
    const { clock, leastRate, pieces, onSlow } = this.#options
    const now = pieces()
    const slow = (now - this.#seen) * 1000 < leastRate * windowMs
    if (slow && !this.#excused) {
      onSlow()
      return
    }
    this.#seen = now
    this.#excused = false
    this.#stop = clock.after(windowMs, this.#look)
  }
}

const windowMs = 10_000
