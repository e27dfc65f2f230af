import { join, resolve } from 'node:path'
import { inMemory } from '../storage/index.ts'
import type { StorageConfig } from './config.ts'
import { good, type Written } from './written.ts'

/**
 * Where state is kept. The usual place is for a gateway that somebody starts; one that is part of another program, and
 * was handed its options by that, writes no files that nobody asked for.
 */
export function resolveStorage(written: Written): StorageConfig {
  const { env } = written
  const home = env.HOME ?? env.USERPROFILE
  const given = good<string>(written, ['storage', 'path'])
  if (given !== undefined) return { path: given === inMemory ? given : resolve(atHome(given, home)), chosen: true }
  const states = env.XDG_STATE_HOME || (home && join(home, '.local', 'state'))
  if (!states || written.from === 'options') return { path: inMemory, chosen: false }
  return { path: join(states, 'sluice'), chosen: false }
}

/** No shell stands between a file and its reader. */
function atHome(path: string, home: string | undefined): string {
  return home !== undefined && /^~(?=\/|$)/.test(path) ? join(home, path.slice(1)) : path
}
