/** A value where it is at hand, a promise where it has to be fetched. Who asks awaits only a promise. */
export type Soon<T> = T | Promise<T>

/** How much a collection may hold, and for how long. What is over it leaves, the oldest first. */
export interface CollectionLimits {
  /** How long an entry is kept after it was written, in milliseconds. */
  keepMs: number
  entries: number
  /** Of all values together, in bytes of UTF-8. */
  bytes: number
}

/** Entries of one kind: texts under keys, bounded and expiring. */
export interface Collection {
  get(key: string): Soon<string | undefined>
  /**
   * The entries whose keys begin so, in no promised order. Its cost is theirs: for what is read rarely.
   *
   * @returns undefined where it cannot be said at present
   */
  list(prefix: string): Soon<ReadonlyMap<string, string> | undefined>
  /**
   * Writes an entry, which counts as new even where the key is known. It can be read at once; that it is kept for good
   * is known after `flush`.
   *
   * @returns false where the value is larger than all the room: then nothing is kept under the key
   */
  set(key: string, value: string): boolean
  /** Like `set`, done for good after `flush`. */
  delete(key: string): void
}

/** Where state is kept. Trouble with it never throws at who asks: entries are then missing, as expired ones are. */
export interface Store {
  /** For people: `memory`, or the file. */
  readonly where: string
  /** Entries outlive the process. */
  readonly lasts: boolean
  /** The collection of that name; the same name gives the same entries. */
  collection(name: string, limits: CollectionLimits): Collection
  /** What was written before is kept for good, or trouble was told. */
  flush(): Soon<void>
  /** Flushes and lets go. What is asked or written after that finds nothing and is not kept. */
  close(): Soon<void>
}
