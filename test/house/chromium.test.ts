import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findChromium } from '../chromium.ts'

// A browser that is there and not found would leave half of the tests out, in silence but for one line.
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-chromium-'))
  for (const [name, mode] of [
    ['chromium-browser', 0o755],
    ['chromium', 0o644],
  ] as const) {
    await writeFile(join(folder, name), '#!/bin/sh\n')
    await chmod(join(folder, name), mode)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('the first on the PATH that can be run is taken', () => {
  expect(findChromium({ PATH: ['/nowhere', folder, '/usr/bin'].join(delimiter) })).toBe(
    join(folder, 'chromium-browser'),
  )
})

it('the one that is named goes first, and no other is taken in its place', () => {
  const PATH = folder
  expect(findChromium({ PATH, CHROMIUM_PATH: '/bin/sh' })).toBe('/bin/sh')
  expect(findChromium({ PATH, CHROMIUM_PATH: join(folder, 'none') })).toBe(undefined)
})
