import { SluiceError } from '../errors/index.ts'
import { defineTransformer, guarded, type OwnTransformer, type Transformer } from '../pipeline/index.ts'
import type { Config, TransformerConfig } from './config.ts'
import { importCode } from './import-code.ts'
import { inTime } from './in-time.ts'

/**
 * The configuration with the code of its `[[transformers]]`. Code that was changed since is loaded anew.
 *
 * @throws SluiceError `config_invalid` where there is no such file, it fails or does not end, or what it exports is no
 *   transformer
 */
export async function loadTransformers<C extends Pick<Config, 'transformers'>>(config: C): Promise<C> {
  const { own } = config.transformers
  if (!own.some(({ module }) => module !== undefined)) return config
  const loaded: TransformerConfig[] = []
  for (const one of own) {
    loaded.push(one.module === undefined ? one : { ...one, transformer: await load(one, one.module) })
  }
  return { ...config, transformers: { ...config.transformers, own: loaded } }
}

async function load(config: TransformerConfig, file: string): Promise<Transformer> {
  const { name, place, options, onError, timeoutMs } = config
  try {
    const made = await inTime(async (): Promise<unknown> => {
      const { default: exported } = await importCode(file)
      return typeof exported === 'function' ? await exported(options) : exported
    })
    if (typeof made !== 'object' || made === null) {
      throw new Error('it exports no transformer as its default; write `export default defineTransformer({ … })`')
    }
    const own = made as Partial<OwnTransformer>
    // What is a class instance has its methods elsewhere than in itself.
    const { request, tokens, onError: saidOnError = onError, timeoutMs: saidTimeoutMs = timeoutMs } = own
    const checked = defineTransformer({
      // Faults are told by the name that the configuration gives it.
      name: own.name ?? 'nameless',
      ...(request !== undefined && { request: bound(request, own) }),
      ...(tokens !== undefined && { tokens: bound(tokens, own) }),
      ...(saidOnError !== undefined && { onError: onError ?? saidOnError }),
      ...(saidTimeoutMs !== undefined && { timeoutMs: timeoutMs ?? saidTimeoutMs }),
    })
    return guarded(checked, { name })
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw new SluiceError('config_invalid', `cannot load the transformer "${name}" from ${file}: ${said} (${place})`, {
      cause,
    })
  }
}

/** What is no function is left as it is, for the check to find. */
function bound<F>(method: F, own: object): F {
  return typeof method === 'function' ? (method.bind(own) as F) : method
}
