import { describe, expect, it } from 'vitest'
import type { Traits } from '../../src/dialects/index.ts'
import {
  defineProvider,
  familyOf,
  matchesGlob,
  type ProviderOptions,
  presets,
  providersFromEnvironment,
  targetOf,
} from '../../src/providers/index.ts'

describe('matchesGlob', () => {
  it.each([
    ['gpt-*', 'gpt-5.1', true],
    ['gpt-*', 'gpt-', true],
    ['gpt-*', 'chatgpt-4o', false],
    ['gpt-*', 'GPT-5', false],
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5.1', false],
    ['gpt.5', 'gpt-5', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['claude-*-4-5*', 'claude-opus-4-5', true],
    ['claude-*-4-5*', 'claude-haiku-4-5-20251001', true],
    ['claude-*-4-5*', 'claude-4-5', false],
    ['*-mini', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini-high', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'axxbyybzc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a**c', 'ac', true],
    ['(*', '(x', true],
  ])('%s %s: %s', (pattern, name, matches) => {
    expect(matchesGlob(pattern, name)).toBe(matches)
  })

  it('a name full of near misses costs no more than its length', () => {
    const since = performance.now()
    expect(matchesGlob(`${'*a'.repeat(50)}*b`, 'a'.repeat(100_000))).toBe(false)
    expect(performance.now() - since).toBeLessThan(200)
  })
})

describe('defineProvider', () => {
  it('takes from the preset what is not said', () => {
    expect(defineProvider({ name: 'anthropic', api_keys: ['k'] })).toMatchObject({
      dialect: 'anthropic-messages',
      baseUrl: 'https://api.anthropic.com',
      authHeader: 'x-api-key',
      apiKeys: ['k'],
      auth: 'provider',
      vendor: 'anthropic',
      models: undefined,
      normalise: false,
    })
  })

  it('takes a preset under another name', () => {
    const provider = defineProvider({ name: 'work', kind: 'openai', base_url: 'https://gate.example/v1//' })
    expect(provider).toMatchObject({ name: 'work', dialect: 'openai-chat', baseUrl: 'https://gate.example/v1' })
    expect(provider.traits).toEqual({ maxTokensField: 'max_completion_tokens', openaiExtras: true })
  })

  it.each<[ProviderOptions, object]>([
    [
      { name: 'a', dialect: 'openai-chat', base_url: 'http://h/v1' },
      { authHeader: 'authorization', vendor: 'a', forwards: [], patterns: [] },
    ],
    [
      { name: 'a', dialect: 'anthropic-messages', base_url: 'http://h' },
      { authHeader: 'x-api-key', vendor: 'a', forwards: ['anthropic-beta', 'anthropic-version'] },
    ],
    [
      { name: 'a', dialect: 'anthropic-messages', base_url: 'http://h', auth_header: 'authorization' },
      { authHeader: 'authorization' },
    ],
    [{ name: 'openai', headers: { 'X-Team': 'a' } }, { headers: { 'x-team': 'a' } }],
    [
      { name: 'openai', max_tokens_field: 'max_tokens', thinking: 'budget' },
      { traits: { maxTokensField: 'max_tokens', openaiExtras: true, thinking: 'budget' } },
    ],
    [
      { name: 'openai', models: ['gpt-5'], auth: 'client', normalise: true },
      { models: ['gpt-5'], auth: 'client', normalise: true },
    ],
  ])('%j', (options, provider) => {
    expect(defineProvider(options)).toMatchObject(provider)
  })

  it('leaves the presets as they were', () => {
    const before = structuredClone(presets)
    const provider = defineProvider({ name: 'openai', thinking: 'budget' })
    provider.traits.sampling = false
    expect(presets).toEqual(before)
  })

  it.each<[ProviderOptions, string]>([
    [
      { name: 'mine' },
      'it is no preset (`sluice providers` lists them) and has no `dialect` and `base_url`; add `dialect` and `base_url` or a `kind`',
    ],
    [{ name: 'mine', dialect: 'openai-chat' }, 'has no `base_url`; add `base_url` or a `kind`'],
    [{ name: 'mine', base_url: 'http://h' }, 'has no `dialect`; add `dialect` or a `kind`'],
    [{ name: 'mine', kind: 'opnai' }, 'kind "opnai" is no preset; there are openai, anthropic, '],
    [{ name: 'toString' }, 'it is no preset'],
    [{ name: 'mine', kind: 'constructor' }, 'kind "constructor" is no preset'],
    [{ name: 'openai', base_url: 'localhost:8000' }, 'base_url "localhost:8000" is no http or https address'],
    [{ name: 'openai', base_url: '/v1' }, 'base_url "/v1" is no http or https address'],
    [{ name: 'openai', base_url: 'file:///etc/passwd' }, 'is no http or https address'],
  ])('%j is refused', (options, problem) => {
    expect(() => defineProvider(options)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringContaining(`cannot use provider "${options.name}": `),
      }),
    )
    expect(() => defineProvider(options)).toThrow(problem)
  })
})

describe('what is known of a model', () => {
  const anthropic = defineProvider({ name: 'anthropic' })
  const budget = (maxOutput: number): Traits => ({ thinking: 'budget', maxOutput })
  const one = (maxOutput: number): Traits => ({ ...budget(maxOutput), sampling: 'one' })
  const newest: Traits = { sampling: false, prefill: false }

  it.each<[string, Traits]>([
    ['claude-3-haiku-20240307', budget(4096)],
    ['claude-3-5-sonnet-20241022', budget(8192)],
    ['claude-3-5-haiku-latest', budget(8192)],
    ['claude-3-7-sonnet-20250219', budget(64_000)],
    ['claude-3-7-sonnet-latest', budget(64_000)],
    ['claude-sonnet-4-0', budget(64_000)],
    ['claude-sonnet-4-20250514', budget(64_000)],
    ['claude-opus-4-0', budget(32_000)],
    ['claude-opus-4-20250514', budget(32_000)],
    ['claude-opus-4-1', one(32_000)],
    ['claude-opus-4-1-20250805', one(32_000)],
    ['claude-sonnet-4-5', one(64_000)],
    ['claude-sonnet-4-5-20250929', one(64_000)],
    ['claude-haiku-4-5-20251001', one(64_000)],
    ['claude-opus-4-5-20251101', one(64_000)],
    ['claude-opus-4-6', { sampling: 'one' }],
    ['claude-sonnet-4-6', { sampling: 'one' }],
    ['claude-opus-4-7', newest],
    ['claude-opus-4-7-20260416', newest],
    ['claude-opus-4-8', newest],
    ['claude-opus-5', newest],
    ['claude-sonnet-5', newest],
    ['claude-haiku-5-20260901', newest],
    // Nothing is known of it: the dialect's usual way.
    ['claude-next', {}],
    ['glm-4-5-air', {}],
  ])('%s', (model, traits) => {
    expect(targetOf(anthropic, model)).toEqual({ model, vendor: 'anthropic', family: familyOf(model), traits })
  })

  it('goes over what the provider says of itself, and does not stay there', () => {
    const provider = defineProvider({ name: 'anthropic', thinking: 'adaptive' })
    expect(targetOf(provider, 'claude-3-7-sonnet-latest').traits).toEqual(budget(64_000))
    expect(targetOf(provider, 'claude-next').traits).toEqual({ thinking: 'adaptive' })
    expect(provider.traits).toEqual({ thinking: 'adaptive' })
  })

  it.each([
    ['claude-sonnet-4-5', 'claude'],
    ['anthropic/claude-sonnet-4-5', 'claude'],
    ['a/b/Claude-3', 'claude'],
    ['gpt-5.1', 'gpt'],
    ['o3', 'o'],
    ['qwen3:8b', 'qwen'],
    ['01-yi', '01-yi'],
    ['', ''],
  ])('the family of %s is %s', (model, family) => {
    expect(familyOf(model)).toBe(family)
  })
})

describe('providersFromEnvironment', () => {
  const never = () => false
  const self = (url: URL) => url.port === '4114'

  it.each<[string, Record<string, string | undefined>, ProviderOptions[]]>([
    ['nothing', {}, []],
    ['a key', { OPENAI_API_KEY: ' sk ' }, [{ name: 'openai', api_keys: ['sk'] }]],
    ['an empty key', { OPENAI_API_KEY: '  ', ANTHROPIC_API_KEY: '' }, []],
    [
      'both',
      { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' },
      [
        { name: 'openai', api_keys: ['o'] },
        { name: 'anthropic', api_keys: ['a'] },
      ],
    ],
    [
      'an address',
      { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'http://h/v1' },
      [{ name: 'openai', api_keys: ['o'], base_url: 'http://h/v1' }],
    ],
    [
      'the older name of the address',
      { OPENAI_API_KEY: 'o', OPENAI_API_BASE: 'http://h/v1' },
      [{ name: 'openai', api_keys: ['o'], base_url: 'http://h/v1' }],
    ],
    ['an address alone', { OPENAI_BASE_URL: 'http://h/v1' }, []],
  ])('%s', (_, env, options) => {
    expect(providersFromEnvironment(env, never)).toEqual(options)
  })

  it('what points to this very sluice is no provider, or it would call itself for ever', () => {
    const env = { ANTHROPIC_API_KEY: 'any', ANTHROPIC_BASE_URL: 'http://127.0.0.1:4114', OPENAI_API_KEY: 'o' }
    expect(providersFromEnvironment(env, self).map((one) => one.name)).toEqual(['openai'])
    const other = { ...env, ANTHROPIC_BASE_URL: 'http://127.0.0.1:4115' }
    expect(providersFromEnvironment(other, self)).toHaveLength(2)
  })

  it('an address that is none is told, and not passed over in silence', () => {
    const found = providersFromEnvironment({ OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'nonsense' }, self)
    expect(() => found.map(defineProvider)).toThrow('base_url "nonsense" is no http or https address')
  })
})
