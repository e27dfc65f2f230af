import { createHash } from 'node:crypto'

/**
 * What providers have counted, for the editors that ask the same many times a second: equal questions are answered from
 * here for a minute, and a target without a counter is not asked for a while. Bounded: 500 counts.
 */
export class CountMemory {
  readonly #now: () => number
  readonly #counts = new Map<string, { tokens: number; until: number }>()
  readonly #without = new Map<string, number>()

  /** @param now milliseconds of a clock that goes on */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What a question is known by: whose it is, where it goes and what it says. */
  key(owner: string, url: string, text: string): string {
    return createHash('sha256').update(owner).update('\n').update(url).update('\n').update(text).digest('base64')
  }

  known(key: string): number | undefined {
    const found = this.#counts.get(key)
    if (found && found.until > this.#now()) return found.tokens
    if (found) this.#counts.delete(key)
    return undefined
  }

  keep(key: string, tokens: number): void {
    this.#counts.set(key, { tokens, until: this.#now() + keptMs })
    if (this.#counts.size > mostCounts) this.#counts.delete(this.#counts.keys().next().value as string)
  }

  /** Whether there was found to be no counter for the target, lately. */
  lacks(target: string): boolean {
    return (this.#without.get(target) ?? 0) > this.#now()
  }

  noteLacking(target: string): void {
    this.#without.set(target, this.#now() + lackingMs)
    if (this.#without.size > mostCounts) this.#without.delete(this.#without.keys().next().value as string)
  }
}

const keptMs = 60_000
const lackingMs = 5 * 60_000
const mostCounts = 500
