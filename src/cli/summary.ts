import type { Config } from '../config/index.ts'
import type { Provider } from '../providers/index.ts'

/** The providers, a line each, for people. Says whether there is a key, never which. */
export function describeProviders(providers: readonly Provider[]): string[] {
  const width = Math.max(0, ...providers.map((one) => one.name.length))
  return providers.map((one) => {
    const facts = [one.dialect, showUrl(one.baseUrl), keyState(one), modelState(one)]
    return `${one.name.padEnd(width)}  ${facts.join(', ')}`
  })
}

export function describeAliases({ aliases }: Pick<Config, 'aliases'>): string[] {
  const width = Math.max(0, ...aliases.map((one) => one.name.length))
  return aliases.map(({ name, targets: [first, ...others] }) => {
    const idle = others.length === 0 ? '' : `  (not tried yet: ${others.join(', ')})`
    return `${name.padEnd(width)}  -> ${first}${idle}`
  })
}

function keyState({ auth, apiKeys, sign }: Provider): string {
  if (auth === 'client') return "the caller's own key"
  if (sign) return 'signed requests'
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
  const alias = aliases[0]
  if (alias) return alias.name
  for (const { name, models, vendor } of providers) {
    const model = models?.[0] ?? (Object.hasOwn(current, vendor) ? current[vendor] : undefined)
    if (model !== undefined) return `${name}/${model}`
  }
  return undefined
}

const current: Record<string, string> = { openai: 'gpt-4.1-mini', anthropic: 'claude-haiku-4-5' }
