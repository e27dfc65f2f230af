import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root, run } from '../../scripts/run.ts'

// The package as somebody gets it: built, packed, and installed into an empty folder, with its dependencies only.
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pack-'))
  await succeed('npm', ['run', 'build'], root)
  await succeed('npm', ['pack', '--pack-destination', folder], root)
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  await writeFile(join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
  await succeed('npm', ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`], folder)
}, 240_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

it('the command answers after npm install', { timeout: 30_000 }, async () => {
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
  const { code, output } = await run('./node_modules/.bin/sluice', ['--version'], { cwd: folder })
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: version })
})

it.each([
  ['sluice', 'createSluice'],
  ['sluice/sse', 'SseParser'],
  ['sluice/tokens', 'fold'],
  ['sluice/dialects', 'openaiChat'],
])('import { %s } works after npm install', { timeout: 30_000 }, async (entry, name) => {
  const code = `import * as entry from '${entry}'; console.log(typeof entry.${name})`
  const { output } = await run('node', ['--input-type=module', '--eval', code], { cwd: folder })
  expect(output.trim()).toMatch(/^(function|object)$/)
})

it('the package holds what is needed and no more', async () => {
  const found = await readdir(join(folder, 'node_modules', 'sluice'))
  expect(found.sort()).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'docs', 'package.json']))
  for (const surplus of ['src', 'test', 'scripts', 'bench', 'examples', 'node_modules'])
    expect(found).not.toContain(surplus)
})

async function succeed(command: string, args: string[], cwd: string): Promise<void> {
  const { code, output } = await run(command, args, { cwd, timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
}
