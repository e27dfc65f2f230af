import type { Clock } from '../../src/flow/index.ts'

/** A clock that stands still until it is moved, and says how many timers it was asked for. */
export class FakeClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number; callback: () => void }>()
  /** How often a timer was set. */
  set = 0

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    this.set++
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#timers.size
  }

  /** The process stands still: time goes on, and the timers that fell due are called late, at its end. */
  freeze(ms: number): void {
    this.#now += ms
    this.pass(0)
  }

  /** Moves on, calling timers in the order of their time. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
    }
    this.#now = end
  }
}
