import { SluiceError } from '../errors/index.ts'
import type { RouteFunction } from '../routing/index.ts'
import type { Config } from './config.ts'
import { importCode } from './import-code.ts'
import { inTime } from './in-time.ts'

/**
 * The configuration with the code that its `[routing] module` names. Code that was changed since is loaded anew; what is
 * loaded stays in memory until the process ends, as modules do.
 *
 * @throws SluiceError `config_invalid` where there is no such file, it fails or does not end, or has no function to export
 */
export async function loadRouting<C extends Pick<Config, 'routing'>>(config: C): Promise<C> {
  const { module } = config.routing
  if (module === undefined) return config
  const decide = await load(module)
  return { ...config, routing: { ...config.routing, decide } }
}

async function load(file: string): Promise<RouteFunction> {
  let exported: { default?: unknown }
  try {
    exported = await inTime(() => importCode(file))
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw new SluiceError('config_invalid', `cannot load the routing code ${file}: ${said}; mend [routing] module`, {
      cause,
    })
  }
  if (typeof exported.default === 'function') return exported.default as RouteFunction
  throw new SluiceError(
    'config_invalid',
    `cannot use the routing code ${file}: it exports no function as its default; write \`export default (facts) => …\``,
  )
}
