import { existsSync } from 'node:fs'
import { type Clock, systemClock } from '../../flow/index.ts'
import { MemoryStore } from '../memory/index.ts'
import type { Collection, CollectionLimits, Soon, Store } from '../store.ts'
import { SqliteCollection } from './collection.ts'
import { SqliteDatabase, type Write } from './database.ts'
import { readTrouble } from './trouble.ts'

export interface SqliteStoreOptions {
  /** Made where there is none, with the folders on the way. */
  file: string
  /** Told once for each trouble, in words for the log. */
  onTrouble: (message: string) => void
  clock?: Clock
  /** Milliseconds since 1970: entries outlive the process, and so does their time. */
  now?: () => number
}

/**
 * Entries in a file. Writes wait a moment in memory, where they can be read already, and go to the file together, so
 * that no request waits for the disk; a crash loses what has not been flushed, which is the last twentieth of a second.
 * Reads are made at once: one costs a few microseconds, less than a promise and a thread would.
 *
 * The file is opened when it is first needed. Trouble that may pass (another writer, a full disk) is waited out, with a
 * bounded amount of writes; for any other, memory takes over until the next start.
 */
export class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions
  readonly #clock: Clock
  readonly #now: () => number
  readonly #collections = new Map<string, SqliteCollection>()
  /** Written, and not yet in the file: the last write for each key, the oldest first. */
  readonly #pending = new Map<string, Write>()
  #pendingBytes = 0
  #database: SqliteDatabase | undefined
  /** What took over when the file failed. */
  #memory: MemoryStore | undefined
  #closed = false
  #stopTimer: (() => void) | undefined
  #failures = 0
  #told = false
  #flushed: Array<() => void> = []

  constructor(options: SqliteStoreOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#now = options.now ?? Date.now
  }

  get where(): string {
    return this.#memory ? 'memory' : this.#options.file
  }

  get lasts(): boolean {
    return !this.#memory
  }

  /**
   * Opens the file now instead of when it is needed.
   *
   * @throws what the file system or SQLite throws; `readTrouble` words it
   */
  open(): void {
    this.#database ??= new SqliteDatabase(this.#options.file)
  }

  collection(name: string, limits: CollectionLimits): Collection {
    const known = this.#collections.get(name)
    if (known) return known
    const made = new SqliteCollection(name, limits, {
      read: (namespace, key) => this.#read(namespace, key),
      list: (namespace, prefix) => this.#list(namespace, prefix),
      write: (write) => this.#write(write),
      now: this.#now,
    })
    this.#collections.set(name, made)
    return made
  }

  flush(): Soon<void> {
    if (this.#drain()) return
    return new Promise((resolve) => this.#flushed.push(resolve))
  }

  async close(): Promise<void> {
    for (let tries = 0; !this.#drain() && tries < closingTries; tries++) {
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
    if (this.#pending.size > 0) this.#tell(`cannot save the last ${this.#pending.size} entries: the file stayed busy`)
    this.#closed = true
    this.#clear()
    this.#stopTimer?.()
    this.#memory?.close()
    try {
      this.#database?.close()
    } catch {
      // What was committed is in the file all the same.
    }
    this.#database = undefined
  }

  #read(namespace: string, key: string): string | undefined {
    const waiting = this.#pending.get(idOf(namespace, key))
    if (waiting) return waiting.until > this.#now() ? waiting.value : undefined
    if (this.#closed) return undefined
    if (this.#memory) return this.#inMemory(this.#memory, namespace).get(key) as string | undefined
    // A file that is not there holds nothing, and asking is no reason to make one.
    if (!this.#database && !existsSync(this.#options.file)) return undefined
    try {
      this.open()
      return this.#database?.read(namespace, key, this.#now())
    } catch (error) {
      this.#fail(error)
      return this.#memory ? this.#read(namespace, key) : undefined
    }
  }

  #list(namespace: string, prefix: string): ReadonlyMap<string, string> | undefined {
    if (this.#closed) return undefined
    if (this.#memory) return this.#inMemory(this.#memory, namespace).list(prefix) as ReadonlyMap<string, string>
    const now = this.#now()
    let found = new Map<string, string>()
    if (this.#database || existsSync(this.#options.file)) {
      try {
        this.open()
        found = this.#database?.list(namespace, prefix, now) ?? found
      } catch (error) {
        // Even where memory takes over: what it holds from now on is not what the file held.
        this.#fail(error)
        return undefined
      }
    }
    for (const write of this.#pending.values()) {
      if (write.namespace !== namespace || !write.key.startsWith(prefix)) continue
      if (write.value === undefined || write.until <= now) found.delete(write.key)
      else found.set(write.key, write.value)
    }
    return found
  }

  #write(write: Write): void {
    if (this.#closed) return
    if (this.#memory) {
      this.#keepInMemory(this.#memory, write)
      return
    }
    const id = idOf(write.namespace, write.key)
    this.#forget(id)
    this.#pending.set(id, write)
    this.#pendingBytes += weigh(write)
    // Where the file takes nothing for long, the oldest is lost, as it would be in a store that is full.
    for (const [oldest] of this.#pending) {
      if (this.#pendingBytes <= pendingLimit || oldest === id) break
      this.#forget(oldest)
      this.#tell('cannot keep all state: more is written than the file takes; the oldest is forgotten')
    }
    if (this.#failures > 0) this.#wait(retryMs)
    else this.#wait(this.#pendingBytes >= batch.bytes ? 0 : gatherMs)
  }

  #wait(ms: number): void {
    if (this.#stopTimer) return
    this.#stopTimer = this.#clock.after(ms, () => {
      this.#stopTimer = undefined
      const done = this.#writeBatch()
      // A turn of the event loop lies between two batches: streams are running.
      if (this.#pending.size > 0) this.#wait(done ? 0 : retryMs)
    })
  }

  /** Writes all that waits, now. False: the file does not take it at present. */
  #drain(): boolean {
    while (this.#pending.size > 0) {
      if (this.#writeBatch()) continue
      if (this.#pending.size > 0) this.#wait(retryMs)
      return this.#pending.size === 0
    }
    return true
  }

  #writeBatch(): boolean {
    const writes: Array<[string, Write]> = []
    let bytes = 0
    for (const entry of this.#pending) {
      writes.push(entry)
      bytes += weigh(entry[1])
      if (writes.length >= batch.writes || bytes >= batch.bytes) break
    }
    if (writes.length === 0) return true
    try {
      this.open()
      const rows = writes.map(([, write]) => write)
      this.#database?.apply(rows, (namespace) => this.#limitsOf(namespace), this.#now())
    } catch (error) {
      this.#fail(error)
      return false
    }
    this.#failures = 0
    this.#told = false
    for (const [id] of writes) this.#forget(id)
    if (this.#pending.size === 0) this.#endFlushes()
    return true
  }

  #fail(error: unknown): void {
    const { passing, busy, words } = readTrouble(error)
    const { file } = this.#options
    if (passing) {
      this.#failures++
      if (busy && this.#failures <= busyTries) return
      this.#tell(`cannot save state in ${file} for now: ${words}`)
      this.#endFlushes()
      return
    }
    this.#tell(`cannot keep state in ${file}, so it stays in memory and ends with this process: ${words}`)
    const memory = new MemoryStore({ now: this.#now })
    this.#memory = memory
    for (const write of this.#pending.values()) this.#keepInMemory(memory, write)
    this.#clear()
    try {
      this.#database?.close()
    } catch {
      // It is of no use any more.
    }
    this.#database = undefined
  }

  #keepInMemory(memory: MemoryStore, { namespace, key, value }: Write): void {
    const collection = this.#inMemory(memory, namespace)
    if (value === undefined) collection.delete(key)
    else collection.set(key, value)
  }

  #inMemory(memory: MemoryStore, namespace: string): Collection {
    const { bytes, ...limits } = this.#limitsOf(namespace)
    return memory.collection(namespace, { ...limits, bytes: Math.min(bytes, memoryBytes) })
  }

  #limitsOf(namespace: string): CollectionLimits {
    return this.#collections.get(namespace)?.limits ?? { keepMs: 0, entries: 0, bytes: 0 }
  }

  #forget(id: string): void {
    const write = this.#pending.get(id)
    if (!write) return
    this.#pending.delete(id)
    this.#pendingBytes -= weigh(write)
  }

  #clear(): void {
    this.#pending.clear()
    this.#pendingBytes = 0
    this.#endFlushes()
  }

  #endFlushes(): void {
    for (const resolve of this.#flushed.splice(0)) resolve()
  }

  /** Once for each time of trouble, and not for every write in it. */
  #tell(message: string): void {
    if (this.#told) return
    this.#told = true
    this.#options.onTrouble(message)
  }
}

/** Writes gather for so long. It is also what a crash can lose. */
const gatherMs = 50
/** The most that is written in one turn of the event loop, which takes about two milliseconds. */
const batch = { writes: 64, bytes: 512 * 1024 }
const retryMs = 100
/** So often a busy file is nobody's concern: five seconds. */
const busyTries = 50
const closingTries = 30
const pendingLimit = 32 * 1024 * 1024
/** A file is roomier than what takes over from it, which is there beside everything else. */
const memoryBytes = 32 * 1024 * 1024

/** What a write takes while it waits; deletions take room, too. */
function weigh({ key, bytes }: Write): number {
  return bytes + key.length + 64
}

function idOf(namespace: string, key: string): string {
  return `${namespace}\n${key}`
}
