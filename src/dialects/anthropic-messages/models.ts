import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ModelEntry, UpstreamModel } from '../dialect.ts'

/** The list as one page: clients ask for the next one only where it says that there is more. */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return {
    data: models.map(encodeModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }
}

export function encodeModel({ id, title, created, context, maxOutput }: ModelEntry): JsonObject {
  // The date is required; the epoch is the API's own word for an unknown one.
  const made = new Date((created ?? 0) * 1000)
  return {
    id,
    type: 'model',
    display_name: title ?? id,
    created_at: `${(Number.isNaN(made.getTime()) ? new Date(0) : made).toISOString().slice(0, 19)}Z`,
    ...(context !== undefined && { max_input_tokens: context }),
    ...(maxOutput !== undefined && { max_tokens: maxOutput }),
  }
}

/** The rows of a provider's list. */
export function decodeModels(list: Json): UpstreamModel[] {
  const rows = isJsonObject(list) && Array.isArray(list.data) ? list.data : []
  return rows.flatMap((row) => {
    if (!isJsonObject(row) || typeof row.id !== 'string') return []
    const { id, display_name: title, max_input_tokens: context, max_tokens: maxOutput } = row
    const made = typeof row.created_at === 'string' ? Date.parse(row.created_at) / 1000 : Number.NaN
    return [
      {
        id,
        ...(typeof title === 'string' && title !== '' && title !== id && { title }),
        ...(made > 0 && { created: Math.floor(made) }),
        ...(typeof context === 'number' && context > 0 && { context }),
        ...(typeof maxOutput === 'number' && maxOutput > 0 && { maxOutput }),
      },
    ]
  })
}
