import { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts'

/** How a target does, for those who choose among several and for those who look on. */
export interface TargetState extends BreakerState {
  /** Requests that are being answered. */
  running: number
  requests: number
  failedRequests: number
  /** Milliseconds to the first content, the latest ones counting most; absent before the first. */
  firstMs?: number
  /** The code of the last failure. */
  lastError?: string
}

/** The health of one model at one provider. Times are milliseconds of the caller's clock. */
export class TargetHealth {
  readonly #breaker: CircuitBreaker
  #running = 0
  #requests = 0
  #failed = 0
  #firstMs: number | undefined
  #lastError: string | undefined

  constructor(options?: CircuitBreakerOptions) {
    this.#breaker = new CircuitBreaker(options)
  }

  get running(): number {
    return this.#running
  }

  get firstMs(): number | undefined {
    return this.#firstMs
  }

  admits(now: number): boolean {
    return this.#breaker.admits(now)
  }

  /** A request goes to it. What becomes of it is said once, by calling the result. */
  begin(now: number): Settle {
    this.#running++
    this.#requests++
    const isProbe = this.#breaker.sent(now)
    let over = false
    return (outcome, at, code) => {
      if (over) return
      over = true
      this.#running--
      if (outcome === 'left') this.#breaker.left(isProbe)
      else if (outcome === 'good') this.#breaker.succeeded(at, now)
      else {
        this.#failed++
        this.#lastError = code
        this.#breaker.failed(at, isProbe)
      }
    }
  }

  /** How long its first content took. */
  answered(firstMs: number): void {
    this.#firstMs = this.#firstMs === undefined ? firstMs : this.#firstMs * (1 - weight) + firstMs * weight
  }

  state(now: number): TargetState {
    return {
      ...this.#breaker.state(now),
      running: this.#running,
      requests: this.#requests,
      failedRequests: this.#failed,
      ...(this.#firstMs !== undefined && { firstMs: Math.round(this.#firstMs) }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    }
  }
}

/** `left`: nothing can be said of the target. */
export type Settle = (outcome: 'good' | 'bad' | 'left', at: number, code?: string) => void

const weight = 0.2
