import type { Strategy } from '../../routing/index.ts'
import type { Json, JsonObject } from '../../tokens/index.ts'
import { Draft, type Imported, type ModelDraft, objectOf, objectsOf, textOf, textsOf } from './draft.ts'
import { advice, rates } from './litellm-advice.ts'
import { readDeployment, secret } from './litellm-provider.ts'

const strategies: Readonly<Record<string, Strategy>> = {
  'simple-shuffle': 'weighted',
  'least-busy': 'least-busy',
  'latency-based-routing': 'latency',
  'cost-based-routing': 'cost',
}

/** One of the places where a model group is served. */
interface Deployment {
  target: string
  weight: number | undefined
  order: number
  cost: number | undefined
}

/** The configuration of the LiteLLM proxy (https://docs.litellm.ai/docs/proxy/configs), its `config.yaml`. */
export function importLitellm(config: JsonObject): Imported {
  const draft = new Draft()
  const router = objectOf(config.router_settings)
  const settings = objectOf(config.litellm_settings)
  const general = objectOf(config.general_settings)
  const groups = readGroups(draft, objectsOf(config.model_list))
  const strategy = readStrategy(draft, textOf(router.routing_strategy))
  const fallbacksOf = readFallbacks(draft, settings, router)
  for (const [name, deployments] of groups) {
    const wanted = fallbacksOf(name)
    const others = wanted.flatMap((other) => groups.get(other) ?? [])
    for (const other of wanted) {
      if (!groups.has(other)) draft.warn(`the fallback ${other} of ${name} is no model here and was left out`)
    }
    const model = modelOf(draft, name, { deployments, others, strategy })
    if (model) draft.models.push(model)
  }
  for (const [name, value] of Object.entries(objectOf(router.model_group_alias))) {
    const group = textOf(value) ?? textOf(objectOf(value).model)
    const model = draft.models.find((one) => one.name === group)
    if (model) draft.models.push({ ...model, name })
    else draft.warn(`the alias ${name} stands for ${group ?? 'nothing'}, which is no model here; it was left out`)
  }
  readSettings(draft, { router, settings, general })
  draft.warnRest(config, sections, '')
  return draft.done()
}

const sections: ReadonlySet<string> = new Set(['model_list', 'router_settings', 'litellm_settings', 'general_settings'])

function readGroups(draft: Draft, list: JsonObject[]): Map<string, Deployment[]> {
  const groups = new Map<string, Deployment[]>()
  for (const entry of list) {
    const name = textOf(entry.model_name)
    const params = objectOf(entry.litellm_params)
    const info = objectOf(entry.model_info)
    if (name === undefined) continue
    const mode = textOf(info.mode) ?? 'chat'
    if (mode !== 'chat' && mode !== 'responses') {
      draft.warn(`model ${name} is for ${mode}, not for chats, and was left out`)
      continue
    }
    const target = readDeployment(draft, params, name)
    if (target === undefined) continue
    const rate = [params, entry].flatMap(({ rpm, tpm }) => numberOf(rpm) ?? numberOf(tpm) ?? [])[0]
    if (rate !== undefined) draft.warn(rates)
    const group = groups.get(name) ?? []
    groups.set(name, group)
    if (group.some((one) => one.target === target)) continue
    group.push({
      target,
      weight: numberOf(params.weight) ?? rate,
      order: numberOf(params.order) ?? Number.POSITIVE_INFINITY,
      cost: numberOf(info.input_cost_per_token ?? params.input_cost_per_token),
    })
  }
  return groups
}

/** Fallbacks for a prompt that is too long, and for a refused one: here both go to the next target, like any failure. */
const special = ['context_window_fallbacks', 'content_policy_fallbacks'] as const

/** The groups that a group falls back to, in order. */
function readFallbacks(draft: Draft, ...sections: JsonObject[]): (name: string) => string[] {
  const listed = (key: 'fallbacks' | (typeof special)[number]) => new Map(sections.flatMap((one) => pairs(one[key])))
  const plain = listed('fallbacks')
  const general = plain.get('*') ?? sections.flatMap((one) => textsOf(one.default_fallbacks))
  const others = special.map((key) => [key, listed(key)] as const)
  return (name) => {
    const all = new Set(plain.get(name) ?? general)
    for (const [key, lists] of others) {
      const added = (lists.get(name) ?? []).filter((one) => !all.has(one))
      for (const one of added) all.add(one)
      if (added.length > 0) draft.warn(`${key} of ${name} are its last targets, ${lastTargets[key]}`)
    }
    all.delete(name)
    return [...all]
  }
}

const lastTargets = {
  context_window_fallbacks:
    'asked when the others have failed for any reason; a rule of [[routing.rules]] with `models` and `input_tokens_over` asks them at once',
  content_policy_fallbacks: 'asked when the others have failed for any reason',
} as const

function readStrategy(draft: Draft, written = 'simple-shuffle'): Strategy {
  const strategy = strategies[written]
  if (strategy) return strategy
  draft.warn(`routing_strategy ${written} has no counterpart; targets are taken by chance and weight`)
  return 'weighted'
}

interface Group {
  deployments: Deployment[]
  /** Those of the groups that it falls back to. */
  others: Deployment[]
  strategy: Strategy
}

function modelOf(draft: Draft, name: string, { deployments, others, strategy }: Group): ModelDraft | undefined {
  const fallbacks = others.filter((one) => deployments.every(({ target }) => target !== one.target))
  const ordered = deployments.toSorted((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
  const all = [...ordered, ...fallbacks]
  const targets = [...new Set(all.map((one) => one.target))]
  const [first] = targets
  if (first === undefined) return undefined
  // A pattern that only says that a provider takes all names says nothing new.
  if (targets.length === 1 && first === name && name.includes('*')) return undefined
  const ranked = ordered.some(({ order }) => order !== ordered[0]?.order)
  if (ordered.length < 2 || ranked) return { name, targets }
  if (strategy === 'weighted') {
    const weights = ordered.map(({ weight }) => weight ?? 1)
    const plain = fallbacks.length === 0 && weights.every((one) => one === weights[0])
    // Without a weight a target is only asked when the others have failed.
    const rest = Array.from({ length: targets.length - ordered.length }, () => 0)
    return { name, targets, strategy, ...(!plain && { weights: [...weights, ...rest] }) }
  }
  if (fallbacks.length > 0) draft.warn(`the fallbacks of ${name} are asked like its other targets, by ${strategy}`)
  const costs = all.map(({ cost }) => cost)
  const priced = strategy === 'cost' && costs.every((cost) => cost !== undefined)
  if (strategy === 'cost' && !priced) draft.warn(`not all prices of ${name} are written; add costs to it`)
  return { name, targets, strategy, ...(priced && { costs }) }
}

const fallbackKeys = ['fallbacks', 'default_fallbacks', ...special]

const read = {
  router: new Set(['routing_strategy', 'model_group_alias', 'timeout', 'num_retries', ...fallbackKeys]),
  settings: new Set(['request_timeout', 'num_retries', 'drop_params', 'set_verbose', 'json_logs', ...fallbackKeys]),
  general: new Set(['master_key', 'global_max_parallel_requests']),
} as const

function readSettings(
  draft: Draft,
  { router, settings, general }: { router: JsonObject; settings: JsonObject; general: JsonObject },
): void {
  const key = secret(general.master_key)
  // It opens everything there, and so does an operator's key here.
  if (key !== undefined) draft.rest.access = { operator_keys: [key] }
  const most = Math.round(numberOf(general.global_max_parallel_requests) ?? 0)
  if (most > 0) draft.rest.limits = { streams: Math.min(1_000_000, most) }
  const seconds = numberOf(router.timeout) ?? numberOf(settings.request_timeout)
  const retries = numberOf(router.num_retries) ?? numberOf(settings.num_retries)
  const streaming = {
    ...(seconds !== undefined && seconds > 0 && { total_timeout: Math.round(seconds * 1000) }),
    ...(retries !== undefined && { max_retries: Math.min(100, Math.round(retries)) }),
  }
  if (Object.keys(streaming).length > 0) draft.rest.streaming = streaming
  if (settings.json_logs === true) draft.rest.log = { format: 'json' }
  draft.warnRest(router, read.router, 'router_settings.', advice)
  draft.warnRest(settings, read.settings, 'litellm_settings.', advice)
  draft.warnRest(general, read.general, 'general_settings.', advice)
  draft.warn('sluice listens on port 4114, not on 4000; [server] port changes that')
}

/** `[{ a: [b, c] }, { d: [e] }]`, as both sections write fallbacks. */
function pairs(value: Json | undefined): Array<[string, string[]]> {
  return objectsOf(value).flatMap((one) =>
    Object.entries(one).map(([name, list]): [string, string[]] => [name, textsOf(list)]),
  )
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
