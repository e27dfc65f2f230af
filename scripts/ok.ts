/**
 * `npm run ok`: everything that has to hold before a change goes in, one line for each check. A check that fails says
 * what it found and what to do. `--only layers,types` and `--without tests` choose; `--list` names them.
 */
import { parseArgs } from 'node:util'
import { exampleNames, runExample } from './house/examples.ts'
import { say, type Tree } from './house/rule.ts'
import { rules } from './house/rules.ts'
import { readTree } from './house/tree.ts'
import { root, run } from './run.ts'

interface Check {
  name: string
  remedy: string
  /** What is wrong, in lines; none when all is well. */
  find(): Promise<string[]>
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
})

let tree: Tree | undefined
const house: Check[] = rules.map((rule) => ({
  name: rule.name,
  remedy: rule.remedy,
  async find() {
    tree ??= readTree(root)
    return rule.check(tree).map(say)
  },
}))

const checks: Check[] = [
  tool('style', 'Run `npx biome check --write .`; it shows what it cannot mend.', 'biome', [
    'check',
    '.',
    '--reporter=summary',
  ]),
  tool('types', 'Mend the types; `npx tsc --noEmit` shows them again.', 'tsc', ['--noEmit', '-p', '.']),
  ...house,
  tool('unused', 'Delete what nobody uses, or use it; `npx knip` shows it again.', 'knip', []),
  tool('build', 'Run `npm run build` and read from the top.', 'npm', ['run', '--silent', 'build']),
  {
    name: 'examples',
    remedy: 'Run it alone: node --conditions=source examples/<name>/main.ts',
    async find() {
      const failed: string[] = []
      for (const name of exampleNames()) {
        const { code, output } = await runExample(name)
        if (code !== 0) failed.push(`examples/${name} ended with ${code}`, ...tail(output))
      }
      return failed
    },
  },
  tool('tests', 'Run the failing file alone: npx vitest run test/<room>/<file>.test.ts', 'npm', ['test', '--silent']),
]

const only = named(values.only)
const without = named(values.without)
const chosen = checks.filter(({ name }) => (only.length === 0 || only.includes(name)) && !without.includes(name))
if (values.list) {
  console.log(chosen.map(({ name }) => name).join('\n'))
  process.exit(0)
}

let failures = 0
for (const check of chosen) {
  const since = performance.now()
  const found = await check.find()
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  if (found.length === 0) {
    console.log(`ok    ${check.name.padEnd(16)} ${seconds} s`)
    continue
  }
  failures++
  console.log(`FAIL  ${check.name.padEnd(16)} ${seconds} s`)
  for (const line of found) console.log(`        ${line}`)
  console.log(`      what to do: ${check.remedy}`)
}
console.log(failures === 0 ? `all ${chosen.length} checks hold` : `${failures} of ${chosen.length} checks failed`)
process.exitCode = failures === 0 ? 0 : 1

function tool(name: string, remedy: string, command: string, args: string[]): Check {
  return {
    name,
    remedy,
    async find() {
      const { code, output } = await run(command, args)
      return code === 0 ? [] : tail(output, 60)
    },
  }
}

/** The last lines of an output, never none: an empty list means that all is well. */
function tail(output: string, lines = 20): string[] {
  const all = output.trimEnd().split('\n')
  return all.length > lines ? [`(${all.length - lines} lines before)`, ...all.slice(-lines)] : all
}

function named(lists: readonly string[]): string[] {
  const wanted = lists.flatMap((list) => list.split(','))
  const unknown = wanted.filter((name) => !checks.some((check) => check.name === name))
  if (unknown.length === 0) return wanted
  console.error(`cannot choose ${unknown.join(', ')}: the checks are ${checks.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
