import { matchesGlob, type Preset, presets } from '../../providers/index.ts'
import type { Json, JsonObject } from '../../tokens/index.ts'
import { type Draft, literal, type ProviderDraft, textOf } from './draft.ts'
import { advice } from './litellm-advice.ts'

/** The presets by what LiteLLM puts in front of a model's name. */
const kinds: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  azure: 'azure',
  gemini: 'gemini',
  vertex_ai: 'vertex',
  bedrock: 'bedrock',
  groq: 'groq',
  mistral: 'mistral',
  deepseek: 'deepseek',
  xai: 'xai',
  openrouter: 'openrouter',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  ollama: 'ollama',
  ollama_chat: 'ollama',
  perplexity: 'perplexity',
  cerebras: 'cerebras',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  moonshot: 'moonshot',
  dashscope: 'qwen',
  zai: 'glm',
  hosted_vllm: 'vllm',
  lm_studio: 'lmstudio',
  github_copilot: 'copilot',
}

/** Servers of anybody's that speak Chat Completions. */
const plain: ReadonlySet<string> = new Set([
  'openai',
  'custom_openai',
  'openai_like',
  'litellm_proxy',
  'hosted_vllm',
  'lm_studio',
])

const known: ReadonlySet<string> = new Set([
  'model',
  'custom_llm_provider',
  'api_key',
  'api_base',
  'base_url',
  'api_version',
  'aws_region_name',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'vertex_project',
  'vertex_location',
  'vertex_credentials',
  'extra_headers',
  // Read with the model.
  'weight',
  'order',
  'input_cost_per_token',
  'rpm',
  'tpm',
])

/**
 * Where a deployment of LiteLLM leads, as `provider/model`; its provider is put into the draft. Undefined, with a warning,
 * where there is no such provider here.
 */
export function readDeployment(draft: Draft, params: JsonObject, name: string): string | undefined {
  const written = textOf(params.model) ?? name
  const { prefix, model } = split(written, textOf(params.custom_llm_provider))
  const base = textOf(params.api_base) ?? textOf(params.base_url)
  const kind = prefix === 'vertex_ai' && model.startsWith('claude') ? 'vertex-anthropic' : kinds[prefix]
  const own = base !== undefined && plain.has(prefix)
  if (kind === undefined && !own) {
    draft.warn(`model ${name}: the provider "${prefix}" is not known here; its deployment ${written} was left out`)
    return undefined
  }
  draft.warnRest(params, known, 'litellm_params.', advice)
  return `${draft.provider(providerOf(draft, params, { kind, own, base, prefix }))}/${model}`
}

/** A name without a prefix is one of a vendor's that is known by it. */
function split(written: string, provider: string | undefined): { prefix: string; model: string } {
  if (provider !== undefined) {
    const model = written.startsWith(`${provider}/`) ? written.slice(provider.length + 1) : written
    return { prefix: provider, model }
  }
  const at = written.indexOf('/')
  const prefix = written.slice(0, Math.max(0, at))
  if (prefix !== '') {
    // How the call is made is said by the provider's dialect here.
    const model = written.slice(at + 1).replace(prefix === 'bedrock' ? /^(converse|invoke)\// : /^responses\//, '')
    return { prefix, model }
  }
  const vendor = Object.values(presets as Record<string, Preset>).find(({ patterns }) => {
    return patterns.some((pattern) => matchesGlob(pattern, written))
  })
  return { prefix: vendor?.name ?? 'openai', model: written }
}

interface Place {
  kind: string | undefined
  own: boolean
  base: string | undefined
  prefix: string
}

function providerOf(draft: Draft, params: JsonObject, { kind, own, base, prefix }: Place): ProviderDraft {
  const key = secret(params.api_key)
  const keys = key === undefined ? usualKeys(kind, own) : { api_keys: [key] }
  const headers = Object.entries(params.extra_headers ?? {}).flatMap(([name, value]) => {
    const text = secret(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  const common = { ...keys, ...(headers.length > 0 && { headers: Object.fromEntries(headers) }) }
  if (own && base !== undefined) {
    return { name: serverName(base, prefix), dialect: 'openai-chat', base_url: address(base), ...common }
  }
  const name = kind ?? prefix
  if (name === 'azure') return { name, ...azureAddress(draft, params, base), ...common }
  return {
    name,
    ...(base !== undefined && { base_url: address(base) }),
    ...common,
    ...field('region', params.aws_region_name),
    ...field('aws_access_key_id', params.aws_access_key_id),
    ...field('aws_secret_access_key', params.aws_secret_access_key),
    ...field('aws_session_token', params.aws_session_token),
    ...field('project', params.vertex_project),
    ...field('location', params.vertex_location),
    ...field('google_credentials', params.vertex_credentials),
  }
}

/** With a version the deployment is in the path, else Azure's newer address is meant. */
function azureAddress(draft: Draft, params: JsonObject, base: string | undefined): Partial<ProviderDraft> {
  const version = secret(params.api_version)
  if (base === undefined) draft.warn('a deployment at azure has no api_base; add base_url to the provider')
  if (base === undefined) return {}
  if (version === undefined || /^(v1|latest|preview)$/.test(version)) return { base_url: address(base) }
  return { base_url: `${address(base)}/openai/deployments/{model}`, query: { 'api-version': version } }
}

/** LiteLLM takes the key of a vendor from the environment by itself. */
function usualKeys(kind: string | undefined, own: boolean): Partial<ProviderDraft> {
  if (own || kind === undefined) return {}
  const preset = (presets as Record<string, Preset>)[kind]
  // Clouds have credentials of their own, which are read from the environment here as well.
  if (!preset || preset.awsKeys || preset.projectPath !== undefined) return {}
  const [variable] = preset.keyEnv
  return variable === undefined ? {} : { api_keys: [`\${${variable}}`] }
}

function serverName(base: string, prefix: string): string {
  const host = URL.canParse(base) ? new URL(base).hostname : prefix
  return host.replaceAll(/[^A-Za-z0-9.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'server'
}

function address(base: string): string {
  return (secret(base) ?? base).replace(/\/+$/, '')
}

function field<K extends string>(name: K, value: Json | undefined): Partial<Record<K, string>> {
  const text = secret(value)
  return text === undefined ? {} : ({ [name]: text } as Record<K, string>)
}

/** `os.environ/NAME` is a variable of the environment for them. */
export function secret(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' ? String(value) : textOf(value)
  if (text === undefined) return undefined
  const variable = /^os\.environ\/(\w+)$/.exec(text)?.[1]
  return variable === undefined ? literal(text) : `\${${variable}}`
}
