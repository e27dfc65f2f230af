import { readFileSync } from 'node:fs'
import { importsOf, pathOf, withoutComments } from '../scripts/house/imports.ts'
import { isBuiltIn, portableRooms } from '../scripts/house/runtimes.ts'

const folders = [...portableRooms, 'properties'].map((room) => `test/${room}/`)

/** Packages that want Node: the vendors' clients speak to a server, which a browser cannot be. */
const nodePackages = ['openai', '@anthropic-ai/sdk', 'undici']

export interface BrowserFiles {
  tests: string[]
  /** What they load of other packages: a browser is given these in one piece each. */
  packages: string[]
}

/**
 * Of these test files (paths from the root) those that a browser runs as well: the ones of the rooms that run
 * anywhere, unless something that they load, themselves or by way of other files, is Node's own. So a test that needs
 * no server, no process and no file runs in both, and nobody has to say so.
 */
export function browserFiles(
  files: readonly string[],
  read: (file: string) => string = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'),
): BrowserFiles {
  const modules = new Map<string, Module>()
  const open = (file: string): Module => {
    const module = modules.get(file) ?? look(file, read(file))
    modules.set(file, module)
    return module
  }
  const packages = new Set<string>()
  const tests = files.filter((file) => {
    if (!folders.some((folder) => file.startsWith(folder))) return false
    const loaded = loadedBy(file, open)
    if (loaded.some(({ node }) => node)) return false
    for (const module of loaded) for (const name of module.packages) packages.add(name)
    return true
  })
  return { tests, packages: [...packages].sort() }
}

interface Module {
  /** Something of Node's own stands in it. */
  node: boolean
  /** The files that it loads, and the rest. */
  loads: string[]
  packages: string[]
}

/** The file and all that it loads, as far as nothing of Node's own is met. */
function loadedBy(file: string, open: (file: string) => Module): Module[] {
  const reached = new Set([file])
  const modules: Module[] = []
  // A set is walked to its end, what is added on the way included.
  for (const one of reached) {
    const module = open(one)
    modules.push(module)
    if (module.node) break
    for (const next of module.loads) reached.add(next)
  }
  return modules
}

function look(file: string, text: string): Module {
  const node = /(?<![.\w'"-])(process\.|Buffer\b)/.test(withoutComments(text))
  const module: Module = { node, loads: [], packages: [] }
  for (const { specifier, typesOnly } of importsOf(text)) {
    if (typesOnly) continue
    const path = pathOf(file, specifier)
    if (path?.endsWith('.ts')) module.loads.push(path)
    else if (isBuiltIn(specifier) || nodePackages.includes(specifier)) module.node = true
    else if (path === undefined && specifier !== 'vitest') module.packages.push(specifier)
  }
  return module
}
