import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../errors/index.ts'

/** A configuration file that was found. */
export interface SourceText {
  /** As messages call it. */
  file: string
  text: string
}

/** @throws SluiceError `config_invalid` when the file is not there or cannot be read */
export function readSource(file: string): SourceText {
  const text = tryRead(file)
  if (text !== undefined) return { file, text }
  throw new SluiceError(
    'config_invalid',
    `cannot read the configuration: there is no file ${file}; mend the path, or leave it out to go by the environment`,
  )
}

/**
 * The file that is taken when none is named: `sluice.toml` in the working directory, else the one in the user's
 * configuration folder (`$XDG_CONFIG_HOME/sluice`, by default `~/.config/sluice`).
 */
export function findSource(env: Record<string, string | undefined>, cwd: string): SourceText | undefined {
  const here = tryRead(join(cwd, 'sluice.toml'))
  if (here !== undefined) return { file: 'sluice.toml', text: here }
  const home = env.HOME ?? env.USERPROFILE
  const folder = env.XDG_CONFIG_HOME || (home && join(home, '.config'))
  if (!folder) return undefined
  const file = join(folder, 'sluice', 'sluice.toml')
  const text = tryRead(file)
  return text === undefined ? undefined : { file, text }
}

function tryRead(file: string): string | undefined {
  try {
    // Editors on Windows put a byte order mark in front, which is no TOML.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const why =
      { EISDIR: 'it is a folder', EACCES: 'reading it is not allowed' }[code ?? ''] ?? `reading it gave ${code}`
    throw new SluiceError('config_invalid', `cannot read the configuration: ${file}: ${why}; name another file`, {
      cause: thrown,
    })
  }
}
