import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import type { Tree } from './rule.ts'

/**
 * The files that belong to the repository: all but what `.gitignore` names. Read without git, so that it works on an
 * unpacked archive too. Of `.gitignore` it knows names, paths and `*`, each with or without a slash at its end.
 */
export function readTree(root: string): Tree {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim().replace(/\/$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
  const tree = new Map<string, string>()
  visit('')
  return tree

  function visit(folder: string): void {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name === '.git' || ignored.some((one) => matchesGlob(path, one) || matchesGlob(entry.name, one)))
        continue
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) tree.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
}
