import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { HabitSchema, habitWords } from '../../../src/providers/scripted/habit.ts'
import { builtinScripts, readScriptFile, ScriptSchema } from '../../../src/providers/scripted/index.ts'
import { faultKinds, stepKinds } from '../../../src/providers/scripted/script.ts'

const guide = readFileSync(new URL('../../../docs/scripted-provider.md', import.meta.url), 'utf8')
const words = [
  ...Object.keys(ScriptSchema.properties),
  ...Object.keys(ScriptSchema.properties.wire.properties),
  ...Object.values({ ...stepKinds, ...faultKinds }).flatMap((kind) => Object.keys(kind.properties)),
  ...Object.keys(ScriptSchema.properties.straico.properties),
  ...habitWords,
  ...Object.keys(HabitSchema.properties),
  ...Object.keys(builtinScripts),
]

it('the guide names every word a script can say and every built-in script', () => {
  expect(words.filter((word) => !guide.includes(`\`${word}\``))).toEqual([])
})

it('the script files of the guide are legal ones', () => {
  const files = [...guide.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, toml = '']) => toml)
  expect(files.map((toml) => Object.keys(readScriptFile(toml, 'guide.toml').scripts))).toEqual([
    ['hello', 'weather', 'busy'],
    ['old-server', 'upgraded-at-night'],
  ])
})
