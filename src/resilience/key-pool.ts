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
}

/**
 * The keys of one provider, taken in turns. One that is refused or has no credit is benched for ten minutes, one that
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
    }))
  }

  get size(): number {
    return this.#entries.length
  }

  /** How many keys other than those that were tried are ready. */
  ready(now: number, tried: ReadonlySet<string> = none): number {
    return this.#entries.filter(({ key, until }) => until <= now && !tried.has(key)).length
  }

  /**
   * The key to use: of those that are ready the one that has waited longest, else the one that is ready first.
   *
   * @param tried keys that have failed this very request; taken again only when there is no other
   */
  take(now: number, tried: ReadonlySet<string> = none): string | undefined {
    let best: Entry | undefined
    for (const entry of this.#entries) if (!best || this.#before(entry, best, now, tried)) best = entry
    if (!best) return undefined
    best.uses++
    best.usedAt = ++this.#turn
    return best.key
  }

  /** It was refused, or has no credit. */
  bench(key: string, now: number, because: string): void {
    this.#rest(key, 'benched', { now, ms: benchMs, because })
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
   * It works. @param since when the request was sent: one that was under way when the key was told to rest says nothing
   */
  worked(key: string, since = Number.POSITIVE_INFINITY): void {
    const entry = this.#entry(key)
    if (!entry || since < entry.restedAt) return
    entry.cooled = 0
    entry.until = 0
    entry.state = 'ready'
    entry.because = undefined
  }

  states(now: number): KeyState[] {
    return this.#entries.map(({ index, state, until, because, uses }) => {
      if (until <= now) return { index, state: 'ready', uses }
      return { index, state, until, uses, ...(because !== undefined && { because }) }
    })
  }

  #before(a: Entry, b: Entry, now: number, tried: ReadonlySet<string>): boolean {
    if (tried.has(a.key) !== tried.has(b.key)) return tried.has(b.key)
    const [aReady, bReady] = [a.until <= now, b.until <= now]
    if (aReady !== bReady) return aReady
    return aReady ? a.usedAt < b.usedAt : a.until < b.until
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

const none: ReadonlySet<string> = new Set()
const benchMs = 10 * 60_000
const firstCoolMs = 5000
const mostCoolMs = 120_000
const mostAskedMs = 24 * 3_600_000
