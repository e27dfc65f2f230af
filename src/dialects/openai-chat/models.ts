import type { JsonObject } from '../../tokens/index.ts'
import type { ModelEntry } from '../dialect.ts'

/** https://platform.openai.com/docs/api-reference/models */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return { object: 'list', data: models.map(encodeModel) }
}

/** `created` is required by the SDKs; when a model was made is not known here. */
export function encodeModel({ id, owner }: ModelEntry): JsonObject {
  return { id, object: 'model', created: 0, owned_by: owner }
}
