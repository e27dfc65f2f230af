import type { Provider } from '../providers/index.ts'
import type { CircuitBreakerOptions } from './circuit-breaker.ts'
import { KeyPool, type KeyState } from './key-pool.ts'
import { TargetHealth, type TargetState } from './target-health.ts'

/** The health of all targets, and the keys of all providers. Bounded: 5,000 targets. */
export class Health {
  readonly #options: CircuitBreakerOptions | undefined
  readonly #targets = new Map<string, TargetHealth>()
  readonly #keys = new WeakMap<Provider, KeyPool>()

  constructor(options?: CircuitBreakerOptions) {
    this.#options = options
  }

  target(provider: Provider, model: string): TargetHealth {
    const name = `${provider.name}/${model}`
    let health = this.#targets.get(name)
    if (!health) {
      health = new TargetHealth(this.#options)
      this.#targets.set(name, health)
      if (this.#targets.size > mostTargets) this.#forgetOne(name)
    }
    return health
  }

  /** What is known of it, if anything is: looking makes no entry. */
  known(provider: Provider, model: string): TargetHealth | undefined {
    return this.#targets.get(`${provider.name}/${model}`)
  }

  keys(provider: Provider): KeyPool {
    let pool = this.#keys.get(provider)
    if (!pool) {
      pool = new KeyPool(provider.apiKeys)
      this.#keys.set(provider, pool)
    }
    return pool
  }

  states(now: number): Array<{ target: string } & TargetState> {
    return [...this.#targets].map(([target, health]) => ({ target, ...health.state(now) }))
  }

  keyStates(providers: readonly Provider[], now: number): Array<{ provider: string; keys: KeyState[] }> {
    return providers.map((provider) => ({ provider: provider.name, keys: this.keys(provider).states(now) }))
  }

  /** One that serves nobody now, the one that was seen first. */
  #forgetOne(latest: string): void {
    for (const [name, health] of this.#targets) {
      if (name === latest || health.running > 0) continue
      this.#targets.delete(name)
      return
    }
  }
}

const mostTargets = 5000
