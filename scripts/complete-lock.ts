/**
 * `node scripts/complete-lock.ts`: gives every optional package that package-lock.json asks for and does not have an
 * entry, so that `npm ci` works; the rule `lock-file` says when it is needed. The entries carry no integrity: the
 * packages could not be had when the lock file was written. A machine that needs one of them fetches it unchecked.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gapsOf, type LockedPackage, type LockFile } from './house/lock-file.ts'
import { root } from './run.ts'

const path = process.argv[2] ?? join(root, 'package-lock.json')
const lock = JSON.parse(await readFile(path, 'utf8')) as LockFile

const gaps = gapsOf(lock)
for (const { name, range, wantedBy } of gaps) {
  // Another version at the top belongs to somebody else; this one then goes inside the package that wants it.
  const top = `node_modules/${name}`
  lock.packages[lock.packages[top] ? `${wantedBy}/${top}` : top] = {
    version: range.replace(/^[~^]/, ''),
    ...(lock.packages[wantedBy]?.dev && { dev: true }),
    ...(lock.packages[wantedBy]?.peer && { peer: true }),
    optional: true,
    ...platformOf(name),
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries(sorted)
await writeFile(path, `${JSON.stringify(lock, undefined, 2)}\n`)
console.log(`${gaps.length} entries added`)

/** The platform, as such packages say it in their names: `binding-linux-arm64-musl`. Without it npm tries to fetch them. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = name === 'fsevents' ? ['darwin'] : name.split(/[-/]/)
  const os = words.find((word) =>
    ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'].includes(
      word,
    ),
  )
  const cpu = words.find((word) =>
    ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'].includes(word),
  )
  const musl = words.some((word) => word.startsWith('musl'))
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(os && { os: [os] }),
    ...(os === 'linux' && { libc: [musl ? 'musl' : 'glibc'] }),
  }
}
