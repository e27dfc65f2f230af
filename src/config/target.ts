import { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import { nearNames, type RoutingTable, resolve } from '../routing/index.ts'
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
 */
export function checkTarget(
  written: Written,
  path: Path,
  target: string,
  { providers, broken, fromEnvironment }: ProviderList,
  names: readonly string[],
): void {
  const prefix = target.slice(0, Math.max(0, target.indexOf('/')))
  if (broken.has(prefix) || leads(target, providers)) return
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

function leads(target: string, providers: readonly Provider[]): boolean {
  try {
    resolve(target, tableOf(providers))
    return true
  } catch (thrown) {
    if (SluiceError.is(thrown)) return false
    throw thrown
  }
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
