import { type Preset, presets } from '../../providers/index.ts'
import type { Json, JsonObject } from '../../tokens/index.ts'
import {
  Draft,
  type Imported,
  literal,
  objectOf,
  objectsOf,
  type ProviderDraft,
  providerName,
  textOf,
  textsOf,
} from './draft.ts'

const situations = {
  default: 'default',
  background: 'background',
  think: 'think',
  longContext: 'long_context',
  webSearch: 'web_search',
  image: 'image',
} as const

/** What those do whom it names is done by presets and dialects here. */
const needless: ReadonlySet<string> = new Set([
  'anthropic',
  'openai',
  'openai-response',
  'deepseek',
  'gemini',
  'vertex-gemini',
  'vertex-claude',
  'openrouter',
  'groq',
  'cerebras',
  'reasoning',
  'forcereasoning',
  'tooluse',
  'enhancetool',
  'streamoptions',
])

const known: ReadonlySet<string> = new Set([
  'Providers',
  'providers',
  'Router',
  'fallback',
  'APIKEY',
  'HOST',
  'PORT',
  'API_TIMEOUT_MS',
  'LOG',
  'LOG_LEVEL',
  'NON_INTERACTIVE_MODE',
  'PROXY_URL',
  'CUSTOM_ROUTER_PATH',
  'CLAUDE_PATH',
  'transformers',
])

const levels = { fatal: 'error', error: 'error', warn: 'warn', info: 'info', debug: 'debug', trace: 'debug' } as const

/** The configuration of claude-code-router (https://github.com/musistudio/claude-code-router), its `config.json`. */
export function importCcr(config: JsonObject): Imported {
  const draft = new Draft()
  const names = new Map<string, string>()
  for (const provider of objectsOf(config.Providers ?? config.providers)) {
    const written = textOf(provider.name) ?? 'provider'
    names.set(written, readProvider(draft, written, provider))
  }
  const target = (text: string): string => {
    const at = text.indexOf(',')
    if (at === -1) return text
    const name = text.slice(0, at)
    return `${names.get(name) ?? providerName(name)}/${text.slice(at + 1)}`
  }
  readRouter(draft, objectOf(config.Router), objectOf(config.fallback), target)
  readServer(draft, config)
  draft.warnRest(config, known, '')
  return draft.done()
}

function readProvider(draft: Draft, written: string, provider: JsonObject): string {
  const name = providerName(written)
  const url = textOf(provider.api_base_url)
  const key = textOf(provider.api_key)
  const models = textsOf(provider.models)
  const uses = transformers(provider.transformer)
  for (const use of uses) {
    if (needless.has(use.toLowerCase())) continue
    draft.warn(`the transformer "${use}" of provider ${name} has no counterpart and was left out`)
  }
  return draft.provider({
    name,
    ...addressOf(draft, name, url, uses),
    ...(key !== undefined && { api_keys: [variables(key)] }),
    ...(models.length > 0 && { models }),
  })
}

/** The names of all that is used, for the provider and for single models. */
function transformers(value: Json | undefined): string[] {
  const found = objectOf(value)
  const lists = [found.use, ...Object.values(found).map((one) => objectOf(one).use)]
  const names = lists.flatMap((list) => (Array.isArray(list) ? list : []))
  return [...new Set(names.flatMap((one) => textOf(Array.isArray(one) ? one[0] : one) ?? []))]
}

/** Their address is that of the operation, ours is what all of them have in common. */
function addressOf(draft: Draft, name: string, url: string | undefined, uses: string[]): Partial<ProviderDraft> {
  if (url === undefined) {
    draft.warn(`provider ${name} has no api_base_url; add one, if its name is no preset`)
    return {}
  }
  const base = url.replace(/\/+$/, '').replace(/\/(chat\/completions|responses|messages|models)$/, '')
  const preset = presetAt(base)
  if (preset) {
    return { ...(preset.name !== name && { kind: preset.name }), ...(!sameAddress(preset, base) && { base_url: base }) }
  }
  const dialect =
    /\/messages\/?$/.test(url) || uses.some((use) => use.toLowerCase() === 'anthropic')
      ? 'anthropic-messages'
      : /\/responses\/?$/.test(url)
        ? 'openai-responses'
        : /\/models\/?$/.test(url) || uses.includes('gemini')
          ? 'gemini'
          : 'openai-chat'
  if (dialect === 'openai-chat' && /^https?:\/\/[^/]+$/.test(base)) {
    draft.warn(`provider ${name} is called below ${base}/v1, as its address has no path; see that this is right`)
  }
  return { dialect, base_url: literal(base) }
}

function presetAt(base: string): Preset | undefined {
  if (!URL.canParse(base)) return undefined
  const { host } = new URL(base)
  // A machine of one's own is nobody in particular.
  if (/^(localhost|127\.|\[?::1)/.test(host)) return undefined
  return Object.values(presets as Record<string, Preset>).find(({ baseUrl }) => {
    return baseUrl !== undefined && URL.canParse(baseUrl) && new URL(baseUrl).host === host
  })
}

/** Ours without a version is theirs with one, in the languages whose dialects add it. */
function sameAddress({ baseUrl = '', basePath = '' }: Preset, base: string): boolean {
  const plain = (text: string): string => text.replace(/\/(v1|v1beta)$/, '')
  return plain(base) === plain(baseUrl) || base === baseUrl + basePath
}

function readRouter(draft: Draft, router: JsonObject, fallback: JsonObject, target: (text: string) => string): void {
  const routing: NonNullable<Draft['rest']['routing']> = {}
  for (const [theirs, ours] of Object.entries(situations)) {
    const to = textOf(router[theirs])
    if (to === undefined) continue
    const others = textsOf(fallback[theirs]).map(target)
    routing[ours] = target(to)
    if (others.length === 0) continue
    const name = `ccr-${ours.replace('_', '-')}`
    draft.models.push({ name, targets: [target(to), ...others] })
    routing[ours] = name
  }
  const { longContextThreshold: threshold } = router
  if (typeof threshold === 'number' && threshold >= 1) routing.long_context_threshold = Math.round(threshold)
  draft.warnRest(router, new Set([...Object.keys(situations), 'longContextThreshold']), 'Router.')
  draft.warnRest(fallback, new Set(Object.keys(situations)), 'fallback.')
  if (Object.keys(routing).length > 0) draft.rest.routing = routing
}

function readServer(draft: Draft, config: JsonObject): void {
  const key = textOf(config.APIKEY)
  const host = textOf(config.HOST)
  const port = Number(config.PORT ?? Number.NaN)
  const timeout = Number(config.API_TIMEOUT_MS ?? Number.NaN)
  if (key !== undefined) draft.rest.access = { keys: [variables(key)] }
  if (host !== undefined && key === undefined && host !== '127.0.0.1') {
    draft.warn('HOST was left out, as without an APIKEY only this machine may call')
  }
  const server = {
    ...(host !== undefined && key !== undefined && { host }),
    ...(Number.isInteger(port) && { port }),
  }
  if (Object.keys(server).length > 0) draft.rest.server = server
  if (!Number.isInteger(port)) draft.warn('sluice listens on port 4114, not on 3456; [server] port changes that')
  if (timeout > 0) draft.rest.streaming = { total_timeout: Math.round(timeout) }
  const level = levels[textOf(config.LOG_LEVEL) as keyof typeof levels]
  if (config.LOG === false) draft.rest.log = { level: 'silent' }
  else if (level !== undefined) draft.rest.log = { level }
  if (textOf(config.PROXY_URL)) draft.warn('PROXY_URL was left out: set HTTPS_PROXY in the environment of sluice')
  if (textOf(config.CUSTOM_ROUTER_PATH)) {
    draft.warn('CUSTOM_ROUTER_PATH was left out: a function for [routing] module gets other facts, see docs/routing.md')
  }
  if (objectsOf(config.transformers).length > 0)
    draft.warn('transformers of its own have no counterpart and were left out')
}

/** `$NAME` and `${NAME}` are variables of the environment for them. */
function variables(text: string): string {
  const name = /^\$(?:\{(\w+)\}|(\w+))$/.exec(text)
  return name ? `\${${name[1] ?? name[2]}}` : literal(text)
}
