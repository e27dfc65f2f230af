import { describe, expect, it } from 'vitest'
import { cycles } from '../../scripts/house/cycles.ts'
import { dialectParts } from '../../scripts/house/dialect-parts.ts'
import { entries } from '../../scripts/house/entries.ts'
import { errorDocs } from '../../scripts/house/error-docs.ts'
import { faces } from '../../scripts/house/faces.ts'
import { importsOf } from '../../scripts/house/imports.ts'
import { layers } from '../../scripts/house/layers.ts'
import { leftovers } from '../../scripts/house/leftovers.ts'
import { links } from '../../scripts/house/links.ts'
import { lockFile } from '../../scripts/house/lock-file.ts'
import { machineTraces } from '../../scripts/house/machine-traces.ts'
import { names } from '../../scripts/house/names.ts'
import { type Rule, say } from '../../scripts/house/rule.ts'
import { rules } from '../../scripts/house/rules.ts'
import { runtimes } from '../../scripts/house/runtimes.ts'
import { storageParts } from '../../scripts/house/storage-parts.ts'
import { readTree } from '../../scripts/house/tree.ts'
import { root } from '../../scripts/run.ts'

const here = readTree(root)

describe('the repository keeps its own rules', () => {
  it.each(rules)('$name', (rule) => {
    expect(rule.check(here).map(say)).toEqual([])
  })
})

const face = '/** What the room is, what it is not, and who its neighbours are. */\n'
const entry = (room: string, dist: string) =>
  JSON.stringify({
    bin: { sluice: 'dist/cli/main.js' },
    exports: {
      [`./${room}`]: { source: `./src/${room}/index.ts`, types: `./dist/${room}/index.d.ts`, default: `${dist}.js` },
    },
  })

interface Sample {
  rule: Rule
  bad: string
  files: Record<string, string>
  /** A piece of the one finding. */
  says: string
}

const samples: Sample[] = [
  {
    rule: layers,
    bad: 'a room that imports from below',
    files: { 'src/sse/parser.ts': "import type { Config } from '../config/index.ts'\n" },
    says: 'src/sse/parser.ts:1  sse imports from config, which stands below it',
  },
  {
    rule: layers,
    bad: 'a re-export over several lines from below',
    files: { 'src/flow/index.ts': "\nexport {\n  one,\n  type Two,\n} from '../gateway/index.ts'\n" },
    says: 'src/flow/index.ts:2  flow imports from gateway',
  },
  {
    rule: layers,
    bad: 'a module loaded later from below',
    files: { 'src/access/keys.ts': "const late = () => import('../server/index.ts')\n" },
    says: 'access imports from server',
  },
  {
    rule: layers,
    bad: 'an import past a face',
    files: { 'src/config/read.ts': "import { patterns } from '../providers/scripted/patterns.ts'\n" },
    says: 'imports src/providers/scripted/patterns.ts past the face of providers',
  },
  {
    rule: layers,
    bad: 'a room that imports the front door',
    files: { 'src/gateway/request.ts': "import { createSluice } from '../index.ts'\n" },
    says: 'gateway imports the front door',
  },
  {
    rule: layers,
    bad: 'source that needs the tests',
    files: { 'src/config/read.ts': "import { sample } from '../../test/fixtures/sample.ts'\n" },
    says: 'which is not in the package',
  },
  {
    rule: layers,
    bad: 'source that imports its own package by name',
    files: { 'src/config/read.ts': "import { SseParser } from 'sluice/sse'\n" },
    says: 'imports its own package by name',
  },
  {
    rule: layers,
    bad: 'a room that is not in the list',
    files: { 'src/misc/index.ts': face },
    says: '"misc" is not in the list of rooms',
  },
  { rule: layers, bad: 'a file in no room', files: { 'src/extra.ts': '' }, says: 'stands in no room' },
  {
    rule: cycles,
    bad: 'two files that import each other, one of them a type only',
    files: {
      'src/flow/a.ts': "import { b } from './b.ts'\n",
      'src/flow/b.ts': "import type { A } from './a.ts'\n",
    },
    says: 'src/flow/a.ts -> src/flow/b.ts -> src/flow/a.ts',
  },
  {
    rule: faces,
    bad: 'a room without a face',
    files: { 'src/flow/join.ts': '' },
    says: 'src/flow/index.ts  the room has no',
  },
  {
    rule: faces,
    bad: 'a face that says nothing',
    files: { 'src/flow/index.ts': "/** Flow. */\nexport * from './join.ts'\n" },
    says: 'does not open with a paragraph',
  },
  {
    rule: dialectParts,
    bad: 'a dialect that lacks a part',
    files: Object.fromEntries(
      ['index', 'wire', 'request', 'stream', 'reply'].map((part) => [`src/dialects/gemini/${part}.ts`, '']),
    ),
    says: 'src/dialects/gemini/error.ts  is missing',
  },
  {
    rule: storageParts,
    bad: 'a store that lacks a part',
    files: { 'src/storage/redis/index.ts': '', 'src/storage/redis/store.ts': '' },
    says: 'src/storage/redis/collection.ts  is missing',
  },
  {
    rule: runtimes,
    bad: 'a built-in of Node in a room for every runtime',
    files: { 'src/sse/parser.ts': "// import fs from 'node:fs'\nimport { inspect } from 'node:util'\n" },
    says: 'src/sse/parser.ts:2  imports node:util',
  },
  {
    rule: runtimes,
    bad: 'a built-in of Node by its old name',
    files: { 'src/tokens/fold.ts': "import { EventEmitter } from 'events'\n" },
    says: 'imports events',
  },
  {
    rule: runtimes,
    bad: 'a global of Node in a room for every runtime',
    files: { 'src/dialects/envelope.ts': '/** No Buffer, no process.env. */\nconst text = Buffer.from(bytes)\n' },
    says: 'src/dialects/envelope.ts:2  uses Buffer',
  },
  {
    rule: runtimes,
    bad: 'the environment read in a room for every runtime',
    files: { 'src/flow/clock.ts': 'const zone = process.env.TZ\n' },
    says: 'uses process.env',
  },
  {
    rule: names,
    bad: 'a drawer for everything',
    files: { 'src/sse/string-utils.ts': '' },
    says: '"utils" says nothing',
  },
  {
    rule: names,
    bad: 'a folder that is such a drawer',
    files: { 'test/helpers/server.ts': '' },
    says: '"helpers" says',
  },
  { rule: names, bad: 'a name in camel case', files: { 'src/sse/sseParser.ts': '' }, says: 'is not in kebab-case' },
  { rule: leftovers, bad: 'a note for later', files: { 'src/sse/a.ts': '// TODO: finish\n' }, says: 'left over: TODO' },
  { rule: leftovers, bad: 'a test switched off', files: { 'test/sse/a.test.ts': "it.skip('x', f)" }, says: 'it.skip(' },
  { rule: leftovers, bad: 'a silenced type', files: { 'src/sse/a.ts': 'const a = b as any\n' }, says: 'as any' },
  {
    rule: entries,
    bad: 'an entry without a source',
    files: { 'package.json': entry('sse', './dist/sse/index'), 'src/cli/main.ts': '' },
    says: './sse: ./src/sse/index.ts does not exist',
  },
  {
    rule: entries,
    bad: 'an entry that names what no build writes',
    files: { 'package.json': entry('sse', './dist/sse/main'), 'src/sse/index.ts': face, 'src/cli/main.ts': '' },
    says: 'default is ./dist/sse/main.js, the build writes ./dist/sse/index.js',
  },
  {
    rule: entries,
    bad: 'a command without a source',
    files: { 'package.json': entry('sse', './dist/sse/index'), 'src/sse/index.ts': face },
    says: 'bin sluice: src/cli/main.ts does not exist',
  },
  {
    rule: errorDocs,
    bad: 'a page with another status than the table',
    files: {
      'docs/errors.md': here.get('docs/errors.md')!.replace('| `invalid_json` | 400 |', '| `invalid_json` | 422 |'),
    },
    says: 'invalid_json: status is "422", in the code "400"',
  },
  {
    rule: errorDocs,
    bad: 'a page that lacks a code',
    files: { 'docs/errors.md': here.get('docs/errors.md')!.replace(/^\| `draining` .*\n/m, '') },
    says: 'has no row for draining',
  },
  {
    rule: errorDocs,
    bad: 'a page with a code that is gone',
    files: { 'docs/errors.md': `${here.get('docs/errors.md')}\n| \`gone\` | 400 | auth | no | Was. | Go. |\n` },
    says: 'gone is not a code',
  },
  {
    rule: links,
    bad: 'a link to nowhere',
    files: { 'docs/a.md': 'see [b](b.md#part)\n' },
    says: 'docs/a.md:1  b.md does not',
  },
  {
    rule: links,
    bad: 'a picture that is gone',
    files: { 'README.md': '<img src="docs/no.svg">' },
    says: 'docs/no.svg does',
  },
  {
    rule: lockFile,
    bad: 'a lock file that npm ci refuses',
    files: {
      'package-lock.json': JSON.stringify({
        packages: {
          'node_modules/a': {
            version: '1.0.0',
            optionalDependencies: { 'a-linux-x64': '1.0.0', 'a-darwin-arm64': '1.0.0' },
          },
          'node_modules/a-linux-x64': { version: '1.0.0' },
        },
      }),
    },
    says: 'node_modules/a wants a-darwin-arm64@1.0.0: no entry',
  },
  {
    rule: lockFile,
    bad: 'a lock file with the platform package of another version only',
    files: {
      'package-lock.json': JSON.stringify({
        packages: {
          'node_modules/a-darwin-arm64': { version: '2.0.0' },
          'node_modules/b/node_modules/a': { version: '1.0.0', optionalDependencies: { 'a-darwin-arm64': '1.0.0' } },
        },
      }),
    },
    says: 'node_modules/b/node_modules/a wants a-darwin-arm64@1.0.0: no entry',
  },
  {
    rule: machineTraces,
    bad: "somebody's home in a page",
    files: { 'docs/a.md': `run it in /${'home'}/somebody/sluice\n` },
    says: 'a path of one machine',
  },
  {
    rule: machineTraces,
    bad: "a registry's address in the lock file",
    files: { 'package-lock.json': `"resolved": ${'"https:'}//registry.example/a.tgz"\n` },
    says: "a registry's address",
  },
]

describe('a rule finds what breaks it', () => {
  it.each(samples)('$rule.name: $bad', ({ rule, files, says }) => {
    const found = rule.check(new Map(Object.entries(files))).map(say)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(says)
  })

  it('every rule has a sample that breaks it', () => {
    expect(rules.filter((rule) => !samples.some((sample) => sample.rule === rule))).toEqual([])
  })
})

describe('a rule lets pass what is right', () => {
  it.each([
    [
      'faces of rooms above, and of a folder inside them',
      layers,
      'src/config/read.ts',
      "import { a } from '../providers/scripted/index.ts'\n",
    ],
    ['files of the same room', layers, 'src/dialects/gemini/request.ts', "import { a } from '../fields.ts'\n"],
    [
      'the command line may import the front door',
      layers,
      'src/cli/start.ts',
      "import { createSluice } from '../index.ts'\n",
    ],
    ['the front door imports what it likes', layers, 'src/index.ts', "import { listen } from './server/listen.ts'\n"],
    ['Node in a lower room', runtimes, 'src/config/read.ts', "import { readFile } from 'node:fs/promises'\n"],
    [
      'words that only look like globals of Node',
      runtimes,
      'src/tokens/a.ts',
      'this.process(bufferBuffer, ArrayBuffer)\n',
    ],
    ['a test skipped aloud', leftovers, 'test/storage/a.test.ts', "it.skipIf(missing)('x', f)"],
    ['links out of the repository', links, 'docs/a.md', '[x](https://example.org/x.md) and [here](#part)\n'],
    [
      'addresses and routes that start like a path',
      machineTraces,
      'docs/a.md',
      'https://a.example/home/x and ./work/y\n',
    ],
  ] as const)('%s', (_, rule, file, text) => {
    expect(rule.check(new Map([[file, text]]))).toEqual([])
  })
})

it('imports are read in every form that the formatter writes', () => {
  const text = [
    "import './side-effect.ts'",
    "import fs, { type Stats } from 'node:fs'",
    "import * as all from './all.ts'",
    "import type { One } from './one.ts'",
    'import {\n  two,\n  three,\n} from "./two.ts"',
    "export * from './four.ts'",
    "export { five } from './five.ts'",
    "const six = await import('./six.ts')",
    "// import { no } from './comment.ts'",
    "/**\n * import { no } from './doc.ts'\n * @see import('./doc.ts')\n */",
    "export const seven = 'from ./seven.ts'",
  ].join('\n')
  expect(importsOf(text)).toEqual([
    { specifier: './side-effect.ts', line: 1, typesOnly: false },
    { specifier: 'node:fs', line: 2, typesOnly: false },
    { specifier: './all.ts', line: 3, typesOnly: false },
    { specifier: './one.ts', line: 4, typesOnly: true },
    { specifier: './two.ts', line: 5, typesOnly: false },
    { specifier: './four.ts', line: 9, typesOnly: false },
    { specifier: './five.ts', line: 10, typesOnly: false },
    { specifier: './six.ts', line: 11, typesOnly: false },
  ])
})
