import { describe, expect, it } from 'vitest'
import { providersPage } from '../../scripts/providers-page.ts'
import { presetLine } from '../../src/cli/providers.ts'
import { dialects, type UpstreamDialect } from '../../src/dialects/index.ts'
import {
  authHeaders,
  defineProvider,
  hasWords,
  matchesGlob,
  type Preset,
  presets,
  providersFromEnvironment,
  quirkOptions,
  quirkWords,
  targetOf,
} from '../../src/providers/index.ts'
import type { ChatRequest } from '../../src/tokens/index.ts'

const all = Object.entries(presets) as [string, Preset][]

describe.each(all)('the preset %s', (key, preset) => {
  it('is called as it is listed and can be used with a key and at most an address', () => {
    expect(preset.name).toBe(key)
    const own = preset.baseUrl === undefined ? { base_url: 'https://own.example' } : {}
    const region = preset.baseUrl?.includes('{region}') ? { region: 'eu-west-1' } : {}
    const project = preset.projectPath && !preset.basePath ? { project: 'p' } : {}
    const provider = defineProvider({ name: key, api_keys: ['k'], ...own, ...region, ...project })
    expect(new URL(provider.baseUrl).pathname.endsWith('//')).toBe(false)
    expect(authHeaders).toContain(provider.authHeader)
    expect(Object.keys(dialects)).toContain(provider.dialect)
    expect(preset.forwards.every((name) => name === name.toLowerCase())).toBe(true)
  })

  it('has words for all that is peculiar about it', () => {
    const traits = [preset.traits ?? {}, ...(preset.modelTraits ?? []).map((one) => one.traits)]
    // Whose dialects say for themselves what these do.
    const own = preset.dialect === 'openai-chat' || preset.dialect === 'anthropic-messages'
    if (!own) return
    for (const name of traits.flatMap((one) => Object.keys(one)))
      expect({ name, words: hasWords(name) }).toEqual({ name, words: true })
    for (const words of quirkWords(preset)) expect(words).not.toMatch(/undefined|\[object|^\W*$|, ,|\s$/)
  })

  it('is known by no key that it does not have', () => {
    expect(presetLine(preset, {})).not.toContain('is set')
    const [variable] = preset.keyEnv
    if (variable === undefined) return
    const line = presetLine(preset, { [variable]: 'sk-very-secret' })
    expect(line).toContain(`${variable} is set`)
    expect(line).not.toContain('secret')
  })
})

describe('what each vendor is sent for the same request', () => {
  const request: ChatRequest = {
    model: 'm',
    stream: true,
    system: [],
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [{ kind: 'function', name: 'f' }],
    toolChoice: { mode: 'auto' },
    maxOutput: 100,
    sampling: { temperature: 1.8, topK: 3, seed: 7, logitBias: { 1: 2 } },
    user: 'u',
    reasoning: { effort: 'medium' },
    output: { type: 'json-schema', schema: { type: 'object' } },
    extra: { dialect: 'anthropic-messages', fields: {} },
  }
  const sent = (kind: string, model: string) => {
    const own =
      (presets as Record<string, Preset>)[kind]?.baseUrl === undefined ? { base_url: 'https://own.example' } : {}
    const provider = defineProvider({ name: kind, ...own })
    const upstream: UpstreamDialect = dialects[provider.dialect]
    const { body } = upstream.upstream.encodeRequest(structuredClone(request), targetOf(provider, model))
    const {
      messages: _,
      tools: __,
      tool_choice: ___,
      model: ____,
      stream: _____,
      response_format: format,
      ...rest
    } = body
    return { ...rest, format: (format as { type: string } | undefined)?.type }
  }
  const usage = { stream_options: { include_usage: true } }
  const bias = { logit_bias: { 1: 2 } }

  it.each<[string, string, object]>([
    [
      'openai',
      'gpt-5',
      {
        ...usage,
        ...bias,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'medium',
        safety_identifier: 'u',
        format: 'json_schema',
      },
    ],
    [
      'azure',
      'mine',
      {
        ...usage,
        ...bias,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'medium',
        safety_identifier: 'u',
        format: 'json_schema',
      },
    ],
    [
      'openrouter',
      'a/b',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning: { effort: 'medium' },
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'groq',
      'openai/gpt-oss-20b',
      {
        ...usage,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'groq',
      'qwen/qwen3-32b',
      {
        ...usage,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'default',
        reasoning_format: 'parsed',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'deepseek',
      'deepseek-chat',
      {
        ...usage,
        max_tokens: 100,
        temperature: 1.8,
        thinking: { type: 'enabled' },
        reasoning_effort: 'high',
        format: 'json_object',
      },
    ],
    [
      'mistral',
      'mistral-medium',
      { max_tokens: 100, temperature: 1.5, random_seed: 7, reasoning_effort: 'high', format: 'json_schema' },
    ],
    [
      'mistral',
      'magistral-small',
      { max_tokens: 100, temperature: 1.5, random_seed: 7, prompt_mode: 'reasoning', format: 'json_schema' },
    ],
    [
      'xai',
      'grok-4',
      { ...usage, ...bias, max_tokens: 100, temperature: 1.8, seed: 7, user: 'u', format: 'json_schema' },
    ],
    [
      'xai',
      'grok-3-mini',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'low',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'moonshot',
      'kimi-k2.6',
      { ...usage, max_tokens: 100, seed: 7, thinking: { type: 'enabled' }, user: 'u', format: 'json_object' },
    ],
    [
      'moonshot',
      'kimi-k3',
      { ...usage, max_tokens: 100, seed: 7, reasoning_effort: 'low', user: 'u', format: 'json_object' },
    ],
    [
      'moonshot',
      'moonshot-v1-8k',
      {
        ...usage,
        max_tokens: 100,
        temperature: 1,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_object',
      },
    ],
    [
      'qwen',
      'qwen3-max',
      { ...usage, max_tokens: 100, temperature: 1.8, top_k: 3, seed: 7, enable_thinking: true, format: 'json_object' },
    ],
    [
      'glm',
      'glm-4.6',
      { ...usage, max_tokens: 100, temperature: 1, thinking: { type: 'enabled' }, user_id: 'u', format: 'json_object' },
    ],
    [
      'perplexity',
      'sonar',
      { ...usage, max_tokens: 100, temperature: 1.8, top_k: 3, reasoning_effort: 'medium', format: 'json_schema' },
    ],
    [
      'cohere',
      'command-a',
      { ...usage, max_tokens: 100, temperature: 1, seed: 7, reasoning_effort: 'high', format: 'json_schema' },
    ],
    [
      'cerebras',
      'zai-glm-4.6',
      {
        ...usage,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        disable_reasoning: false,
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'together',
      'x/y',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'lmstudio',
      'x',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'fireworks',
      'accounts/fireworks/models/x',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'copilot',
      'gpt-5',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'vllm',
      'x',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'llamacpp',
      'x',
      {
        ...usage,
        ...bias,
        max_tokens: 100,
        temperature: 1.8,
        top_k: 3,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
    [
      'cerebras',
      'gpt-oss-120b',
      {
        ...usage,
        max_completion_tokens: 100,
        temperature: 1.8,
        seed: 7,
        reasoning_effort: 'medium',
        user: 'u',
        format: 'json_schema',
      },
    ],
  ])('%s for %s', (kind, model, body) => {
    expect(sent(kind, model)).toEqual(body)
  })
})

describe('a call whose id another vendor gave, in the history for', () => {
  const request: ChatRequest = {
    model: 'm',
    stream: false,
    system: [],
    messages: [
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
      { role: 'assistant', parts: [{ type: 'tool-call', id: 'call_1', name: 'f', kind: 'function', arguments: '{}' }] },
      {
        role: 'tool',
        parts: [{ type: 'tool-result', id: 'call_1', content: [{ type: 'text', text: 'ok' }] }],
      },
    ],
    tools: [],
    sampling: {},
    extra: { dialect: 'openai-chat', fields: {} },
  }
  it.each([
    ['gemini', true],
    ['vertex', false],
  ])('%s keeps it: %s', (name, keeps) => {
    const provider = defineProvider({ name, api_keys: ['k'] })
    const { body } = dialects.gemini.upstream.encodeRequest(
      structuredClone(request),
      targetOf(provider, 'gemini-3-pro'),
    )
    expect(JSON.stringify(body).includes('"id":"call_1"')).toBe(keeps)
    expect(JSON.stringify(body)).toContain('"functionCall"')
  })
})

describe('the presets together', () => {
  it('lead no bare name to two vendors', () => {
    const names =
      'gpt-5 o3-mini claude-opus-5 deepseek-chat mistral-large magistral-small grok-4 kimi-k3 qwen3-max qwq-32b glm-4.6 command-a sonar-pro gemini-3-pro'
    for (const name of names.split(' ')) {
      const fitting = all.filter(([, one]) => one.patterns.some((pattern) => matchesGlob(pattern, name)))
      expect({ name, vendors: fitting.length }).toEqual({ name, vendors: 1 })
    }
  })

  it('are switched on by their keys, those without an address by that as well', () => {
    const never = () => false
    const named = (env: Record<string, string>) => providersFromEnvironment(env, never).map((one) => one.name)
    expect(named({ GROQ_API_KEY: 'k', MISTRAL_API_KEY: 'k' })).toEqual(['mistral', 'groq'])
    expect(named({ AZURE_OPENAI_API_KEY: 'k' })).toEqual([])
    expect(named({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://r.openai.azure.com/' })).toEqual([
      'azure',
    ])
  })

  it('share no key of the environment', () => {
    const keys = all.flatMap(([, one]) => one.keyEnv)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('give their address a path where it has none', () => {
    const at = (kind: string, base_url: string) => defineProvider({ name: 'x', kind, base_url }).baseUrl
    expect(at('azure', 'https://r.openai.azure.com/')).toBe('https://r.openai.azure.com/openai/v1')
    expect(at('azure', 'https://r.openai.azure.com/openai/deployments/{model}')).toBe(
      'https://r.openai.azure.com/openai/deployments/{model}',
    )
    expect(at('groq', 'http://127.0.0.1:9000')).toBe('http://127.0.0.1:9000/openai/v1')
    expect(at('perplexity', 'http://127.0.0.1:9000')).toBe('http://127.0.0.1:9000')
  })

  it('say what is missing where everybody has an address of their own', () => {
    expect(() => defineProvider({ name: 'azure' })).toThrow('add `base_url`')
  })

  it('do not meddle with a server elsewhere that only shares a name', () => {
    const elsewhere = { name: 'qwen', dialect: 'openai-chat', base_url: 'http://10.0.0.7/v1' } as const
    expect(defineProvider(elsewhere)).toMatchObject({ vendor: 'qwen', traits: {}, modelTraits: [] })
    expect(defineProvider({ ...elsewhere, kind: 'qwen' }).traits).not.toEqual({})
    const same = { ...elsewhere, base_url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1' }
    expect(defineProvider(same).traits).not.toEqual({})
  })

  it('stand below what the configuration says of quirks', () => {
    const provider = defineProvider({
      name: 'deepseek',
      quirks: { parts: true, max_stops: 2, reasoning_request: [], reasoning_required: false },
    })
    const { traits } = targetOf(provider, 'deepseek-chat')
    expect(traits).toMatchObject({ maxStops: 2, reasoningRequest: [], oneChoice: true })
    expect([traits.parts, traits.reasoningRequired]).toEqual([undefined, false])
  })

  it('and all quirks that can be written are on their page; if not, run `node scripts/providers-page.ts`', async () => {
    const { found, wanted } = await providersPage()
    expect(found).toBe(wanted)
    for (const name of Object.keys(quirkOptions.properties)) expect(found).toContain(`| \`${name}\` |`)
  })
})
