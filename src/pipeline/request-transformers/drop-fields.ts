import { SluiceError } from '../../errors/index.ts'
import type { Transformer } from '../chain/transformer.ts'
import { withoutField } from './request-fields.ts'

export interface DropFieldsOptions {
  /**
   * Names of fields. Those that every dialect knows are called as in Chat Completions (`temperature`, `seed`, `max_tokens`,
   * `tools`), and `output`, `reasoning`; any other name is that of the client's own dialect.
   */
  fields: readonly string[]
}

/**
 * Leaves fields of a request out. The client is told of each.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const quiet = dropFields({ fields: ['temperature', 'user'] })
 */
export function dropFields({ fields = [] }: Partial<DropFieldsOptions>): Transformer {
  if (fields.length === 0) {
    throw new SluiceError('config_invalid', 'cannot drop fields: `fields` is empty; name at least one', {
      param: 'fields',
    })
  }
  return {
    name: 'drop-fields',
    request(request, context) {
      let current = request
      for (const field of fields) {
        const before = current
        current = withoutField(before, field)
        if (current !== before) context.warn({ field, action: 'dropped', reason: 'the configuration leaves it out' })
      }
      return current
    },
  }
}
