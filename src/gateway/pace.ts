/**
 * How quickly places become free, seen over the last ten to twenty seconds, and so how long it takes until it is
 * somebody's turn. Those who were sent away will be back: they count as if they stood in the queue.
 */
export class Pace {
  readonly #since: number
  /** Of this window and of the one before it, of which as much counts as this one has left to run. */
  #now = { since: 0, left: 0, refused: 0 }
  #before = { left: 0, refused: 0 }

  /** @param now milliseconds of the clock that the caller reads */
  constructor(now: number) {
    this.#since = now
    this.#now.since = now
  }

  /** One that was being answered has gone. */
  left(now: number): void {
    this.#roll(now)
    this.#now.left++
  }

  /** One was sent away. */
  refused(now: number): void {
    this.#roll(now)
    this.#now.refused++
  }

  /** How long whoever comes now had to wait behind `ahead` others, in milliseconds: between a second and a minute. */
  waitMs(ahead: number, now: number): number {
    this.#roll(now)
    const rest = 1 - (now - this.#now.since) / windowMs
    const left = this.#now.left + this.#before.left * rest
    const refused = this.#now.refused + this.#before.refused * rest
    const seenMs = Math.min(Math.max(now - this.#since, leastMs), windowMs)
    // Where nobody has left, one may do so the next moment: no better guess is to be had.
    const eachMs = seenMs / Math.max(left, 1)
    return Math.min(Math.max((ahead + refused + 1) * eachMs, leastMs), mostMs)
  }

  #roll(now: number): void {
    const age = now - this.#now.since
    if (age < windowMs) return
    const { left, refused } = this.#now
    this.#before = age < 2 * windowMs ? { left, refused } : { left: 0, refused: 0 }
    // The window before ends where this one begins, so that what is left of it can be told by the time.
    this.#now = { since: age < 2 * windowMs ? this.#now.since + windowMs : now, left: 0, refused: 0 }
  }
}

const windowMs = 10_000
const leastMs = 1000
const mostMs = 60_000
