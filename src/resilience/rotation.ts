import type { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import { backoffMs } from './backoff.ts'
import type { Health } from './health.ts'
import { judge } from './judgement.ts'
import type { Settle, TargetHealth } from './target-health.ts'

export interface RotationTarget {
  provider: Provider
  /** The model's name at the provider. */
  model: string
}

/** Whom to ask next, with which key, and how long to wait before. */
export interface Step<T extends RotationTarget> {
  target: T
  key: string | undefined
  waitMs: number
}

/** One attempt that failed, as the trail tells it. */
export interface Failed {
  target: string
  code: string
  /** The provider's own status, where it gave one. */
  status?: number
}

export interface RotationOptions<T extends RotationTarget> {
  /** In the order of preference; not empty. */
  targets: readonly T[]
  /** How often one target is asked again after a failure that may pass. */
  retries: number
  health: Health
  /** Milliseconds. */
  now: () => number
  random?: () => number
}

interface Entry<T> {
  target: T
  /** Keys that have failed this request. Most fail none, and need no set. */
  keys: Set<string> | undefined
  /** How often it was asked again. */
  repeats: number
  /** It may be asked again, after so long at least. */
  again: { afterMs: number | undefined } | undefined
  asked: boolean
}

/**
 * The targets of one request, one after the other until one answers. Those that are unhealthy come last, but they do
 * come: when nothing else is left the client shall see what the provider itself says.
 *
 * After each failure: another key of the same provider, if it was the key; else the next target; and when all have been
 * asked, once more those whose failure may pass, after a wait that grows.
 */
export class Rotation<T extends RotationTarget> {
  readonly #options: RotationOptions<T>
  readonly #entries: Entry<T>[]
  #current: Entry<T> | undefined
  #key: string | undefined
  /** That of the target that is asked. */
  #health: TargetHealth | undefined
  #settle: Settle | undefined
  #sentAt = 0
  readonly failed: Failed[] = []

  constructor(options: RotationOptions<T>) {
    this.#options = options
    const { targets, health } = options
    const entries = targets.map(
      (target): Entry<T> => ({
        target,
        keys: undefined,
        repeats: 0,
        again: undefined,
        asked: false,
      }),
    )
    this.#entries = entries
    if (entries.length < 2) return
    const now = options.now()
    const usable = ({ target }: Entry<T>): boolean => {
      if (health.known(target.provider, target.model)?.admits(now) === false) return false
      // Who needs no key has none that could rest.
      return target.provider.apiKeys.length === 0 || health.keys(target.provider).ready(now) > 0
    }
    this.#entries = [...entries.filter(usable), ...entries.filter((one) => !usable(one))]
  }

  /** How many attempts have been made. */
  get attempts(): number {
    return this.failed.length + (this.#settle ? 1 : 0)
  }

  /** Whether somebody else could be asked, if the one that is asked now fails. */
  get othersLeft(): boolean {
    return this.#entries.some((entry) => entry !== this.#current && !entry.asked)
  }

  first(): Step<T> {
    const [entry] = this.#entries
    if (!entry) throw new Error('a rotation without targets')
    return this.#step(entry, 0)
  }

  /** A request is going to the target of the last step; once more, where the target refused the way it was asked. */
  begin(): void {
    const { health, now } = this.#options
    const entry = this.#current
    if (!entry) return
    entry.asked = true
    this.#sentAt = now()
    this.#health = health.target(entry.target.provider, entry.target.model)
    // Asked in another way it is still one attempt, which is settled once.
    this.#settle ??= this.#health.begin(this.#sentAt)
  }

  /** The first content has come. */
  answered(): void {
    const { health, now } = this.#options
    const entry = this.#current
    if (!entry || !this.#settle) return
    this.#health?.answered(now() - this.#sentAt)
    if (this.#key !== undefined) health.keys(entry.target.provider).worked(this.#key, this.#sentAt)
  }

  /**
   * The attempt failed before anything reached the client.
   *
   * @param begun the provider had begun to answer
   * @returns whom to ask next; undefined: the failure is the answer
   */
  next(error: SluiceError, begun: boolean): Step<T> | undefined {
    const entry = this.#current
    if (!entry) return undefined
    const { health, now, retries, random } = this.#options
    const judgement = judge(error, begun)
    const { provider, model } = entry.target
    // It may have failed before anything was sent: then it was asked all the same.
    entry.asked = true
    this.#over(judgement.blame === 'target' ? 'bad' : 'left', error.code)
    const status = error.upstream?.status
    this.failed.push({
      target: `${provider.name}/${model}`,
      code: error.code,
      ...(status !== undefined && { status }),
    })
    const pool = health.keys(provider)
    if (this.#key !== undefined) {
      entry.keys ??= new Set()
      entry.keys.add(this.#key)
      if (judgement.blame === 'key') pool.bench(this.#key, now(), error.code)
      else if (judgement.cools) pool.cool(this.#key, now(), error.retryAfterMs, error.code)
      const other = judgement.blame === 'key' || judgement.cools
      if (other && pool.ready(now(), entry.keys) > 0) return this.#step(entry, 0)
    }
    if (!judgement.elsewhere) return undefined
    const patient = (error.retryAfterMs ?? 0) <= longestWaitMs
    entry.again = judgement.again && patient && entry.repeats < retries ? { afterMs: error.retryAfterMs } : undefined
    const fresh = this.#entries.find(({ asked }) => !asked)
    if (fresh) return this.#step(fresh, 0)
    const again = this.#entries.find((one) => one.again)
    if (!again?.again) return undefined
    const { afterMs } = again.again
    again.repeats++
    again.again = undefined
    again.keys?.clear()
    return this.#step(again, backoffMs(again.repeats, afterMs, { ...(random && { random }) }))
  }

  /** The answer is over: well, or with an error after its first content. */
  end(error?: SluiceError): void {
    if (!error) this.#over('good')
    else this.#over(judge(error, true).blame === 'target' ? 'bad' : 'left', error.code)
  }

  #over(outcome: 'good' | 'bad' | 'left', code?: string): void {
    this.#settle?.(outcome, this.#options.now(), code)
    this.#settle = undefined
  }

  #step(entry: Entry<T>, waitMs: number): Step<T> {
    this.#current = entry
    const { provider } = entry.target
    const { health, now } = this.#options
    this.#key = provider.apiKeys.length === 0 ? undefined : health.keys(provider).take(now(), entry.keys)
    return { target: entry.target, key: this.#key, waitMs }
  }
}

/** Who asks for more patience than this is not asked again: the client is told, and may come back then. */
const longestWaitMs = 10_000
