import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/index.ts'
import { Chains } from '../../src/gateway/chains.ts'

const provider = { dialect: 'openai-chat' as const, base_url: 'http://10.0.0.7/v1' }
const { transformers } = readConfig({
  env: {},
  options: {
    providers: [
      { ...provider, name: 'one', transformers: ['redaction', 'tool-call-repair'] },
      { ...provider, name: 'two' },
    ],
    models: [{ name: 'smart', targets: ['one/m', 'two/m'], transformers: ['think-extraction', 'redaction'] }],
    transformers: [
      { name: 'by-model', use: 'usage-estimation', models: ['two/*', '*/claude-*'] },
      { name: 'by-key', use: 'delta-smoothing', client_keys: ['team-*'] },
      { name: 'by-both', use: 'clamp-max-tokens', models: ['two/*'], client_keys: ['team-*'] },
      { name: 'by-nobody', use: 'delta-pacing' },
    ],
  },
})
const chains = new Chains(transformers)
const names = (...[name, model, alias, clientKey]: [string, string, string?, string?]) =>
  chains.find({ provider: name, model, alias, clientKey })?.names

describe('which chain is whose', () => {
  it.each([
    [
      ['one', 'm'],
      ['redaction', 'tool-call-repair'],
    ],
    [
      ['two', 'm', 'smart'],
      ['think-extraction', 'redaction', 'usage-estimation'],
    ],
    [
      ['one', 'm', 'smart'],
      ['redaction', 'tool-call-repair', 'think-extraction'],
    ],
    [
      ['one', 'claude-x'],
      ['redaction', 'tool-call-repair', 'usage-estimation'],
    ],
    [
      ['two', 'm', undefined, 'team-a'],
      ['clamp-max-tokens', 'usage-estimation', 'delta-smoothing'],
    ],
    [['two', 'm', undefined, 'ann'], ['usage-estimation']],
    [
      ['one', 'm', 'toString', 'constructor'],
      ['redaction', 'tool-call-repair'],
    ],
  ] as [[string, string, string?, string?], string[]][])('%j', (place, expected) => {
    expect(names(...place)).toEqual(expected)
    expect(names(...place)).toEqual(expected)
  })

  it('nobody has one where nothing is configured, however many models are asked for', () => {
    const none = new Chains({ own: [], providers: {}, aliases: {} })
    expect(none.find({ provider: 'one', model: 'm' })).toBeUndefined()
    for (let i = 0; i < 3000; i++) expect(names('three', `m${i}`)).toBeUndefined()
    expect(names('one', 'm')).toHaveLength(2)
  })
})
