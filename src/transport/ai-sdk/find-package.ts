import { readFileSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Where packages are looked for: where sluice runs, and beside sluice itself, which may be installed for everybody. */
export function packageFolders(): string[] {
  return [process.cwd(), fileURLToPath(new URL('.', import.meta.url))]
}

/**
 * The file that a package is loaded from, as an address for `import`; undefined when it is not installed. A name may
 * lead to a part of a package (`@scope/name/part`), and one that begins with `./` or `/` to a file.
 */
export function findPackage(name: string, folders: readonly string[] = packageFolders()): string | undefined {
  for (const folder of folders) {
    // The name of the file means nothing: it is whoever asks, in this folder.
    const asker = join(folder, 'sluice.js')
    try {
      return pathToFileURL(createRequire(asker).resolve(name)).href
    } catch (error) {
      const found = (error as { code?: string }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' && importedFile(name, asker)
      if (found) return found
    }
  }
  return undefined
}

/** The file of a package that can only be imported, which `require` does not find. */
function importedFile(name: string, asker: string): string | undefined {
  const [, root = name, part = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(name) ?? []
  const manifest = findPackageJSON(root, pathToFileURL(asker))
  if (manifest === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown }
  const parts = isTable(exports) && Object.keys(exports).some((key) => key.startsWith('.')) ? exports : { '.': exports }
  const target = conditional(parts[`.${part}`])
  return target === undefined ? undefined : pathToFileURL(join(manifest, '..', target)).href
}

/**
 * The first that applies, in the order in which they are written (https://nodejs.org/api/packages.html#conditional-
 * exports).
 */
function conditional(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (!isTable(target)) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    if (!['node', 'import', 'module-sync', 'default'].includes(condition)) continue
    const found = conditional(inner)
    if (found !== undefined) return found
  }
  return undefined
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
