import { randomUUID } from 'node:crypto'
import type { Clock } from '../../flow/index.ts'
import type { Collection, Soon, Store } from '../../storage/index.ts'

/**
 * Says to all who share a store that this process lives, as long as it has work of which the store says that it runs.
 * It costs one small entry every few seconds, however much work there is. Who does not renew it has died, and so has
 * what it was doing.
 */
export class RunLease {
  /** This process. */
  readonly id = randomUUID()
  readonly #clock: Clock
  readonly #runs: Collection
  #works = 0
  #stopTimer: (() => void) | undefined

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#clock = clock
    this.#runs = store.collection('runs', { keepMs: leaseMs, entries: 10_000, bytes: 1024 * 1024 })
  }

  /** A piece of work begins. */
  take(): void {
    this.#works++
    if (this.#works === 1) this.#renew()
  }

  /** A piece of work is over, and the store knows. */
  give(): void {
    this.#works--
    if (this.#works > 0) return
    this.#stopTimer?.()
    this.#runs.delete(this.id)
  }

  /** Whether that process is at work. */
  alive(run: string): Soon<boolean> {
    if (run === this.id) return this.#works > 0
    const found = this.#runs.get(run)
    return found instanceof Promise ? found.then((value) => value !== undefined) : found !== undefined
  }

  readonly #renew = (): void => {
    this.#runs.set(this.id, '1')
    this.#stopTimer = this.#clock.after(renewMs, this.#renew)
  }
}

/** So long a process may be busy with something else, or its file with somebody else. */
const leaseMs = 15_000
const renewMs = 5000
