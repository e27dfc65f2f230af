import type { Rule } from './rule.ts'

const file = 'package-lock.json'

export interface LockedPackage {
  version: string
  dev?: boolean
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

/** The optional packages without an entry of their own: neither inside the package that wants them nor at the top. */
export function gapsOf({ packages }: LockFile): Gap[] {
  return Object.entries(packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`${wantedBy}/node_modules/${name}`] && !packages[`node_modules/${name}`])
      .map(([name, range]) => ({ name, range, wantedBy })),
  )
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
