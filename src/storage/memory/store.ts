import type { Collection, CollectionLimits, Store } from '../store.ts'
import { MemoryCollection } from './collection.ts'

export class MemoryStore implements Store {
  readonly where = 'memory'
  readonly lasts = false
  readonly #now: () => number
  readonly #collections = new Map<string, MemoryCollection>()

  /** @param options `now` is in milliseconds. */
  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now
  }

  collection(name: string, limits: CollectionLimits): Collection {
    const known = this.#collections.get(name)
    if (known) return known
    const made = new MemoryCollection(limits, this.#now)
    this.#collections.set(name, made)
    return made
  }

  flush(): void {}

  close(): void {
    for (const collection of this.#collections.values()) collection.close()
  }
}
