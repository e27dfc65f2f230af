import { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import { nearNames, type Route, type RoutingTable, resolve } from '../routing/index.ts'
import type { Path } from './path.ts'
import type { ProviderList } from './provider-list.ts'
import { shown, type Written } from './written.ts'

/** What stands in a target for what a request has asked for. */
const place = /\*|\{model\}/

export function hasPlace(target: string): boolean {
  return place.test(target)
}

/**
 * Reports a target that leads nowhere. One with a place in it is only known to lead anywhere by its provider.
 *
 * @param names those of `[[models]]`, which a target cannot be
 * @param own that of the table in which the target stands, where it is one of them
 */
export function checkTarget(
  written: Written,
  path: Path,
  target: string,
  { providers, broken, fromEnvironment }: ProviderList,
  names: readonly string[],
  own?: string,
): void {
  const prefix = target.slice(0, Math.max(0, target.indexOf('/')))
  if (broken.has(prefix)) return
  const route = find(target, providers)
  if (route) {
    const only = route.provider.name
    // The only provider is asked for any name: for a model, that is, that is called like one of ours.
    if (isGuess(target, route, providers) && target !== own && names.includes(target)) {
      const found = `found ${shown(written, path)}, which is a name from [[models]] itself`
      const meant = `"${only}/${target}" for the model of that name at ${only}`
      written.problems.add(path, `${found}; write the targets behind it, or ${meant}`)
    } else noteGuess(written, path, target, route, providers)
    return
  }
  // Where nothing else is configured the scripted provider answers.
  if (providers.length === 0 && fromEnvironment && /^scripted\/./.test(target)) return
  if (place.test(target) && (prefix === '' || place.test(prefix) || providers.some(({ name }) => name === prefix)))
    return
  // A bare target might be meant for any of the providers that are still wrong.
  if (prefix === '' && broken.size > 0 && !names.includes(target)) return
  written.problems.add(path, astray(target, prefix, { providers, broken }, names, shown(written, path)))
}

const tables = new WeakMap<readonly Provider[], RoutingTable>()

/** One for all targets, as a table is made ready for questions by the first of them. */
function tableOf(providers: readonly Provider[]): RoutingTable {
  let table = tables.get(providers)
  if (!table) {
    table = { providers, aliases: [] }
    tables.set(providers, table)
  }
  return table
}

function find(target: string, providers: readonly Provider[]): Route | undefined {
  try {
    return resolve(target, tableOf(providers))
  } catch (thrown) {
    if (SluiceError.is(thrown)) return undefined
    throw thrown
  }
}

/** It leads where it does because there is nobody else. */
function isGuess(target: string, { provider, model }: Route, providers: readonly Provider[]): boolean {
  return providers.length === 1 && provider.models === undefined && model === target
}

/** Tells of a name with a slash that names no provider: it may be that of a model, or a slip of the pen. */
export function noteGuess(
  written: Written,
  path: Path,
  target: string,
  route: Route,
  providers: readonly Provider[],
): void {
  const prefix = /^([^/,]+)[/,]/.exec(target)?.[1]
  if (prefix === undefined || place.test(prefix) || !isGuess(target, route, providers)) return
  const { name } = route.provider
  const found = `found ${shown(written, path)}, and no provider is called ${prefix}`
  written.problems.note(
    path,
    `${found}: ${name}, the only one, is asked for a model of that name; write "${name}/${target}" if that is meant`,
  )
}

function astray(
  target: string,
  prefix: string,
  { providers, broken }: Pick<ProviderList, 'providers' | 'broken'>,
  aliases: readonly string[],
  shown: string,
): string {
  const found = `found ${shown}, which leads to no provider`
  if (aliases.includes(target)) return `${found}: it is a name from [[models]] itself; write the targets behind it`
  const known = [...providers.map((one) => one.name), ...broken]
  if (known.length === 0) {
    return `${found}: there are none, neither here nor in the environment; write "scripted/demo" for an answer that needs none, or add [[providers]]`
  }
  const provider = providers.find((one) => one.name === prefix)
  if (provider?.models) {
    const model = target.slice(prefix.length + 1)
    const near = nearNames(model, provider.models)
    const choice = (near.length > 0 ? near : provider.models.slice(0, 5)).map((one) => `${prefix}/${one}`).join(', ')
    return `${found}: ${prefix} does not list that model; write ${choice}, or add it to its models`
  }
  const near = nearNames(prefix || target, known)
  if (near.length > 0) return `${found}: did you mean ${near.map((one) => `${one}/…`).join(', ')}?`
  return `${found}; write \`provider/model\` with one of ${known.join(', ')}`
}
