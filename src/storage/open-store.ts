import { join } from 'node:path'
import { SluiceError } from '../errors/index.ts'
import type { Clock } from '../flow/index.ts'
import { MemoryStore } from './memory/index.ts'
import { readTrouble, SqliteStore } from './sqlite/index.ts'
import type { Store } from './store.ts'

/** The path that stands for no file at all. */
export const inMemory = ':memory:'

export interface StoreOptions {
  /** The folder for the file, or `:memory:`. */
  path: string
  /**
   * Somebody named the path: where it cannot be used, that is a mistake to be told at once. Otherwise it is the usual
   * place, opened when it is needed; trouble with it is worth a warning, and memory takes over.
   */
  chosen: boolean
  onTrouble: (message: string) => void
  clock?: Clock
}

/** @throws SluiceError `config_invalid` where a chosen path cannot be used */
export function openStore({ path, chosen, onTrouble, clock }: StoreOptions): Store {
  if (path === inMemory) return new MemoryStore()
  const file = join(path, 'sluice.db')
  const store = new SqliteStore({ file, onTrouble, ...(clock && { clock }) })
  if (!chosen) return store
  try {
    store.open()
    return store
  } catch (error) {
    throw new SluiceError('config_invalid', `cannot keep state in ${file}: ${readTrouble(error).words}`, {
      cause: error,
    })
  }
}
