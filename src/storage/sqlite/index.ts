/** State in a file, by the SQLite that is part of Node. */
export { SqliteStore, type SqliteStoreOptions } from './store.ts'
export { readTrouble } from './trouble.ts'
