/**
 * Where state lives that outlasts a request: bounded, expiring collections of texts under keys, in memory or in a file.
 * What the texts say is their owners' affair. Each kind of store is a folder of the same parts; all of them keep the
 * same promises, which one suite of tests holds them to.
 */
export { MemoryStore } from './memory/index.ts'
export { inMemory, openStore, type StoreOptions } from './open-store.ts'
export { SqliteStore, type SqliteStoreOptions } from './sqlite/index.ts'
export type { Collection, CollectionLimits, Soon, Store } from './store.ts'
