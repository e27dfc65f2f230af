import type { Transformer } from '../chain/transformer.ts'
import { checkNumber } from '../transformers/option-checks.ts'

export interface ClampMaxTokensOptions {
  /** The most tokens that an answer may have. Default: what the model can give, where that is known. */
  most?: number
  /** Set the ceiling also where the client names none. Default false. */
  missing?: boolean
}

/**
 * Lowers the ceiling of an answer that is higher than the model takes: agents ask for 64,000 tokens of whatever model
 * they get. The client is told. Without a number, of a model of which nothing is known, it does nothing.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const clamp = clampMaxTokens({ most: 8192 })
 */
export function clampMaxTokens({ most, missing = false }: ClampMaxTokensOptions = {}): Transformer {
  checkNumber('most', most, 1)
  return {
    name: 'clamp-max-tokens',
    request(request, context) {
      const ceiling = most ?? context.maxOutput
      if (ceiling === undefined) return request
      const asked = request.maxOutput
      if (asked === undefined) return missing ? { ...request, maxOutput: ceiling } : request
      if (asked <= ceiling) return request
      context.warn({ field: 'max_tokens', action: 'changed', reason: `${asked} is more than ${ceiling}` })
      return { ...request, maxOutput: ceiling }
    },
  }
}
