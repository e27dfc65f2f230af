import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root, run } from '../../scripts/run.ts'

// The line that CI goes by must never look better than the tests were: the reports here are vitest's own.
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-count-'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const head = "import { beforeAll, expect, it } from 'vitest'\n"

it.each([
  ['tests that pass', `it('a', () => {})\nit('b', () => {})`, '2 passed, 0 failed', 0],
  ['a test that fails', `it('a', () => {})\nit('b', () => expect(1).toBe(2))`, '1 passed, 1 failed', 1],
  ['a file whose set-up breaks', `beforeAll(() => expect(1).toBe(2))\nit('a', () => {})`, '0 passed, 1 failed', 1],
  ['no test at all', '', '0 passed, 1 failed', 1],
  ['a file that cannot be loaded', `import './nowhere.ts'\nit('a', () => {})`, '0 passed, 1 failed', 1],
])('%s', { timeout: 60_000 }, async (name, text, line, code) => {
  const own = join(folder, name.replaceAll(' ', '-'))
  await mkdir(own)
  await writeFile(join(own, 'sample.test.ts'), head + text)
  const report = join(own, 'report.json')
  await run('vitest', ['run', '--reporter=json', `--outputFile.json=${report}`], { cwd: own })
  const counted = await run('node', ['scripts/test-count.ts', report])
  expect({ line: counted.stdout.trim().split('\n').at(-1), code: counted.code }, counted.output).toEqual({ line, code })
})

it('a test runner that wrote no report is a failure without a count', async () => {
  const { code, output } = await run('node', ['scripts/test-count.ts', join(folder, 'none.json')])
  expect({ code, output }).toEqual({ code: 1, output: expect.not.stringMatching(/passed/) })
})
