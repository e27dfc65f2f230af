import type { JsonObject } from '../../tokens/index.ts'
import type { ModelEntry } from '../dialect.ts'

/** The list as one page: clients ask for the next one only where it says that there is more. */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return {
    data: models.map(encodeModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }
}

export function encodeModel({ id }: ModelEntry): JsonObject {
  // The date is required; the epoch is the API's own word for an unknown one.
  return { id, type: 'model', display_name: id, created_at: '1970-01-01T00:00:00Z' }
}
