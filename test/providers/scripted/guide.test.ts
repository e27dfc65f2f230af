import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { builtinScripts, readScriptFile, ScriptSchema } from '../../../src/providers/scripted/index.ts'
import { faultKinds, stepKinds } from '../../../src/providers/scripted/script.ts'

const guide = readFileSync(new URL('../../../docs/scripted-provider.md', import.meta.url), 'utf8')
const words = [
  ...Object.keys(ScriptSchema.properties),
  ...Object.keys(ScriptSchema.properties.wire.properties),
  ...Object.values({ ...stepKinds, ...faultKinds }).flatMap((kind) => Object.keys(kind.properties)),
  ...Object.keys(builtinScripts),
]

it('the guide names every word a script can say and every built-in script', () => {
  expect(words.filter((word) => !guide.includes(`\`${word}\``))).toEqual([])
})

it('the script file of the guide is a legal one', () => {
  const toml = /```toml\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
  expect(Object.keys(readScriptFile(toml, 'guide.toml').scripts)).toEqual(['hello', 'weather', 'busy'])
})
