import type { JsonObject } from '../../tokens/index.ts'
import type { ModelEntry } from '../dialect.ts'

/** https://platform.openai.com/docs/api-reference/models */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return { object: 'list', data: models.map(encodeModel) }
}

/** `created` is required by the SDKs; 0 stands for an unknown date. */
export function encodeModel({ id, owner, created }: ModelEntry): JsonObject {
  return { id, object: 'model', created: created ?? 0, owned_by: owner }
}
