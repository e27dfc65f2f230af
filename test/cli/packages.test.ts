import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { emptyFolder, sluice } from './command.ts'

function configWith(lines: string): string {
  const file = join(emptyFolder(), 'sluice.toml')
  writeFileSync(file, `[[providers]]\nname = "x"\nkind = "ai-sdk"\n${lines}\n`)
  return file
}

it('a package that is not installed is found out before the first request', async () => {
  const { code, stderr } = await sluice(['check', configWith('package = "@ai-sdk/nobody"')])
  expect(code).toBe(1)
  expect(stderr).toContain('sluice.toml:4: providers[0].package: found "@ai-sdk/nobody", which is not installed here')
  expect(stderr).toContain('npm install @ai-sdk/nobody')
})

it('a file in the place of a package is looked for, too', async () => {
  const { code, stderr } = await sluice(['check', configWith('package = "./nobody.js"')])
  expect(code).toBe(1)
  expect(stderr).toContain(
    'sluice.toml:4: providers[0].package: found "./nobody.js", which is not installed here; write',
  )
})

it('a package is found where sluice runs, also one that can only be imported', () => {
  const folder = emptyFolder()
  const home = join(folder, 'node_modules/@one/only')
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'in.mjs'), '')
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ name: '@one/only', exports: { '.': { types: './in.d.ts', import: './in.mjs' } } }),
  )
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const file = configWith('package = "@one/only"')
  const { status, stdout } = spawnSync(process.execPath, [main, 'check', file], {
    cwd: folder,
    encoding: 'utf8',
    env: {},
  })
  expect(stdout).toContain('x  ai-sdk, @one/only')
  expect(status).toBe(0)
})

it('a package is shown in the place of an address, and none of its options', async () => {
  const folder = emptyFolder()
  const name = join(folder, 'mine.mjs')
  writeFileSync(name, 'throw new Error("nobody loads it to check")')
  const file = configWith(`package = '${name}'\napi_keys = ["sk-secret"]\noptions = { token = "secret-2" }`)
  const { code, stdout } = await sluice(['check', file])
  expect(code).toBe(0)
  expect(stdout).toContain(`x  ai-sdk, ${name}, a key, any model`)
  expect(stdout).not.toContain('secret')
})

it.each([
  ['', 'has no `package`'],
  ['package = "a"\nquery = { a = "b" }', '`query` means nothing to a package'],
  ['package = "a"\nauth = "client"', 'a package cannot be given the key of each caller'],
  ['package = "a"\nprovider_options = { a = 1 }', 'write a table'],
])('a mistake in the table is told: %s', async (lines, says) => {
  const { code, stderr } = await sluice(['check', configWith(lines)])
  expect(code).toBe(1)
  expect(stderr).toContain(says)
})

it('what stands in the place of options is not shown, since it may be a key', async () => {
  const { code, stderr } = await sluice(['check', configWith('package = "a"\noptions = "sk-mine"')])
  expect(code).toBe(1)
  expect(stderr).toContain('found a string; write a table')
  expect(stderr).not.toContain('sk-mine')
})

it('options of a package at a provider that is none are told', async () => {
  const file = join(emptyFolder(), 'sluice.toml')
  writeFileSync(file, '[[providers]]\nname = "openai"\npackage = "@ai-sdk/openai"\n')
  const { code, stderr } = await sluice(['check', file])
  expect(code).toBe(1)
  expect(stderr).toContain('`package` belongs to kind = "ai-sdk"')
})
