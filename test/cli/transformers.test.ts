import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeTransformers } from '../../src/cli/summary.ts'
import { readConfig } from '../../src/config/index.ts'
import { standardTransformers } from '../../src/pipeline/index.ts'
import { emptyFolder, sluice } from './command.ts'

const page = readFileSync(new URL('../../docs/transformers.md', import.meta.url), 'utf8')

describe('sluice transformers', () => {
  it('lists every one, with its options as the configuration spells them', async () => {
    const { code, stdout } = await sluice(['transformers'])
    expect(code).toBe(0)
    expect(stdout.match(/^[a-z-]+(?= \()/gm)).toEqual(standardTransformers.map(({ name }) => name))
    expect(stdout).toContain('  ignore_case ')
    expect(stdout).not.toMatch(/^ +[a-z]+[A-Z]/m)
  })

  it('tells of one, and what comes near where there is none', async () => {
    const one = await sluice(['transformers', 'stop-sequences'])
    expect(one.stdout).toBe(`stop-sequences (answers)
  Ends the answer at certain texts.
  sequences       The texts. (a list of texts, required)
  choices         How many answers a stream has. Default: as the request says. (a number)
`)
    const { code, stderr } = await sluice(['transformers', 'redactio'])
    expect(code).toBe(1)
    expect(stderr).toContain('cannot find the transformer "redactio": there is redaction')
  })
})

it('one that imports sluice where there is none is told what to do', async () => {
  const folder = emptyFolder()
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  // A package of its own finds no other by that name in the folders above.
  put('package.json', '{"name": "mine"}')
  put(
    'own.mjs',
    "import { defineTransformer } from 'sluice/pipeline'\nexport default defineTransformer({ name: 'own' })",
  )
  put('sluice.toml', '[[transformers]]\nname = "own"\nmodule = "own.mjs"\n')
  const { code, stderr } = await sluice(['check', join(folder, 'sluice.toml')])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /it imports sluice, which is not installed beside it: run `npm install sluice` there, or import types/,
  )
})

describe('what is said of transformers elsewhere', () => {
  it('docs/transformers.md names every one, and what it works on', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| ([a-z ]+) \|/gm)].map(([, name, on]) => [name, on])
    expect(rows).toEqual(standardTransformers.map(({ name, on }) => [name, on.join(' and ')]))
  })

  it('every example on the page is a good configuration', () => {
    const blocks = [...page.matchAll(/```toml\n(.*?)```/gs)].map((match) => match[1] ?? '')
    expect(blocks).toHaveLength(4)
    for (const text of blocks) expect(() => readConfig({ text, env: {} }), text).not.toThrow()
  })

  it('sluice check says what works for whom', () => {
    const options = {
      providers: [{ name: 'p', dialect: 'openai-chat' as const, base_url: 'http://10.0.0.7', transformers: ['a'] }],
      models: [{ name: 'quick', targets: ['p/m'], transformers: ['redaction', 'b'] }],
      transformers: [
        { name: 'a', use: 'tool-call-repair', models: ['p/*'], client_keys: ['k'] },
        { name: 'b', module: '/b.ts' },
        { name: 'redaction', options: { kinds: ['email'] } },
      ],
    }
    expect(describeTransformers(readConfig({ options, env: {} }))).toEqual([
      'a          is tool-call-repair, for p/*, for the keys k',
      'b          code in /b.ts',
      'redaction  with options of its own',
      'quick      -> redaction, b',
      'p/*        -> a',
    ])
  })
})
