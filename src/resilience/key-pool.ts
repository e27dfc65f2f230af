/** How a key stands. Times are milliseconds of the caller's clock. */
export interface KeyState {
  /** The place of the key in the configuration, from 0: nothing here tells the key itself. */
  index: number
  state: 'ready' | 'cooling' | 'benched'
  until?: number
  /** Why, as the code of the error. */
  because?: string
  /** How many requests it has served since the start. */
  uses: number
  /** Models for which it is benched, while it serves others. */
  models?: string[]
}

interface Entry {
  key: string
  index: number
  uses: number
  usedAt: number
  until: number
  state: 'ready' | 'cooling' | 'benched'
  because: string | undefined
  /** When it was last told to rest. */
  restedAt: number
  /** How often in a row it was told to slow down without saying for how long. */
  cooled: number
  /** Until when it is benched for which model. Most are for none. */
  models: Map<string, number> | undefined
}

/**
 * The keys of one provider, taken in turns. One that is refused or has no credit is benched for ten minutes, one that may
 * not use a model is benched for that model, and one that
 * has to slow down rests as long as the provider asks. A key that rests is still taken when no other is left: then the
 * client gets the provider's own words.
 */
export class KeyPool {
  readonly #entries: Entry[]
  #turn = 0

  constructor(keys: readonly string[]) {
    this.#entries = keys.map((key, index) => ({
      key,
      index,
      uses: 0,
      usedAt: 0,
      until: 0,
      state: 'ready',
      because: undefined,
      restedAt: Number.NEGATIVE_INFINITY,
      cooled: 0,
      models: undefined,
    }))
  }

  get size(): number {
    return this.#entries.length
  }

  /** How many keys other than those that were tried are ready for the model. */
  ready(now: number, model: string, tried: ReadonlySet<string> = none): number {
    return this.#entries.filter((entry) => restsUntil(entry, model) <= now && !tried.has(entry.key)).length
  }

  /**
   * The key to use: of those that are ready the one that has waited longest, else the one that is ready first.
   *
   * @param tried keys that have failed this very request; taken again only when there is no other
   */
  take(now: number, model: string, tried: ReadonlySet<string> = none): string | undefined {
    let best: Entry | undefined
    for (const entry of this.#entries) if (!best || before(entry, best, { now, model, tried })) best = entry
    if (!best) return undefined
    best.uses++
    best.usedAt = ++this.#turn
    return best.key
  }

  /** It was refused, or has no credit. */
  bench(key: string, now: number, because: string): void {
    this.#rest(key, 'benched', { now, ms: benchMs, because })
  }

  /**
   * It may not use the model. Nothing is said of others by that: a caller who asks for a model that is not to be had must
   * not cost everybody the key.
   */
  benchFor(key: string, model: string, now: number): void {
    const entry = this.#entry(key)
    if (!entry) return
    entry.models ??= new Map()
    entry.models.delete(model)
    entry.models.set(model, now + benchMs)
    if (entry.models.size > mostModels) entry.models.delete(entry.models.keys().next().value as string)
  }

  /** Its provider asks to slow down, for so long if it says so: a moment at least, and a day at most, as a slip there would cost the key. */
  cool(key: string, now: number, askedMs: number | undefined, because: string): void {
    const entry = this.#entry(key)
    if (!entry) return
    const own = Math.min(firstCoolMs * 2 ** Math.min(entry.cooled, 10), mostCoolMs)
    entry.cooled++
    this.#rest(key, 'cooling', { now, ms: Math.min(askedMs || own, mostAskedMs), because })
  }

  /**
   * It works for the model. @param since when the request was sent: one that was under way when the key was told to rest
   * says nothing
   */
  worked(key: string, model: string, since = Number.POSITIVE_INFINITY): void {
    const entry = this.#entry(key)
    if (!entry || since < entry.restedAt) return
    entry.models?.delete(model)
    entry.cooled = 0
    entry.until = 0
    entry.state = 'ready'
    entry.because = undefined
  }

  states(now: number): KeyState[] {
    return this.#entries.map(({ index, state, until, because, uses, models }) => {
      const benched = [...(models ?? [])].filter(([, end]) => end > now).map(([model]) => model)
      const more = { uses, ...(benched.length > 0 && { models: benched }) }
      if (until <= now) return { index, state: 'ready', ...more }
      return { index, state, until, ...more, ...(because !== undefined && { because }) }
    })
  }

  #rest(
    key: string,
    state: 'cooling' | 'benched',
    { now, ms, because }: { now: number; ms: number; because: string },
  ): void {
    const entry = this.#entry(key)
    if (!entry) return
    entry.restedAt = now
    const until = now + ms
    if (until <= entry.until) return
    entry.state = state
    entry.until = until
    entry.because = because
  }

  #entry(key: string): Entry | undefined {
    return this.#entries.find((entry) => entry.key === key)
  }
}

function restsUntil({ until, models }: Entry, model: string): number {
  return models === undefined ? until : Math.max(until, models.get(model) ?? 0)
}

function before(
  a: Entry,
  b: Entry,
  { now, model, tried }: { now: number; model: string; tried: ReadonlySet<string> },
): boolean {
  if (tried.has(a.key) !== tried.has(b.key)) return tried.has(b.key)
  const [aUntil, bUntil] = [restsUntil(a, model), restsUntil(b, model)]
  const [aReady, bReady] = [aUntil <= now, bUntil <= now]
  if (aReady !== bReady) return aReady
  return aReady ? a.usedAt < b.usedAt : aUntil < bUntil
}

const none: ReadonlySet<string> = new Set()
/** For which a key is benched at once: names come from callers. */
const mostModels = 100
const benchMs = 10 * 60_000
const firstCoolMs = 5000
const mostCoolMs = 120_000
const mostAskedMs = 24 * 3_600_000
