import { type FSWatcher, lstatSync, realpathSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

export interface WatchOptions {
  onChange: () => void
  /** The folder cannot be watched, or no longer. */
  onTrouble: (error: Error) => void
}

/**
 * Calls back a moment after one of the files was written, replaced, moved away or put there. Their folders are watched, and
 * not they: most editors write another file and give it the name of the first, and a watch would stay with the first. Does
 * not keep the process alive.
 *
 * @returns ends it
 */
export function watchFiles(files: readonly string[], { onChange, onTrouble }: WatchOptions): () => void {
  const watchers: FSWatcher[] = []
  let timer: NodeJS.Timeout | undefined
  const stir = (): void => {
    clearTimeout(timer)
    timer = setTimeout(onChange, quietMs).unref()
  }
  for (const [folder, names] of foldersOf(files)) {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (names === undefined || name === null || names.has(name)) stir()
      })
      watcher.on('error', onTrouble)
      watchers.push(watcher)
    } catch (error) {
      onTrouble(error as Error)
    }
  }
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

/**
 * Which folders to watch for which names; undefined: for any, since behind a link that leads through other links anything
 * may be what has changed.
 */
function foldersOf(files: readonly string[]): Map<string, Set<string> | undefined> {
  const folders = new Map<string, Set<string> | undefined>()
  const add = (file: string, any: boolean): void => {
    const folder = dirname(file)
    const names = folders.has(folder) ? folders.get(folder) : new Set<string>()
    folders.set(folder, any ? undefined : names?.add(basename(file)))
  }
  for (const file of files.map((one) => resolve(one))) {
    const target = targetOf(file)
    add(file, target !== undefined)
    if (target !== undefined) add(target, false)
  }
  return folders
}

/** Where a link leads in the end; undefined for what is none. */
function targetOf(file: string): string | undefined {
  try {
    return lstatSync(file).isSymbolicLink() ? realpathSync(file) : undefined
  } catch {
    return undefined
  }
}

/** Editors write in several steps; what is read between two of them is half a file. */
const quietMs = 100
