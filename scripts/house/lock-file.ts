import type { Rule } from './rule.ts'

const file = 'package-lock.json'

export interface LockedPackage {
  version: string
  dev?: boolean
  peer?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

export interface LockFile {
  packages: Record<string, LockedPackage>
}

/** A package for another platform that the lock file asks for and does not have. */
export interface Gap {
  name: string
  /** The version or range that `wantedBy` asks for. */
  range: string
  wantedBy: string
}

/** The optional packages without an entry that fits: neither near the package that wants them nor at the top. */
export function gapsOf({ packages }: LockFile): Gap[] {
  return Object.entries(packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, range]) => {
        const found = placesFor(name, wantedBy).find((place) => packages[place])
        return found === undefined || !fits(packages[found]!.version, range)
      })
      .map(([name, range]) => ({ name, range, wantedBy })),
  )
}

/** Where Node looks for a package, nearest first: inside the package that wants it, beside it, and so on to the top. */
function placesFor(name: string, wantedBy: string): string[] {
  const path = wantedBy.split('/node_modules/')
  return ['node_modules', ...path.map((_, i) => `${path.slice(0, i + 1).join('/node_modules/')}/node_modules`)]
    .map((folder) => `${folder}/${name}`)
    .reverse()
}

/** As far as a lock file needs it: `1.2.3`, `~1.2.3` and `^1.2.3`; any other range is taken to fit. */
function fits(version: string, range: string): boolean {
  const [, mark = '', lowest = ''] = /^([~^]?)(\d+\.\d+\.\d+)$/.exec(range) ?? []
  if (lowest === '' || version === lowest) return true
  const kept = { '': 3, '~': 2, '^': lowest.startsWith('0.') ? 2 : 1 }[mark] ?? 0
  return version.split('.', kept).join('.') === lowest.split('.', kept).join('.')
}

/**
 * `npm ci` refuses a lock file in which a package for another platform has no entry, on every platform. An npm whose
 * registry does not have that package leaves the entry out without a word.
 */
export const lockFile: Rule = {
  name: 'lock-file',
  remedy: 'Run `node scripts/complete-lock.ts`, which writes the missing entries.',
  check(tree) {
    const gaps = gapsOf(JSON.parse(tree.get(file) ?? '{"packages":{}}') as LockFile)
    return gaps.map(({ name, range, wantedBy }) => ({ file, found: `${wantedBy} wants ${name}@${range}: no entry` }))
  },
}
