import type { Provider } from '../providers/index.ts'
import type { AccessConfig, Config } from './config.ts'

/** Names in one list, as it was and as it is. */
export interface ListChange {
  added: string[]
  removed: string[]
  changed: string[]
}

/** What differs between two configurations, by the names that stand in the file: never a value. */
export interface ConfigChange {
  providers: ListChange
  models: ListChange
  /** Other settings, as `[streaming] idle_timeout` or `[[clients]]`. */
  settings: string[]
  /** Those of them that hold only after a restart. */
  restart: string[]
}

/**
 * `after` with the same objects for providers of which the same is written as before: whoever knows something of one goes
 * on knowing it. What can only be had by a restart is as it was.
 */
export function keepUnchanged(before: Config, after: Config): Config {
  const known = new Map(before.providers.map((one) => [one.name, one]))
  const providers = after.providers.map((one) => {
    const old = known.get(one.name)
    return old && before.marks[one.name] === after.marks[one.name] ? old : one
  })
  const { host, port } = before.server
  return { ...after, providers, server: { ...after.server, host, port }, storage: before.storage }
}

/** @param after as it was read; `keepUnchanged` makes of it what holds */
export function changesBetween(before: Config, after: Config): ConfigChange {
  const settings: string[] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)] as (keyof Config)[])) {
    if (listed.has(key)) continue
    if (key === 'transformers') {
      if (!sameTransformers(before, after)) settings.push('[[transformers]]')
      continue
    }
    if (key === 'access') settings.push(...settingsOf(key, asWritten(before.access), asWritten(after.access)))
    else settings.push(...settingsOf(key, before[key], after[key]))
  }
  return {
    providers: listChange(before.providers, after.providers, sameProvider(before, after)),
    models: listChange(before.aliases, after.aliases, sameText),
    settings,
    restart: settings.filter((one) => needsRestart.test(one)),
  }
}

/** Those that have names of their own, and those that nobody writes. */
const listed: ReadonlySet<keyof Config> = new Set<keyof Config>([
  'providers',
  'aliases',
  'marks',
  'notes',
  'source',
  'file',
])

const needsRestart = /^\[server\] (host|port)$|^\[storage\]/

function settingsOf(table: string, before: unknown, after: unknown): string[] {
  if (Array.isArray(before) || Array.isArray(after)) return sameText(before, after) ? [] : [`[[${table}]]`]
  const [old, fresh] = [before ?? {}, after ?? {}] as [Record<string, unknown>, Record<string, unknown>]
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .filter((key) => !sameText(old[key], fresh[key]))
    .map((key) => `[${table}] ${writtenName(table, key)}`)
}

/** The lists as they stand in the file, where each key is in one of them only. */
function asWritten({ keys, named, operatorKeys }: AccessConfig): Record<string, unknown> {
  const elsewhere = new Set([...named.map(({ key }) => key), ...operatorKeys])
  return { keys: keys.filter((key) => !elsewhere.has(key)), named_keys: named, operator_keys: operatorKeys }
}

/** `idleTimeoutMs` as it stands in the file: `idle_timeout`. */
function writtenName(table: string, key: string): string {
  if (table === 'streaming' && key === 'rules') return 'models'
  if (table === 'routing' && key === 'situations') return 'situations'
  if (table === 'routing' && key === 'decide') return 'module'
  if (table === 'storage') return 'path'
  return key.replace(/(Ms|Bytes)$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function listChange<T extends { name: string }>(
  before: readonly T[],
  after: readonly T[],
  same: (a: T, b: T) => boolean,
): ListChange {
  const old = new Map(before.map((one) => [one.name, one]))
  const fresh = new Map(after.map((one) => [one.name, one]))
  const kept = [...fresh].flatMap(([name, one]) => {
    const was = old.get(name)
    return was ? [[was, one] as const] : []
  })
  return {
    added: [...fresh.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !fresh.has(name)),
    changed: kept.filter(([was, one]) => !same(was, one)).map(([, { name }]) => name),
  }
}

function sameProvider(before: Config, after: Config): (a: Provider, b: Provider) => boolean {
  return (a, b) => a === b || (before.marks[a.name] !== undefined && before.marks[a.name] === after.marks[b.name])
}

function sameTransformers({ transformers: old }: Config, { transformers: fresh }: Config): boolean {
  if (!sameText(old, fresh)) return false
  return old.own.every(({ module, transformer }, i) => !module || transformer === fresh.own[i]?.transformer)
}

/** Code is the same where it is the same object, everything else where it reads the same. */
function sameText(a: unknown, b: unknown): boolean {
  if (typeof a === 'function' || typeof b === 'function') return a === b
  return JSON.stringify(a) === JSON.stringify(b)
}
