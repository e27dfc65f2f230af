import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CollectionLimits } from '../store.ts'
import { loadSqlite } from './load.ts'
import { migrate } from './schema.ts'

/** One entry that is to be written, or deleted where there is no value. */
export interface Write {
  namespace: string
  key: string
  value: string | undefined
  bytes: number
  until: number
}

/** How much a namespace holds at most; what other processes write meanwhile is found at the next count. */
interface Held {
  entries: number
  bytes: number
  countedAt: number
}

/** The file, open: statements and transactions. Everything here is synchronous, and may throw what SQLite throws. */
export class SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #read: StatementSync
  readonly #list: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #expire: StatementSync
  readonly #count: StatementSync
  readonly #oldest: StatementSync
  readonly #evict: StatementSync
  readonly #held = new Map<string, Held>()

  /** Opens or makes the file, and the folders on the way to it, for nobody's eyes but the owner's. */
  constructor(file: string) {
    const { DatabaseSync } = loadSqlite()
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // Made here, since SQLite would let others read it. The files that it puts beside take over the mode.
    closeSync(openSync(file, 'a', 0o600))
    this.#database = new DatabaseSync(file)
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${openingMs}`)
      this.#database.exec('PRAGMA journal_mode = WAL')
      // A crash of the process loses nothing that was committed; one of the machine may lose the last moments.
      this.#database.exec('PRAGMA synchronous = NORMAL')
      this.#database.exec('PRAGMA secure_delete = FAST')
      migrate(this.#database)
      // From here on streams are running, and they wait for nobody's lock: who finds one comes again.
      this.#database.exec(`PRAGMA busy_timeout = ${busyMs}`)
      this.#read = this.#database.prepare('SELECT value FROM entries WHERE namespace = ? AND key = ? AND until > ?')
      this.#list = this.#database.prepare(
        'SELECT key, value FROM entries WHERE namespace = ? AND key >= ? AND until > ? ORDER BY key',
      )
      this.#put = this.#database.prepare(
        'INSERT OR REPLACE INTO entries (namespace, key, value, size, until) VALUES (?, ?, ?, ?, ?)',
      )
      this.#delete = this.#database.prepare('DELETE FROM entries WHERE namespace = ? AND key = ?')
      this.#expire = this.#database.prepare('DELETE FROM entries WHERE until <= ?')
      this.#count = this.#database.prepare(
        'SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM entries WHERE namespace = ?',
      )
      this.#oldest = this.#database.prepare('SELECT seq, size FROM entries WHERE namespace = ? ORDER BY seq')
      this.#evict = this.#database.prepare('DELETE FROM entries WHERE namespace = ? AND seq <= ?')
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  read(namespace: string, key: string, now: number): string | undefined {
    const value = this.#read.get(namespace, key, now)?.value
    return typeof value === 'string' ? value : undefined
  }

  /** Those whose keys begin so: the index is walked from the first of them to the first that does not. */
  list(namespace: string, prefix: string, now: number): Map<string, string> {
    const found = new Map<string, string>()
    for (const { key, value } of this.#list.iterate(namespace, prefix, now)) {
      if (typeof key !== 'string' || !key.startsWith(prefix)) break
      if (typeof value === 'string') found.set(key, value)
    }
    return found
  }

  /** Writes all or nothing. */
  apply(writes: readonly Write[], limitsOf: (namespace: string) => CollectionLimits, now: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const touched = new Set<string>()
      for (const { namespace, key, value, bytes, until } of writes) {
        if (value === undefined) {
          this.#delete.run(namespace, key)
          continue
        }
        this.#put.run(namespace, key, value, bytes, until)
        this.#add(namespace, bytes, now)
        touched.add(namespace)
      }
      for (const namespace of touched) this.#bound(namespace, limitsOf(namespace), now)
      this.#database.exec('COMMIT')
    } catch (error) {
      // Counted anew, since what was added may be gone again.
      this.#held.clear()
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  #add(namespace: string, bytes: number, now: number): void {
    // Counted after the write, so that this one is in it.
    const held = this.#held.get(namespace)
    if (!held) {
      this.#recount(namespace, now)
      return
    }
    held.entries++
    held.bytes += bytes
  }

  #recount(namespace: string, now: number): Held {
    this.#expire.run(now)
    const row = this.#count.get(namespace)
    const held = { entries: Number(row?.entries), bytes: Number(row?.bytes), countedAt: now }
    this.#held.set(namespace, held)
    return held
  }

  /**
   * Replaced and deleted entries are not taken off the count, so it is an upper bound; only when that is over the limit,
   * or old, is the index read. Evicting makes some room at once, so that a full collection is not counted at each write.
   */
  #bound(namespace: string, limits: CollectionLimits, now: number): void {
    const known = this.#held.get(namespace)
    const old = known === undefined || Math.abs(now - known.countedAt) > recountMs
    if (!old && known.entries <= limits.entries && known.bytes <= limits.bytes) return
    const held = this.#recount(namespace, now)
    if (held.entries <= limits.entries && held.bytes <= limits.bytes) return
    const entries = Math.max(1, Math.floor(limits.entries * roomier))
    // The newest stays, whatever its size: it is not over the limit itself.
    const bytes = limits.bytes * roomier
    let last: number | undefined
    for (const { seq, size } of this.#oldest.iterate(namespace)) {
      if (held.entries === 1 || (held.entries <= entries && held.bytes <= bytes)) break
      held.entries--
      held.bytes -= Number(size)
      last = Number(seq)
    }
    if (last !== undefined) this.#evict.run(namespace, last)
  }
}

const openingMs = 1000
const busyMs = 20
const recountMs = 60_000
const roomier = 15 / 16
