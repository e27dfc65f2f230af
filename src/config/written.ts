import type { ConfigFlags } from './flags.ts'
import { describe } from './found.ts'
import { type Path, valueAt } from './path.ts'
import type { Problems } from './problems.ts'
import type { ConfigOptions } from './schema.ts'

/** What was written, on its way to what will be done. */
export interface Written {
  /** Flags and environment included. Still wrong in the places that `problems` names. */
  options: ConfigOptions
  /** The same before anything was put in: what messages may show. */
  raw: unknown
  /** What it was read from, if from anything. */
  from: string | undefined
  env: Record<string, string | undefined>
  flags: ConfigFlags
  /** What providers need beside what is written is looked at, too. */
  thorough: boolean
  problems: Problems
}

/** A value that nothing was said against. The type is what the schema has checked. */
export function good<T>({ options, problems }: Written, path: Path): T | undefined {
  return problems.hasWithin(path) ? undefined : (valueAt(options, path) as T | undefined)
}

/** A table without the parts that something was said against; what is left can still be looked into. */
export function goodParts(written: Written, path: Path): Record<string, unknown> {
  const table: unknown = valueAt(written.options, path)
  if (typeof table !== 'object' || table === null) return {}
  const parts = Object.entries(table).map(([key, value]): [string, unknown] => {
    const inner = [...path, key]
    if (!written.problems.hasWithin(inner)) return [key, value]
    const open = typeof value === 'object' && value !== null && !Array.isArray(value)
    return [key, open && !written.problems.has(inner) ? goodParts(written, inner) : undefined]
  })
  return Object.fromEntries(parts.filter(([, value]) => value !== undefined))
}

/** How a message shows what stands at a path: as it was written, and only where no secret can be. */
export function shown({ raw }: Written, path: Path): string {
  return describe(path, valueAt(raw, path))
}

type List = 'providers' | 'models' | 'clients' | 'transformers'

/** The tables of a list, each with its place, whether or not they are right. */
export function listed(written: Written, key: List): { path: Path; name: unknown }[] {
  const list: unknown = written.options[key]
  if (!Array.isArray(list)) return []
  return list.map((_, i) => ({ path: [key, i], name: valueAt(list, [i, 'name']) }))
}

/** Reports names that stand in a list more than once. */
export function checkNames(written: Written, key: List, noun: string): void {
  const first = new Map<unknown, Path>()
  for (const { path, name } of listed(written, key)) {
    if (typeof name !== 'string') continue
    const before = first.get(name)
    if (!before) first.set(name, path)
    else {
      const line = written.problems.lineOf([...before, 'name'])
      const where = line === undefined ? '' : ` (the other is on line ${line})`
      written.problems.add(
        [...path, 'name'],
        `found a second ${noun} called ${shown(written, [...path, 'name'])}${where}; give it another name`,
      )
    }
  }
}
