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

  /**
   * The health of other providers, for a configuration that comes after. What is known of those that are still there by
   * name, at the same address and with the same keys, is shared with this one; all else begins anew. Requests that began
   * before go on with this one.
   */
  successor(before: readonly Provider[], after: readonly Provider[]): Health {
    const next = new Health(this.#options)
    const old = new Map(before.map((one) => [one.name, one]))
    const kept = new Set<string>()
    for (const provider of after) {
      const was = old.get(provider.name)
      if (!was || was.baseUrl !== provider.baseUrl || !sameKeys(was.apiKeys, provider.apiKeys)) continue
      kept.add(provider.name)
      next.#keys.set(provider, this.keys(was))
    }
    for (const [name, health] of this.#targets) {
      if (kept.has(name.slice(0, name.indexOf('/')))) next.#targets.set(name, health)
    }
    return next
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

function sameKeys(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((key, i) => key === after[i])
}

const mostTargets = 5000
