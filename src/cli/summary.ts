import type { Config } from '../config/index.ts'
import type { Provider } from '../providers/index.ts'

/** The providers, a line each, for people. Says whether there is a key, never which. */
export function describeProviders(providers: readonly Provider[]): string[] {
  const width = Math.max(0, ...providers.map((one) => one.name.length))
  return providers.map((one) => {
    const facts = [one.dialect, one.package?.package ?? showUrl(one.baseUrl), keyState(one), modelState(one)]
    const all = { models: '*', traits: one.traits }
    const told = [all, ...one.modelTraits].filter(({ traits }) => traits.emulateTools).map(({ models }) => models)
    if (told.length > 0) facts.push(`tools in words${told.includes('*') ? '' : ` for ${told.join(', ')}`}`)
    return `${one.name.padEnd(width)}  ${facts.join(', ')}`
  })
}

/** The aliases, a line each: where they lead, and in which order where there are several. */
export function describeAliases({ aliases }: Pick<Config, 'aliases'>): string[] {
  const width = Math.max(0, ...aliases.map((one) => one.name.length))
  return aliases.map(({ name, targets, strategy = 'in-order' }) => {
    const order = targets.length === 1 ? '' : `  (${strategy})`
    return `${name.padEnd(width)}  -> ${targets.join(', ')}${order}`
  })
}

/** What decides where requests go, beside the names that they ask for, a line each. */
export function describeRouting({ routing }: Pick<Config, 'routing'>): string[] {
  const { module, rules, situations = {} } = routing
  const named = Object.entries(situations)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .map(([situation, to]) => [situation.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`), to] as const)
  const width = widest(named)
  return [
    ...(module === undefined ? [] : [`code in ${module}`]),
    ...rules.map(({ name, to }, i) => {
      const called = name === undefined ? '' : ` "${name}"`
      return `rule ${i + 1}${called}  -> ${typeof to === 'string' ? to : to.join(', ')}`
    }),
    ...named.map(([situation, to]) => `${situation.padEnd(width)}  -> ${to}`),
  ]
}

/** What changes requests and answers, and for whom, a line each. */
export function describeTransformers({ transformers }: Pick<Config, 'transformers'>): string[] {
  const { own, providers, aliases } = transformers
  const chains = [
    ...Object.entries(aliases).map(([name, names]) => [name, names] as const),
    ...Object.entries(providers).map(([name, names]) => [`${name}/*`, names] as const),
  ]
  const width = widest([...own.map(({ name }) => [name] as const), ...chains])
  return [
    ...own.map(({ name, use, module, models, clientKeys }) => {
      const is = module === undefined ? (use === name ? 'with options of its own' : `is ${use}`) : `code in ${module}`
      const whom = [
        ...(models ? [`for ${models.join(', ')}`] : []),
        ...(clientKeys ? [`for the keys ${clientKeys.join(', ')}`] : []),
      ]
      return [`${name.padEnd(width)}  ${is}`, ...whom].join(', ')
    }),
    ...chains.map(([whom, names]) => `${whom.padEnd(width)}  -> ${names.join(', ')}`),
  ]
}

function widest(rows: ReadonlyArray<readonly [string, ...unknown[]]>): number {
  return Math.max(0, ...rows.map(([name]) => name.length))
}

/** The clients of which something is said, a line each. */
export function describeClients({ clients }: Pick<Config, 'clients'>): string[] {
  const width = Math.max(0, ...clients.map((one) => one.name.length))
  return clients.map(({ name, userAgent, comments, ping, reasoning }) => {
    const facts = [
      userAgent === undefined ? 'told as before, or by its name' : `told by "${userAgent}"`,
      ...(comments === undefined ? [] : [comments ? 'takes comments' : 'takes no comments']),
      ...(ping === undefined ? [] : [ping ? 'takes pings' : 'takes no pings']),
      ...(reasoning === undefined
        ? []
        : [reasoning === 'none' ? 'reads no reasoning' : `reads reasoning in ${reasoning}`]),
    ]
    return `${name.padEnd(width)}  ${facts.join(', ')}`
  })
}

function keyState({ auth, apiKeys, sign, package: source }: Provider): string {
  if (source?.options.apiKey !== undefined) return 'a key'
  if (auth === 'client') return "the caller's own key"
  if (sign) return 'credentials of its cloud'
  return apiKeys.length === 0 ? 'no key' : apiKeys.length === 1 ? 'a key' : `${apiKeys.length} keys`
}

function modelState({ models }: Provider): string {
  return models === undefined ? 'any model' : models.length === 1 ? 'one model' : `${models.length} models`
}

/** An address without the user and password that it may hold. */
function showUrl(text: string): string {
  if (!URL.canParse(text)) return text
  const url = new URL(text)
  if (url.username === '' && url.password === '') return text
  url.username = ''
  url.password = ''
  return url.href
}

/**
 * A model name that a first request may use: the first alias, else the first model that a provider lists, else a
 * current one of a vendor that is known.
 *
 * @returns undefined where any name is taken but none is known
 */
export function exampleModel({ aliases, providers }: Pick<Config, 'aliases' | 'providers'>): string | undefined {
  const alias = aliases.find(({ name }) => !name.includes('*'))
  if (alias) return alias.name
  for (const { name, models, vendor, kind = vendor } of providers) {
    const model = models?.[0] ?? (Object.hasOwn(current, kind) ? current[kind] : undefined)
    if (model !== undefined) return `${name}/${model}`
  }
  return undefined
}

const current: Record<string, string> = { openai: 'gpt-4.1-mini', anthropic: 'claude-haiku-4-5' }
