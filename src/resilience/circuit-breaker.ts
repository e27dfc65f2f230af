export interface CircuitBreakerOptions {
  /** So many failures in a row open it. Default 5. */
  failures?: number
  /** So large a share of failures opens it, of at least `least` outcomes within `windowMs`. Default 0.5. */
  share?: number
  /** Default 20. */
  least?: number
  /** Default 60 s. */
  windowMs?: number
  /** How long it stays open, in milliseconds; twice as long each time that a probe fails. Default 15 s. */
  openMs?: number
  /** Default 5 min. */
  mostOpenMs?: number
}

export interface BreakerState {
  /** `half-open`: its time is up, and the next request is a probe. */
  state: 'closed' | 'open' | 'half-open'
  /** In a row. */
  failures: number
  /** Until when it stays open; absent where it is not. */
  until?: number
}

/**
 * Keeps requests from a target that keeps failing. Times are milliseconds of one clock that the caller reads.
 *
 * ```
 * closed ──too many failures──► open ──time is up──► half-open ──the probe succeeds──► closed
 *                                ▲                        │
 *                                └──────the probe fails───┘
 * ```
 */
export class CircuitBreaker {
  readonly #options: Required<CircuitBreakerOptions>
  #state: 'closed' | 'open' = 'closed'
  #row = 0
  /** Of the window and of the one before it, of which as much counts as the window has left to run. */
  #now = { since: 0, good: 0, bad: 0 }
  #before = { good: 0, bad: 0 }
  #openedAt = 0
  #until = 0
  #openMs: number
  #probing = false

  constructor({
    failures = 5,
    share = 0.5,
    least = 20,
    windowMs = 60_000,
    openMs = 15_000,
    mostOpenMs = 300_000,
  }: CircuitBreakerOptions = {}) {
    this.#options = { failures, share, least, windowMs, openMs, mostOpenMs }
    this.#openMs = openMs
  }

  /** Whether a request may go there now. Asking changes nothing. */
  admits(now: number): boolean {
    return this.#state === 'closed' || (now >= this.#until && !this.#probing)
  }

  /**
   * A request goes there, whether or not it was admitted.
   *
   * @returns whether it is the probe: the first one of a half-open breaker
   */
  sent(now: number): boolean {
    if (this.#state === 'closed' || now < this.#until || this.#probing) return false
    this.#probing = true
    return true
  }

  /** @param since when the request was sent: what began before the breaker opened does not close it */
  succeeded(now: number, since = now): void {
    this.#roll(now)
    this.#now.good++
    if (this.#state === 'open' && since < this.#openedAt) return
    this.#row = 0
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#probing = false
    this.#openMs = this.#options.openMs
    this.#now = { since: now, good: 0, bad: 0 }
    this.#before = { good: 0, bad: 0 }
  }

  /** @param isProbe as `sent` has said of it; others may be under way beside the probe */
  failed(now: number, isProbe = this.#probing): void {
    this.#row++
    this.#roll(now)
    this.#now.bad++
    if (this.#state === 'open') {
      // Requests that went because nothing else was left do not make it worse.
      if (!isProbe) return
      this.#openMs = Math.min(this.#openMs * 2, this.#options.mostOpenMs)
      this.#open(now)
    } else if (this.#row >= this.#options.failures || this.#shareReached(now)) this.#open(now)
  }

  /** A request ended without saying anything of the target: the client left, or the request was refused as such. */
  left(isProbe = true): void {
    if (isProbe) this.#probing = false
  }

  state(now: number): BreakerState {
    if (this.#state === 'closed') return { state: 'closed', failures: this.#row }
    return { state: now >= this.#until ? 'half-open' : 'open', failures: this.#row, until: this.#until }
  }

  #open(now: number): void {
    this.#state = 'open'
    this.#probing = false
    this.#openedAt = now
    this.#until = now + this.#openMs
  }

  #roll(now: number): void {
    const { windowMs } = this.#options
    const age = now - this.#now.since
    if (age < windowMs) return
    this.#before = age < 2 * windowMs ? { good: this.#now.good, bad: this.#now.bad } : { good: 0, bad: 0 }
    this.#now = { since: now, good: 0, bad: 0 }
  }

  #shareReached(now: number): boolean {
    const { windowMs, share, least } = this.#options
    const weight = Math.max(0, 1 - (now - this.#now.since) / windowMs)
    const bad = this.#now.bad + this.#before.bad * weight
    const all = bad + this.#now.good + this.#before.good * weight
    return all >= least && bad / all >= share
  }
}
