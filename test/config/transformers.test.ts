import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/index.ts'

const head = '[[providers]]\nname = "p"\ndialect = "openai-chat"\nbase_url = "http://10.0.0.7/v1"\n'

function mistakes(text: string): string {
  try {
    readConfig({ text: head + text, env: {}, file: 'sluice.toml' })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('[[transformers]]', () => {
  it('are read with their options in the spelling of the file, and modules with their place', () => {
    const text = `transformers = ["mask", "redaction"]
      [[transformers]]
      name = "mask"
      use = "content-filter"
      options = { patterns = ["x"], ignore_case = true }
      [[transformers]]
      name = "own"
      module = "./own.ts"
      timeout = "2s"
      on_error = "skip"
      client_keys = ["team"]`
    const { transformers } = readConfig({ text: head + text, env: {}, file: '/etc/sluice.toml' })
    expect(transformers).toMatchObject({
      own: [
        { name: 'mask', use: 'content-filter', transformer: { name: 'content-filter' } },
        {
          name: 'own',
          module: '/etc/own.ts',
          place: '/etc/sluice.toml:12: transformers[1].module',
          timeoutMs: 2000,
          onError: 'skip',
          clientKeys: ['team'],
        },
      ],
      providers: { p: ['mask', 'redaction'] },
      aliases: {},
    })
  })

  it.each([
    [
      'transformers = ["clamp-max-token"]',
      'sluice.toml:5: providers[0].transformers[0]: found "clamp-max-token", which is no transformer; did you mean clamp-max-tokens?',
    ],
    [
      'transformers = ["content-filter"]',
      'cannot do without the option `patterns`: write a list of texts, or of expressions with `pattern` and `longest`; write a [[transformers]] called "content-filter" with its options',
    ],
    [
      '[[models]]\nname = "a"\ntargets = ["p/m"]\ntransformers = ["x-y-z"]',
      'sluice.toml:8: models[0].transformers[0]: found "x-y-z", which is no transformer; there are cache-markers',
    ],
    [
      '[[transformers]]\nname = "a"',
      'sluice.toml:6: transformers[0].name: found "a", which sluice does not bring; write `use` or `module` as well',
    ],
    [
      '[[transformers]]\nname = "a"\nuse = "redactoin"',
      'sluice.toml:7: transformers[0].use: found "redactoin", which is no transformer; did you mean redaction?',
    ],
    [
      '[[transformers]]\nname = "a"\nuse = "redaction"\nmodule = "x"',
      'found both `use` and `module`; write one of them',
    ],
    [
      '[[transformers]]\nname = "redaction"\noptions = { kind = ["email"] }',
      'sluice.toml:7: transformers[0].options.kind: the transformer "redaction" has no such option; there are kinds, own, where',
    ],
    [
      '[[transformers]]\nname = "content-filter"\noptions = { patterns = ["x"], ignoreCase = true }',
      'has no such option; there are patterns, action, replacement, ignore_case',
    ],
    [
      '[[transformers]]\nname = "delta-pacing"\noptions = { per_second = "1" }',
      'transformers[0].options.per_second: cannot use the option `per_second`: it is "1"; write a number',
    ],
    ['[[transformers]]\nname = "system-text"', 'cannot change instructions: write `before`, `after` or `to_user`'],
    ['[[transformers]]\nname = "tool-call-repair"\noptions = { a = 1 }', 'has no such option; it takes none'],
    [
      '[[transformers]]\nname = "redaction"\non_error = "skip"',
      'transformers[0].on_error: found one without a `module`',
    ],
    [
      '[[transformers]]\nname = "redaction"\n[[transformers]]\nname = "redaction"',
      'found a second transformer called "redaction" (the other is on line 6)',
    ],
    [
      '[[transformers]]\nname = "redaction"\nkinds = ["email"]',
      'sluice.toml:7: transformers[0].kinds: [[transformers]] has no such key',
    ],
  ])('%s', (text, words) => {
    expect(mistakes(text)).toContain(words)
  })
})
