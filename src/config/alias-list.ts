import { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import { type Alias, nearNames, resolve } from '../routing/index.ts'
import type { ProviderList } from './provider-list.ts'
import { checkNames, good, listed, shown, type Written } from './written.ts'

/** The `[[models]]`, each target followed to a provider. Of use only when no problem has come up. */
export function listAliases(written: Written, { providers, broken }: ProviderList): Alias[] {
  const tables = listed(written, 'models')
  const names = tables.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
  const aliases = tables.map(({ path, name }) => {
    const targets = good<string[]>(written, [...path, 'targets']) ?? []
    targets.forEach((target, i) => {
      const prefix = target.slice(0, Math.max(0, target.indexOf('/')))
      if (broken.has(prefix) || leads(target, providers)) return
      // A bare target might be meant for any of the providers that are still wrong.
      if (prefix === '' && broken.size > 0 && !names.includes(target)) return
      written.problems.add(
        [...path, 'targets', i],
        astray(target, prefix, { providers, broken }, names, shown(written, [...path, 'targets', i])),
      )
    })
    return { name: String(name), targets: [...targets] }
  })
  checkNames(written, 'models', 'model')
  return aliases
}

function leads(target: string, providers: readonly Provider[]): boolean {
  try {
    resolve(target, { providers, aliases: [] })
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
    return `${found}: there are none, neither here nor in the environment; add [[providers]]`
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
