import { mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../config/index.ts'
import { createLog, type Log } from '../observe/index.ts'
import { inMemory } from '../storage/index.ts'

/** Beyond this the file begins anew; the one before is kept. */
const largest = 8 * 1024 * 1024

/**
 * The log of a gateway that shares its terminal with an agent: a file beside its state. Without a folder for state
 * there is none.
 *
 * @throws SluiceError `config_invalid`
 */
export function openRunLog(config: string | undefined): { log: Log; file?: string } {
  const { storage, log } = readConfig({ file: config, env: process.env })
  if (storage.path === inMemory || log.level === 'silent') return { log: createLog({ ...log, level: 'silent' }) }
  mkdirSync(storage.path, { recursive: true, mode: 0o700 })
  const file = join(storage.path, 'run.log')
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largest) renameSync(file, `${file}.old`)
  const handle = openSync(file, 'a', 0o600)
  return { file, log: createLog(log, { write: (line) => void writeSync(handle, line) }) }
}
