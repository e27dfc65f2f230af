import type { SluiceError } from '../errors/index.ts'
import { backoffMs } from './backoff.ts'
import type { Health } from './health.ts'
import { judge } from './judgement.ts'
import { Leg, type RotationTarget } from './leg.ts'

/** One attempt that came to nothing, as the trail tells it. */
export interface Failed {
  target: string
  /** That of its error; `outrun` where another one was quicker. */
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
  place: number
  /** Keys that have failed this request. Most fail none, and need no set. */
  keys: Set<string> | undefined
  /** How often it was asked again. */
  repeats: number
  /** It may be asked again, after so long at least. */
  again: { afterMs: number | undefined } | undefined
  asked: boolean
  /** A failure of it has been counted. */
  blamed: boolean
}

/**
 * The targets of one request, one after the other until one answers. Those that are unhealthy come last, but they do
 * come: when nothing else is left the client shall see what the provider itself says.
 *
 * After each failure: another key of the same provider, if it was the key; else the next target; and when all have been
 * asked, once more those whose failure may pass, after a wait that grows. Two may be asked at the same time.
 */
export class Rotation<T extends RotationTarget> {
  readonly #options: RotationOptions<T>
  readonly #entries: Entry<T>[]
  readonly #legs: Leg<T>[] = []
  /** One has failed in a way after which nobody is to be asked. */
  #final = false
  readonly failed: Failed[] = []

  constructor(options: RotationOptions<T>) {
    this.#options = options
    const entries = options.targets.map(
      (target, place): Entry<T> => ({
        target,
        place,
        keys: undefined,
        repeats: 0,
        again: undefined,
        asked: false,
        blamed: false,
      }),
    )
    this.#entries = entries
    if (entries.length < 2) return
    const now = options.now()
    const usable = (one: Entry<T>): boolean => this.#isUsable(one, now)
    this.#entries = [...entries.filter(usable), ...entries.filter((one) => !usable(one))]
  }

  /** How many attempts have been made. */
  get attempts(): number {
    return this.failed.length + this.#legs.filter((leg) => leg.isUnderWay).length
  }

  /** Whether somebody else could be asked, if those fail that are asked now. */
  get othersLeft(): boolean {
    return this.#entries.some(({ asked }) => !asked)
  }

  first(): Leg<T> {
    const [entry] = this.#entries
    if (!entry) throw new Error('a rotation without targets')
    return this.#leg(entry, 0)
  }

  /** Another target, to be asked at the same time. None that is unhealthy: it is not as if nothing else were left. */
  beside(): Leg<T> | undefined {
    const now = this.#options.now()
    const fresh = this.#entries.find((entry) => !entry.asked && this.#isUsable(entry, now))
    return fresh && this.#leg(fresh, 0)
  }

  /**
   * A leg failed before anything of its answer reached the client.
   *
   * @param begun the provider had begun to answer
   * @param alone nobody else is being asked
   * @returns whom to ask in its place; undefined: nobody, or nobody yet
   */
  next(leg: Leg<T>, error: SluiceError, begun: boolean, alone = true): Leg<T> | undefined {
    const entry = this.#entries.find(({ place }) => place === leg.place)
    if (!entry) return undefined
    const { health, now, retries } = this.#options
    const { blame, cools, again, elsewhere } = judge(error, begun)
    // One request counts once, however often it is repeated: its prompt may be what the target fails at.
    const sent = leg.isUnderWay
    leg.failed(error, { blame, cools, counts: !entry.blamed })
    entry.blamed ||= sent && blame === 'target'
    this.#note(leg, error.code, error.upstream?.status)
    let otherKey = false
    if (leg.key !== undefined) {
      entry.keys ??= new Set()
      entry.keys.add(leg.key)
      otherKey =
        (blame === 'key' || cools) &&
        health.keys(entry.target.provider).ready(now(), entry.target.model, entry.keys) > 0
    }
    const patient = (error.retryAfterMs ?? 0) <= longestWaitMs
    entry.again = again && patient && entry.repeats < retries ? { afterMs: error.retryAfterMs } : undefined
    // It is its turn once more when the other one fails, too.
    entry.asked = !otherKey
    this.#final ||= !elsewhere
    if (!alone || this.#final) return undefined
    return otherKey ? this.#leg(entry, 0) : this.#another()
  }

  /** Another one was quicker. If that one fails, too, this one may be asked once more: it has failed nobody. */
  outrun(leg: Leg<T>): void {
    if (leg.isUnderWay) this.#note(leg, 'outrun')
    leg.outrun()
    const entry = this.#entries.find(({ place }) => place === leg.place)
    if (entry) entry.asked = false
  }

  #another(): Leg<T> | undefined {
    const fresh = this.#entries.find(({ asked }) => !asked)
    if (fresh) return this.#leg(fresh, 0)
    const { random, health, now } = this.#options
    // Whom others are kept from is not asked again and again.
    const at = now()
    const isOpen = ({ provider, model }: T): boolean => health.known(provider, model)?.admits(at) === false
    const entry = this.#entries.find((one) => one.again && !isOpen(one.target))
    if (!entry?.again) return undefined
    const { afterMs } = entry.again
    entry.repeats++
    entry.again = undefined
    entry.keys?.clear()
    return this.#leg(entry, backoffMs(entry.repeats, afterMs, { ...(random && { random }) }))
  }

  #leg(entry: Entry<T>, waitMs: number): Leg<T> {
    const { target, place } = entry
    const { provider, model } = target
    const { health, now } = this.#options
    const key = provider.apiKeys.length === 0 ? undefined : health.keys(provider).take(now(), model, entry.keys)
    // It may fail before anything is sent: then it was asked all the same.
    entry.asked = true
    const leg = new Leg({ target, key, waitMs, place, health, now })
    this.#legs.push(leg)
    return leg
  }

  #note({ target: { provider, model } }: Leg<T>, code: string, status?: number): void {
    this.failed.push({ target: `${provider.name}/${model}`, code, ...(status !== undefined && { status }) })
  }

  #isUsable({ target: { provider, model } }: Entry<T>, now: number): boolean {
    const { health } = this.#options
    if (health.known(provider, model)?.admits(now) === false) return false
    // Who needs no key has none that could rest.
    return provider.apiKeys.length === 0 || health.keys(provider).ready(now, model) > 0
  }
}

/** Who asks for more patience than this is not asked again: the client is told, and may come back then. */
const longestWaitMs = 10_000
