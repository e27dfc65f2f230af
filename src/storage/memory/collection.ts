import { Buffer } from 'node:buffer'
import type { Collection, CollectionLimits } from '../store.ts'

interface Entry {
  value: string
  bytes: number
  until: number
}

export class MemoryCollection implements Collection {
  readonly #limits: CollectionLimits
  readonly #now: () => number
  /** In the order of writing: the first is the oldest, and the first to expire. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #closed = false

  constructor(limits: CollectionLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.until > this.#now()) return entry.value
    this.delete(key)
    return undefined
  }

  list(prefix: string): ReadonlyMap<string, string> | undefined {
    if (this.#closed) return undefined
    const now = this.#now()
    const found = new Map<string, string>()
    for (const [key, { value, until }] of this.#entries)
      if (until > now && key.startsWith(prefix)) found.set(key, value)
    return found
  }

  set(key: string, value: string): boolean {
    this.delete(key)
    const bytes = Buffer.byteLength(value)
    if (this.#closed || bytes > this.#limits.bytes || this.#limits.entries < 1) return false
    this.#entries.set(key, { value, bytes, until: this.#now() + this.#limits.keepMs })
    this.#bytes += bytes
    this.#evict()
    return true
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }

  close(): void {
    this.#closed = true
    this.#entries.clear()
    this.#bytes = 0
  }

  #evict(): void {
    const now = this.#now()
    for (const [key, { until }] of this.#entries) {
      const fits = this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes
      if (fits && until > now) return
      this.delete(key)
    }
  }
}
