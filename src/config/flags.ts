import type { LogConfig } from '../observe/index.ts'
import { explain, type SchemaNode } from './explain.ts'
import type { Problems } from './problems.ts'
import { type ConfigOptions, configSchema } from './schema.ts'

/** What stands above the file: the command line's flags. */
export interface ConfigFlags {
  host?: string | undefined
  port?: number | undefined
  /** The folder for state, or `:memory:`. */
  state?: string | undefined
  /** Whether the file is watched. */
  watch?: boolean | undefined
  logLevel?: LogConfig['level'] | undefined
  logFormat?: LogConfig['format'] | undefined
  /** One more key for operators. */
  operatorKey?: string | undefined
}

const { server, storage, log } = configSchema.properties

const rows = [
  { flag: 'host', shown: '--host', table: 'server', key: 'host', node: server.properties.host },
  { flag: 'port', shown: '--port', table: 'server', key: 'port', node: server.properties.port },
  { flag: 'state', shown: '--state', table: 'storage', key: 'path', node: storage.properties.path },
  { flag: 'watch', shown: '--no-watch', table: 'server', key: 'watch', node: server.properties.watch },
  { flag: 'logLevel', shown: '--log-level', table: 'log', key: 'level', node: log.properties.level },
  { flag: 'logFormat', shown: '--log-format', table: 'log', key: 'format', node: log.properties.format },
] as const

/** The options with the flags laid over them. A flag that makes no sense is reported and left out. */
export function layFlags(options: ConfigOptions, flags: ConfigFlags, problems: Problems): ConfigOptions {
  const laid: Record<string, unknown> = { ...options }
  for (const { flag, shown, table, key, node } of rows) {
    const given = flags[flag]
    if (given === undefined) continue
    let wrong = false
    explain(node as SchemaNode, given, {
      raw: given,
      report(_path, message) {
        wrong = true
        problems.addOutside(shown, message)
      },
    })
    if (!wrong) laid[table] = { ...(laid[table] as object), [key]: given }
  }
  return laid as ConfigOptions
}
