import type { DatabaseSync } from 'node:sqlite'

/** What leads from each version of the file to the next; the first makes it out of an empty one. Only ever appended to. */
const steps: readonly string[] = [
  // `seq` is the order of writing: a replaced entry is a new row behind all others.
  `CREATE TABLE entries (
     seq INTEGER PRIMARY KEY,
     namespace TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     size INTEGER NOT NULL,
     until INTEGER NOT NULL,
     UNIQUE (namespace, key)
   );
   -- Counting and evicting read only this, and never the values.
   CREATE INDEX entries_by_age ON entries (namespace, seq, size);
   CREATE INDEX entries_by_end ON entries (until);`,
]

/**
 * Brings a file to the version that this program knows. Two processes may try at once: one waits for the other.
 *
 * @throws Error for a file of a later version
 */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === steps.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Asked again: another process may have done it meanwhile.
    const version = versionOf(database)
    if (version > steps.length) {
      throw new Error(`it was written by a later version of sluice (format ${version}, this one knows ${steps.length})`)
    }
    for (const step of steps.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${steps.length}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
}
