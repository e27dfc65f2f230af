import { Buffer } from 'node:buffer'
import type { Collection, CollectionLimits } from '../store.ts'
import type { Write } from './database.ts'

/** What a collection needs of its store. */
export interface Shelf {
  read(namespace: string, key: string): string | undefined
  list(namespace: string, prefix: string): ReadonlyMap<string, string> | undefined
  write(write: Write): void
  now(): number
}

export class SqliteCollection implements Collection {
  readonly limits: CollectionLimits
  readonly #name: string
  readonly #shelf: Shelf

  constructor(name: string, limits: CollectionLimits, shelf: Shelf) {
    this.#name = name
    this.limits = limits
    this.#shelf = shelf
  }

  get(key: string): string | undefined {
    return this.#shelf.read(this.#name, key)
  }

  list(prefix: string): ReadonlyMap<string, string> | undefined {
    return this.#shelf.list(this.#name, prefix)
  }

  set(key: string, value: string): boolean {
    const bytes = Buffer.byteLength(value)
    const fits = bytes <= this.limits.bytes && this.limits.entries >= 1
    if (!fits) this.delete(key)
    else this.#write(key, value, bytes)
    return fits
  }

  delete(key: string): void {
    this.#write(key, undefined, 0)
  }

  #write(key: string, value: string | undefined, bytes: number): void {
    this.#shelf.write({ namespace: this.#name, key, value, bytes, until: this.#shelf.now() + this.limits.keepMs })
  }
}
