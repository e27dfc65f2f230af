import type { Alias, Strategy } from '../routing/index.ts'
import type { Path } from './path.ts'
import type { ProviderList } from './provider-list.ts'
import { checkTarget } from './target.ts'
import { checkNames, good, listed, type Written } from './written.ts'

/** The `[[models]]`, each target followed to a provider. Of use only when no problem has come up. */
export function listAliases(written: Written, list: ProviderList): Alias[] {
  const tables = listed(written, 'models')
  const names = tables.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
  const aliases = tables.map(({ path, name }) => {
    const targets = good<string[]>(written, [...path, 'targets']) ?? []
    targets.forEach((target, i) => {
      const at = [...path, 'targets', i]
      if (target.includes('*') && typeof name === 'string' && !name.includes('*')) {
        written.problems.add(at, 'found a `*`, and the name has none that it could stand for; write the whole target')
      } else checkTarget(written, at, target, list, names, String(name))
    })
    return { name: String(name), targets: [...targets], ...orderOf(written, path, targets.length) }
  })
  checkNames(written, 'models', 'model')
  return aliases
}

/** Which strategies read a list of numbers, one for each target. */
const readers: Readonly<Record<'weights' | 'costs', readonly Strategy[]>> = {
  weights: ['weighted', 'sticky'],
  costs: ['cost'],
}

function orderOf(written: Written, path: Path, count: number): Pick<Alias, 'strategy' | 'weights' | 'costs'> {
  const strategy = good<Strategy>(written, [...path, 'strategy'])
  const numbers = (key: 'weights' | 'costs'): number[] | undefined => {
    const at = [...path, key]
    const list = good<number[]>(written, at)
    if (!list) return undefined
    if (!readers[key].includes(strategy ?? 'in-order')) {
      const choice = readers[key].map((one) => `strategy = "${one}"`).join(' or ')
      written.problems.add(at, `found ${key} that nothing reads; write ${choice} as well`)
    } else if (list.length !== count) {
      written.problems.add(
        at,
        `found ${list.length} for ${count === 1 ? 'one target' : `${count} targets`}; write one for each`,
      )
    } else if (key === 'weights' && list.every((one) => one === 0)) {
      written.problems.add(at, 'found no target with any weight; write at least one that is more than 0')
    }
    return [...list]
  }
  const weights = numbers('weights')
  const costs = numbers('costs')
  return { ...(strategy && { strategy }), ...(weights && { weights }), ...(costs && { costs }) }
}
