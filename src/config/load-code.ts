import type { Config } from './config.ts'
import { loadRouting } from './load-routing.ts'
import { loadTransformers } from './load-transformers.ts'

/**
 * The configuration with all code that it names.
 *
 * @throws SluiceError `config_invalid` for code that cannot be used
 */
export async function loadCode(config: Config): Promise<Config> {
  return loadTransformers(await loadRouting(config))
}
