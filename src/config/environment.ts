import { explain, type SchemaNode } from './explain.ts'
import type { Problems } from './problems.ts'
import { type ConfigOptions, configSchema } from './schema.ts'

type Environment = Record<string, string | undefined>

const prefix = 'SLUICE_STREAMING_'

/**
 * The options with the settings of `[streaming]` laid over them that stand in the environment, in capitals:
 * `SLUICE_STREAMING_FORCE=never`. `FORCE_NON_STREAMING=true` says the same, as other proxies have it. What makes no
 * sense is reported and left out.
 */
export function layEnvironment(options: ConfigOptions, env: Environment, problems: Problems): ConfigOptions {
  const laid: Record<string, unknown> = {}
  if (switchedOn(env.FORCE_NON_STREAMING)) laid.force = 'never'
  const nodes: Record<string, SchemaNode> = configSchema.properties.streaming.properties as object as never
  for (const [key, node] of Object.entries(nodes)) {
    const name = prefix + key.toUpperCase()
    const written = env[name]
    if (written === undefined || written === '' || node.type === 'array') continue
    const given = read(node, written)
    let wrong = false
    explain(node, given, {
      raw: given,
      report(_path, message) {
        wrong = true
        problems.addOutside(name, message)
      },
    })
    if (!wrong) laid[key] = given
  }
  if (Object.keys(laid).length === 0) return options
  return { ...options, streaming: { ...options.streaming, ...laid } } as ConfigOptions
}

/** An environment holds nothing but text. */
function read({ type }: SchemaNode, written: string): unknown {
  if (type === 'boolean') return switchedOn(written) ? true : /^(0|false|no|off)$/i.test(written) ? false : written
  if ((type === 'integer' || type === 'number') && Number.isFinite(Number(written))) return Number(written)
  return written
}

function switchedOn(written: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(written ?? '')
}
