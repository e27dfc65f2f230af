import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Linux alone tells what a process holds in a way that this reads. */
const here = it.runIf(process.platform === 'linux')

here(
  'the program itself, under random faults, broken keys and clients that leave, settles each request once and keeps nothing',
  async () => {
    const bench = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [bench, 'soak-short'])
    // It throws, and ends with another code, for a wrong stream, a request told twice, a call left open, or a leak.
    expect(stdout).toContain('none twice')
    expect(stdout).toContain('Open answers of the provider: 0.')
  },
  60_000,
)
