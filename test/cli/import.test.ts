import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { importCcr } from '../../src/cli/import/ccr.ts'
import type { Imported } from '../../src/cli/import/draft.ts'
import { importLitellm } from '../../src/cli/import/litellm.ts'
import { parseLooseJson } from '../../src/cli/import/loose-json.ts'
import { readConfig } from '../../src/config/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { emptyFolder, sluice } from './command.ts'

/** What was written is a configuration that sluice takes, after its way through a file. */
function checked(imported: Imported): Imported {
  const text = stringify(imported.config)
  const variables = [...text.matchAll(/(?<!\$)\$\{(\w+)\}/g)].map(([, name]) => [name, 'a-key'])
  const config = readConfig({ text, env: Object.fromEntries(variables) })
  expect(config.providers.map(({ name }) => name)).toEqual(imported.config.providers?.map(({ name }) => name) ?? [])
  return imported
}

const ccr = (json: object) => checked(importCcr(json as JsonObject))
const litellm = (yaml: string) => checked(importLitellm(parse(yaml) as JsonObject))

describe("claude-code-router's configuration", () => {
  const cloud = {
    name: 'openrouter',
    api_base_url: 'https://openrouter.ai/api/v1/chat/completions',
    api_key: '$OPENROUTER_KEY',
    models: ['z-ai/glm-5', 'google/gemini-3-pro'],
    transformer: { use: ['openrouter'], 'z-ai/glm-5': { use: ['tooluse', ['maxtoken', { max_tokens: 9 }]] } },
  }
  const home = {
    name: 'my box',
    api_base_url: 'http://10.1.2.3:9000/v1/chat/completions',
    api_key: 'any${thing}',
    models: ['qwen3'],
  }

  it('comes along with its providers, its router and its server', () => {
    const { config, warnings } = ccr({
      Providers: [cloud, home],
      Router: {
        default: 'openrouter,z-ai/glm-5',
        background: 'my box,qwen3',
        longContext: 'openrouter,google/gemini-3-pro',
        longContextThreshold: 90_000,
      },
      fallback: { default: ['my box,qwen3'] },
      APIKEY: '${CCR_KEY}',
      HOST: '0.0.0.0',
      PORT: 3456,
      API_TIMEOUT_MS: '600000',
      LOG_LEVEL: 'trace',
      NON_INTERACTIVE_MODE: true,
    })
    expect(config).toEqual({
      server: { host: '0.0.0.0', port: 3456 },
      access: { keys: ['${CCR_KEY}'] },
      streaming: { total_timeout: 600_000 },
      providers: [
        { name: 'openrouter', api_keys: ['${OPENROUTER_KEY}'], models: cloud.models },
        {
          name: 'my-box',
          dialect: 'openai-chat',
          base_url: 'http://10.1.2.3:9000/v1',
          api_keys: ['any$${thing}'],
          models: ['qwen3'],
        },
      ],
      models: [{ name: 'ccr-default', targets: ['openrouter/z-ai/glm-5', 'my-box/qwen3'] }],
      routing: {
        default: 'ccr-default',
        background: 'my-box/qwen3',
        long_context: 'openrouter/google/gemini-3-pro',
        long_context_threshold: 90_000,
      },
      log: { level: 'debug' },
    })
    expect(warnings).toEqual(['the transformer "maxtoken" of provider openrouter has no counterpart and was left out'])
  })

  it.each<[string, object, object]>([
    [
      'a preset by its address',
      { name: 'ds', api_base_url: 'https://api.deepseek.com/chat/completions' },
      { name: 'ds', kind: 'deepseek' },
    ],
    [
      'one with a version',
      { name: 'deepseek', api_base_url: 'https://api.deepseek.com/v1/chat/completions' },
      { name: 'deepseek' },
    ],
    [
      'another place of a preset',
      { name: 'openai', api_base_url: 'https://api.openai.com/beta/chat/completions' },
      { name: 'openai', base_url: 'https://api.openai.com/beta' },
    ],
    [
      'Google',
      { name: 'gemini', api_base_url: 'https://generativelanguage.googleapis.com/v1beta/models/' },
      { name: 'gemini' },
    ],
    [
      'a server of Messages',
      { name: 'relay', api_base_url: 'http://10.0.0.9/v1/messages', transformer: { use: ['Anthropic'] } },
      { name: 'relay', dialect: 'anthropic-messages', base_url: 'http://10.0.0.9/v1' },
    ],
    [
      'one of Responses',
      { name: 'r', api_base_url: 'http://10.0.0.9/v1/responses' },
      { name: 'r', dialect: 'openai-responses', base_url: 'http://10.0.0.9/v1' },
    ],
    [
      'Ollama on this machine',
      { name: 'ollama', api_base_url: 'http://localhost:11434/v1/chat/completions' },
      { name: 'ollama', dialect: 'openai-chat', base_url: 'http://localhost:11434/v1' },
    ],
  ])('%s', (_, provider, wanted) => {
    expect(ccr({ Providers: [provider] }).config.providers).toEqual([wanted])
  })

  it('is told of what does not come along', () => {
    const { config, warnings } = ccr({
      Providers: [home],
      Router: { default: 'my box,qwen3', other: 'x' },
      HOST: '0.0.0.0',
      LOG: false,
      PROXY_URL: 'http://u:secret@p',
      CUSTOM_ROUTER_PATH: '/x.js',
      transformers: [{ path: 'p.js' }],
      StatusLine: { enabled: true },
    })
    expect(config.server).toBeUndefined()
    expect(config.log).toEqual({ level: 'silent' })
    const said = warnings.join('\n')
    for (const word of [
      'Router.other',
      'HOST',
      '4114',
      'HTTPS_PROXY',
      'CUSTOM_ROUTER_PATH',
      'transformers of its own',
      'StatusLine',
    ]) {
      expect(said).toContain(word)
    }
    expect(said).not.toContain('secret')
  })

  it('may be written by hand', () => {
    const text = `{
\t// the only one
\t"Providers": [{ "name": "a", 'api_base_url': "http://x//y/v1/chat/completions", /* keyless */ },],
}`
    expect(parseLooseJson(text)).toEqual({
      Providers: [{ name: 'a', api_base_url: 'http://x//y/v1/chat/completions' }],
    })
  })
})

describe("LiteLLM's configuration", () => {
  it('comes along with its deployments, their shares and their fallbacks', () => {
    const { config, warnings } = litellm(`
model_list:
  - model_name: gpt
    litellm_params: { model: azure/gpt-eu, api_base: "https://eu.openai.azure.com/", api_key: os.environ/AZURE_EU, api_version: "2024-10-21", rpm: 6 }
  - model_name: gpt
    litellm_params: { model: azure/gpt-us, api_base: "https://us.openai.azure.com", api_key: os.environ/AZURE_US, rpm: 3 }
  - model_name: gpt
    litellm_params: { model: gpt-5, rpm: 1 }
  - model_name: claude
    litellm_params: { model: anthropic/claude-opus-4-6, api_key: os.environ/CLAUDE_KEY }
  - model_name: local
    litellm_params: { model: openai/qwen, api_base: "http://10.0.0.7:8000/v1", api_key: "none" }
  - model_name: embed
    litellm_params: { model: text-embedding-3-small }
    model_info: { mode: embedding }
  - model_name: "anthropic/*"
    litellm_params: { model: "anthropic/*", api_key: os.environ/CLAUDE_KEY }
  - model_name: "x-*"
    litellm_params: { model: "xai/*" }
router_settings:
  fallbacks: [{ gpt: [claude] }, { local: [claude, nobody] }]
  model_group_alias: { gpt-4: gpt, ghost: zzz }
  timeout: 30
litellm_settings: { drop_params: true, cache: true, num_retries: 2 }
general_settings: { master_key: os.environ/MASTER }
`)
    expect(config).toEqual({
      access: { operator_keys: ['${MASTER}'] },
      streaming: { total_timeout: 30_000, max_retries: 2 },
      providers: [
        {
          name: 'azure',
          base_url: 'https://eu.openai.azure.com/openai/deployments/{model}',
          query: { 'api-version': '2024-10-21' },
          api_keys: ['${AZURE_EU}'],
        },
        { name: 'azure-2', kind: 'azure', base_url: 'https://us.openai.azure.com', api_keys: ['${AZURE_US}'] },
        { name: 'openai', api_keys: ['${OPENAI_API_KEY}'] },
        { name: 'anthropic', api_keys: ['${CLAUDE_KEY}'] },
        { name: '10.0.0.7', dialect: 'openai-chat', base_url: 'http://10.0.0.7:8000/v1', api_keys: ['none'] },
        { name: 'xai', api_keys: ['${XAI_API_KEY}'] },
      ],
      models: [
        {
          name: 'gpt',
          targets: ['azure/gpt-eu', 'azure-2/gpt-us', 'openai/gpt-5', 'anthropic/claude-opus-4-6'],
          strategy: 'weighted',
          weights: [6, 3, 1, 0],
        },
        { name: 'claude', targets: ['anthropic/claude-opus-4-6'] },
        { name: 'local', targets: ['10.0.0.7/qwen', 'anthropic/claude-opus-4-6'] },
        { name: 'x-*', targets: ['xai/*'] },
        {
          name: 'gpt-4',
          targets: ['azure/gpt-eu', 'azure-2/gpt-us', 'openai/gpt-5', 'anthropic/claude-opus-4-6'],
          strategy: 'weighted',
          weights: [6, 3, 1, 0],
        },
      ],
    })
    expect(warnings).toEqual([
      expect.stringMatching(
        /^rpm and tpm limit nothing here, .*429 .*give each .* a second target.*\[limits\] per_key$/,
      ),
      'model embed is for embedding, not for chats, and was left out',
      'the fallback nobody of local is no model here and was left out',
      'the alias ghost stands for zzz, which is no model here; it was left out',
      'litellm_settings.cache has no counterpart and was left out',
      'sluice listens on port 4114, not on 4000; [server] port changes that',
    ])
  })

  const groups = ['a', 'b', 'c', 'd'].map(
    (name) => `  - { model_name: ${name}, litellm_params: { model: groq/${name} } }`,
  )

  it.each<[string, string, string[]]>([
    ['too long a prompt', 'litellm_settings: { context_window_fallbacks: [{ a: [b] }] }', ['a', 'b']],
    ['a refused prompt', 'router_settings: { content_policy_fallbacks: [{ a: [b] }] }', ['a', 'b']],
    [
      'failures first, then too long a prompt, each once',
      'router_settings: { fallbacks: [{ a: [c] }], context_window_fallbacks: [{ a: [c, b] }] }',
      ['a', 'c', 'b'],
    ],
    ['all that have none of their own', 'litellm_settings: { default_fallbacks: [d, a] }', ['a', 'd']],
    [
      'every model',
      'router_settings: { fallbacks: [{ "*": [d] }, { b: [c] }], context_window_fallbacks: [{ a: [c] }] }',
      ['a', 'd', 'c'],
    ],
  ])('comes along with its fallbacks for %s', (_, settings, targets) => {
    const { config, warnings } = litellm(`model_list:\n${groups.join('\n')}\n${settings}`)
    expect(config.models?.[0]).toEqual({ name: 'a', targets: targets.map((one) => `groq/${one}`) })
    expect(warnings.filter((one) => one.includes('no counterpart'))).toEqual([])
    const said = warnings.join('\n')
    for (const key of ['context_window_fallbacks', 'content_policy_fallbacks']) {
      expect(said.includes(`${key} of a are its last targets`)).toBe(settings.includes(key))
    }
    expect(said.includes('`input_tokens_over` asks them at once')).toBe(settings.includes('context_window'))
  })

  it('says what to do without limits that have no counterpart', () => {
    const { config, warnings } = litellm(`
model_list:
  - { model_name: a, tpm: 9, litellm_params: { model: groq/a, max_parallel_requests: 3, input_cost_per_token: 1 } }
router_settings: { allowed_fails: 3, cooldown_time: 30, enable_pre_call_checks: true }
general_settings: { global_max_parallel_requests: 200 }
`)
    expect(config.limits).toEqual({ streams: 200 })
    expect(warnings.slice(0, -1)).toEqual([
      expect.stringMatching(/^litellm_params\.max_parallel_requests was left out: .*\[limits\]/),
      expect.stringMatching(/^rpm and tpm limit nothing here/),
      expect.stringMatching(/^router_settings\.allowed_fails was left out: targets that fail rest by themselves/),
      expect.stringMatching(/^router_settings\.cooldown_time was left out: targets that fail rest by themselves/),
      expect.stringMatching(/^router_settings\.enable_pre_call_checks was left out: .*`input_tokens_over`/),
    ])
  })

  const two = (strategy: string, more = '') => `
model_list:
  - model_name: m
    litellm_params: { model: groq/a, order: 2 }
    model_info: { input_cost_per_token: 0.0000002 }
  - model_name: m
    litellm_params: { model: mistral/b${more} }
    model_info: { input_cost_per_token: 0.00000015 }
router_settings: { routing_strategy: ${strategy} }
`
  it.each<[string, string, object, RegExp?]>([
    ['an order of its own', two('least-busy', ', order: 1'), { targets: ['mistral/b', 'groq/a'] }],
    ['the least busy', two('least-busy', ', order: 2'), { targets: ['groq/a', 'mistral/b'], strategy: 'least-busy' }],
    [
      'the quickest',
      two('latency-based-routing', ', order: 2'),
      { targets: ['groq/a', 'mistral/b'], strategy: 'latency' },
    ],
    [
      'the cheapest',
      two('cost-based-routing', ', order: 2'),
      { targets: ['groq/a', 'mistral/b'], strategy: 'cost', costs: [2e-7, 1.5e-7] },
    ],
    ['by chance', two('simple-shuffle', ', order: 2'), { targets: ['groq/a', 'mistral/b'], strategy: 'weighted' }],
    [
      'what is not known',
      two('usage-based-routing-v2', ', order: 2'),
      { targets: ['groq/a', 'mistral/b'], strategy: 'weighted' },
      /usage-based-routing-v2 has no counterpart/,
    ],
  ])('%s', (_, yaml, wanted, warning) => {
    const { config, warnings } = litellm(yaml)
    expect(config.models).toEqual([{ name: 'm', ...wanted }])
    if (warning) expect(warnings.join('\n')).toMatch(warning)
    else expect(warnings).toHaveLength(1)
  })

  it.each<[string, string, object]>([
    [
      'AWS',
      'model: bedrock/converse/us.anthropic.claude-x, aws_region_name: eu-west-1',
      { name: 'bedrock', region: 'eu-west-1' },
    ],
    [
      'Claude at Google',
      'model: vertex_ai/claude-x, vertex_project: p, vertex_location: europe-west4',
      { name: 'vertex-anthropic', project: 'p', location: 'europe-west4' },
    ],
    [
      'Ollama elsewhere',
      'model: ollama_chat/qwen, api_base: "http://10.0.0.8:11434"',
      { name: 'ollama', base_url: 'http://10.0.0.8:11434' },
    ],
    ['a name by its look', 'model: claude-x', { name: 'anthropic', api_keys: ['${ANTHROPIC_API_KEY}'] }],
    [
      'a vendor said apart',
      'model: a/b, custom_llm_provider: openrouter',
      { name: 'openrouter', api_keys: ['${OPENROUTER_API_KEY}'] },
    ],
  ])('%s', (_, params, wanted) => {
    expect(litellm(`model_list: [{ model_name: m, litellm_params: { ${params} } }]`).config.providers).toEqual([wanted])
  })

  it('with one key for several models makes one provider, with two keys two', () => {
    const entry = (name: string, key: string) =>
      `{ model_name: ${name}, litellm_params: { model: groq/${name}, api_key: ${key} } }`
    const { config } = litellm(
      `model_list: [${entry('a', 'k1')}, ${entry('b', 'k2')}, ${entry('c', 'k2')}, ${entry('d', 'k1')}]`,
    )
    expect(config.providers?.map(({ name }) => name)).toEqual(['groq', 'groq-2'])
    expect(config.models?.map(({ targets }) => targets[0])).toEqual(['groq/a', 'groq-2/b', 'groq-2/c', 'groq/d'])
  })

  it('says which provider is not known', () => {
    const { config, warnings } = litellm(`model_list: [{ model_name: m, litellm_params: { model: sagemaker/x } }]`)
    expect(config).toEqual({})
    expect(warnings[0]).toContain('model m: the provider "sagemaker" is not known here')
  })
})

describe('sluice import', () => {
  it('writes a file that sluice takes, and warnings beside it', async () => {
    const folder = emptyFolder()
    const from = join(folder, 'config.json')
    writeFileSync(
      from,
      '{ "Providers": [{ "name": "a", "api_base_url": "http://10.0.0.7/v1/chat/completions" }], "Zzz": 1 }',
    )
    const { code, stdout, stderr } = await sluice(['import', 'ccr', from])
    expect(code).toBe(0)
    expect(stdout).toContain('# Made by `sluice import ccr`')
    expect(readConfig({ text: stdout, env: {} }).providers[0]?.baseUrl).toBe('http://10.0.0.7/v1')
    expect(stderr).toContain('sluice: Zzz has no counterpart and was left out\n')
  })

  it.each([
    [['ccr', 'nothing.json'], '', 'cannot read nothing.json: there is no such file'],
    [['litellm', 'FILE'], 'a: [b\nsk-secret: c', 'cannot read '],
    [['litellm', 'FILE'], '3', 'it holds no table'],
    [
      ['litellm', 'FILE'],
      '{ "Providers": [{ "name": "a", "api_key": "secret" }], "Router": {} }',
      'it has none of `model_list`, `router_settings`, `litellm_settings`, `general_settings`; it looks like one for `sluice import ccr`',
    ],
    [
      ['ccr', 'FILE'],
      'model_list: []',
      'it has none of `Providers`, `providers`, `Router`; it looks like one for `sluice import litellm`',
    ],
    [['ccr', 'FILE'], '{ "LOG": true }', 'it has none of `Providers`, `providers`, `Router`; name another file'],
    [['other', 'FILE'], '', 'Allowed choices are ccr, litellm'],
  ])('%j is refused', async (args, text, wanted) => {
    const file = join(emptyFolder(), 'config.yaml')
    writeFileSync(file, text)
    const { code, stderr } = await sluice(['import', ...args.map((one) => (one === 'FILE' ? file : one))])
    expect(code).toBe(1)
    expect(stderr).toContain(wanted)
    expect(stderr).not.toContain('secret')
  })
})
