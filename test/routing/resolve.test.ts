import { describe, expect, it } from 'vitest'
import { defineProvider, type ProviderOptions } from '../../src/providers/index.ts'
import { type Alias, modelNames, nearNames, type RoutingTable, resolve } from '../../src/routing/index.ts'

const local: ProviderOptions = {
  name: 'local',
  dialect: 'openai-chat',
  base_url: 'http://127.0.0.1:1/v1',
  models: ['qwen3:8b', 'org/llama-4'],
}
const router: ProviderOptions = { name: 'router', dialect: 'openai-chat', base_url: 'http://127.0.0.1:2/v1' }

function table(providers: ProviderOptions[], aliases: Alias[] = []): RoutingTable {
  return { providers: providers.map(defineProvider), aliases }
}
function route(name: string, from: RoutingTable): string {
  const { provider, model } = resolve(name, from)
  return `${provider.name} → ${model}`
}

const all = table(
  [{ name: 'openai' }, { name: 'anthropic' }, local, router],
  [
    { name: 'fast', targets: ['local/qwen3:8b', 'openai/gpt-5-mini'] },
    { name: 'claude-opus-4-6', targets: ['router/anthropic/claude-opus-4.6'] },
    { name: 'bare', targets: ['claude-haiku-4-5'] },
    { name: 'loop', targets: ['loop'] },
    { name: 'hollow', targets: [] },
  ],
)

describe('what a model name means', () => {
  it.each([
    ['openai/gpt-5', 'openai → gpt-5'],
    ['router/anthropic/claude-sonnet-4.5', 'router → anthropic/claude-sonnet-4.5'],
    ['local/org/llama-4', 'local → org/llama-4'],
    // An alias comes before everything, with one target or several.
    ['fast', 'local → qwen3:8b'],
    ['claude-opus-4-6', 'router → anthropic/claude-opus-4.6'],
    ['bare', 'anthropic → claude-haiku-4-5'],
    // A bare name goes to whoever lists it, also with a slash in it…
    ['qwen3:8b', 'local → qwen3:8b'],
    ['org/llama-4', 'local → org/llama-4'],
    // … or to the one whose patterns it fits.
    ['gpt-5.1', 'openai → gpt-5.1'],
    ['o3-mini', 'openai → o3-mini'],
    ['claude-sonnet-4-5', 'anthropic → claude-sonnet-4-5'],
  ])('%s: %s', (name, wanted) => {
    expect(route(name, all)).toBe(wanted)
  })

  it.each([
    ['the only provider gets any name', table([router]), 'mixtral', 'router → mixtral'],
    ['and names with a slash as they are', table([router]), 'anthropic/claude', 'router → anthropic/claude'],
    ['its own name is still taken off', table([router]), 'router/mixtral', 'router → mixtral'],
    [
      'a list comes before a pattern',
      table([{ name: 'openai' }, { ...local, models: ['gpt-oss'] }]),
      'gpt-oss',
      'local → gpt-oss',
    ],
    [
      'a provider with a list gets no other name by its pattern',
      table([
        { name: 'openai', models: ['gpt-5'] },
        { name: 'second', kind: 'openai' },
      ]),
      'gpt-4o',
      'second → gpt-4o',
    ],
    [
      'of two that list it the first counts',
      table([local, { ...local, name: 'other' }]),
      'qwen3:8b',
      'local → qwen3:8b',
    ],
  ])('%s', (_, from, name, wanted) => {
    expect(route(name, from)).toBe(wanted)
  })

  it.each([
    ['fsat', 'cannot find the model "fsat"; near names are "fast"'],
    ['qwen3:7b', 'near names are "local/qwen3:8b"'],
    ['local/qwen3', 'near names are "local/qwen3:8b"'],
    ['mixtral-8x7b-instruct', 'use `provider/model` with one of the providers openai, anthropic, local, router'],
    ['openai/', 'cannot find the model "openai/"'],
    ['/gpt-5', 'cannot find the model "/gpt-5"'],
    ['', 'cannot find the model ""'],
    ['hollow', 'leads nowhere'],
    ['toString', 'cannot find the model "toString"'],
  ])('%j is told with what comes near', (name, message) => {
    expect(() => resolve(name, all)).toThrow(
      expect.objectContaining({ code: 'unknown_model', status: 404, param: 'model' }),
    )
    expect(() => resolve(name, all)).toThrow(message)
  })

  it('an alias that leads to itself ends there', () => {
    expect(() => resolve('loop', all)).toThrow('cannot find the model "loop": its target "loop" leads nowhere')
  })

  it('the only provider with a list is not asked for what it does not list', () => {
    expect(() => resolve('gpt-5', table([local]))).toThrow('cannot find the model "gpt-5"')
    expect(() => resolve('x', table([]))).toThrow('with one of the providers (none)')
  })

  it('a name of a megabyte is neither quoted in full nor looked at for long', () => {
    const since = performance.now()
    const name = 'x'.repeat(1_000_000)
    expect(() => resolve(name, all)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{200,500}$/) }),
    )
    expect(performance.now() - since).toBeLessThan(500)
  })
})

describe('names that work', () => {
  it('aliases first, then what is listed; each of them resolves', () => {
    const names = modelNames(all)
    expect(names).toEqual(['fast', 'claude-opus-4-6', 'bare', 'loop', 'hollow', 'local/qwen3:8b', 'local/org/llama-4'])
    for (const name of names.filter((one) => one !== 'loop' && one !== 'hollow'))
      expect(route(name, all)).toContain('→')
  })

  it.each([
    ['Fast', ['fast']],
    ['gpt-5-min', ['gpt-5-mini']],
    ['gpt5', ['gpt-5']],
    ['qwen', ['openai/qwen']],
    ['zzzzzzzz', []],
    ['', []],
  ])('near %j: %j', (name, near) => {
    expect(nearNames(name, ['fast', 'gpt-5-mini', 'gpt-5', 'openai/qwen', 'something-quite-different'])).toEqual(near)
  })

  it('at most three, nearest first', () => {
    expect(nearNames('model-a', ['model-cc', 'model-b', 'model-a', 'model-c', 'model-d'])).toEqual([
      'model-a',
      'model-b',
      'model-c',
    ])
  })
})
