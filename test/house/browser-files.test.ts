import { globSync } from 'node:fs'
import { expect, it } from 'vitest'
import { portableRooms } from '../../scripts/house/runtimes.ts'
import { root } from '../../scripts/run.ts'
import { browserFiles } from '../browser-files.ts'

// Which tests a browser runs is found out, not written down: a room must not fall out of it unseen.
const all = globSync('test/**/*.test.ts', { cwd: root })
const { tests: chosen } = browserFiles(all)

it.each(portableRooms.filter((room) => all.some((file) => file.startsWith(`test/${room}/`))))(
  'a browser runs tests of %s',
  (room) => expect(chosen.filter((file) => file.startsWith(`test/${room}/`))).not.toEqual([]),
)

it('the tests that the engine stands on are among them', () => {
  expect(chosen).toEqual(expect.arrayContaining(['test/sse/parser.test.ts', 'test/dialects/goldens.test.ts']))
})

it('a test goes to Node alone when anything it loads is of Node', () => {
  const files = {
    'test/sse/plain.test.ts': "import { one } from '../../src/sse/one.ts'",
    'src/sse/one.ts': "import type { Two } from './two.ts'\nexport { back } from './back.ts'\nimport './three.ts'",
    'src/sse/back.ts': "import { one } from './one.ts'",
    'src/sse/three.ts': "export const ranks = () => import('a-package/ranks')",
    'src/sse/two.ts': "import { readFileSync } from 'node:fs'",
    'test/sse/far.test.ts': "import { two } from '../../src/sse/two.ts'",
    'src/sse/round.ts': "import { round } from './about.ts'\nimport { readFileSync } from 'node:fs'",
    'src/sse/about.ts': "import { round } from './round.ts'",
    'test/sse/round.test.ts': "import { round } from '../../src/sse/round.ts'",
    'test/sse/about.test.ts': "import { round } from '../../src/sse/about.ts'",
    'test/sse/global.test.ts': "export const bytes = Buffer.from('a')",
    'test/sse/client.test.ts': "import OpenAI from 'openai'",
    'test/gateway/plain.test.ts': '',
  }
  const read = (file: string): string => files[file as keyof typeof files]
  const tests = Object.keys(files).filter((file) => file.endsWith('.test.ts'))
  expect(browserFiles(tests, read)).toEqual({ tests: ['test/sse/plain.test.ts'], packages: ['a-package/ranks'] })
})
