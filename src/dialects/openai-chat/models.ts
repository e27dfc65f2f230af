import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ModelEntry, UpstreamModel } from '../dialect.ts'
import { filled } from './wire.ts'

/** https://platform.openai.com/docs/api-reference/models */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return { object: 'list', data: models.map(encodeModel) }
}

/**
 * `created` is required by the SDKs, and 0 where nobody said. What the API itself has no field for stands in those of
 * OpenRouter and Groq, which clients that want to know look for.
 */
export function encodeModel({ id, owner, title, created, context, maxOutput }: ModelEntry): JsonObject {
  return {
    id,
    object: 'model',
    created: created ?? 0,
    owned_by: owner,
    ...(title !== undefined && { name: title }),
    ...(context !== undefined && { context_length: context }),
    ...(maxOutput !== undefined && { max_completion_tokens: maxOutput }),
  }
}

/**
 * The rows of a provider's list: `{ data }`, or the bare array that some send. What they know of a model is called
 * differently by nearly everyone. A model that is switched off (Groq), and a second row for one, is left out.
 */
export function decodeModels(list: Json): UpstreamModel[] {
  const rows = Array.isArray(list) ? list : isJsonObject(list) && Array.isArray(list.data) ? list.data : []
  const models = new Map<string, UpstreamModel>()
  for (const row of rows) {
    if (!isJsonObject(row)) continue
    const id = filled(row.id)
    if (id === undefined || row.active === false || models.has(id)) continue
    const title = filled(row.display_name) ?? filled(row.name)
    const meta = isJsonObject(row.meta) ? row.meta : {}
    const top = isJsonObject(row.top_provider) ? row.top_provider : {}
    const created = count(row.created)
    const context =
      count(row.context_length) ??
      count(row.context_window) ??
      count(row.max_model_len) ??
      count(row.max_context_length) ??
      count(meta.n_ctx_train)
    const maxOutput =
      count(row.max_completion_tokens) ?? count(row.max_output_tokens) ?? count(top.max_completion_tokens)
    models.set(id, {
      id,
      ...(title !== undefined && title !== id && { title }),
      ...(created !== undefined && { created }),
      ...(context !== undefined && { context }),
      ...(maxOutput !== undefined && { maxOutput }),
    })
  }
  return [...models.values()]
}

/** A number that says something: some send 0 for what they do not know. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.floor(value) : undefined
}
