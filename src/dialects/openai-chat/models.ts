import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ModelEntry, UpstreamModel } from '../dialect.ts'
import { filled } from '../lenient.ts'

/** https://platform.openai.com/docs/api-reference/models */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return { object: 'list', data: models.map(encodeModel) }
}

/**
 * `created` is required by the SDKs, and 0 where nobody said. What the API itself has no field for stands in those of
 * OpenRouter, Groq and Straico, which clients that want to know look for; whether it streams has one of our own.
 */
export function encodeModel(model: ModelEntry): JsonObject {
  const { id, owner, title, created, context, maxOutput, words, pricing, streams } = model
  return {
    id,
    object: 'model',
    created: created ?? 0,
    owned_by: owner,
    ...(title !== undefined && { name: title }),
    ...(context !== undefined && { context_length: context }),
    ...(maxOutput !== undefined && { max_completion_tokens: maxOutput }),
    ...(words !== undefined && { word_limit: words }),
    ...(pricing && { pricing }),
    ...(streams !== undefined && { streaming: streams ? 'native' : 'simulated' }),
  }
}

/**
 * The rows of a provider's list: `{ data }`, or the bare array that some send. What they know of a model is called
 * differently by nearly everyone. A model that is switched off (Groq), and a second row for one, is left out.
 */
export function decodeModels(list: Json): UpstreamModel[] {
  const models = new Map<string, UpstreamModel>()
  for (const row of rowsOf(list)) {
    if (!isJsonObject(row)) continue
    const id = filled(row.id) ?? filled(row.model)
    if (id === undefined || row.active === false || models.has(id)) continue
    if (typeof row.model_type === 'string' && otherKinds.has(row.model_type)) continue
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
      count(row.max_completion_tokens) ??
      count(row.max_output_tokens) ??
      count(row.max_output) ??
      count(top.max_completion_tokens)
    const words = count(row.word_limit)
    models.set(id, {
      id,
      ...(title !== undefined && title !== id && { title }),
      ...(created !== undefined && { created }),
      ...(context !== undefined && { context }),
      ...(maxOutput !== undefined && { maxOutput }),
      ...(words !== undefined && { words }),
      ...(isJsonObject(row.pricing) && Object.keys(row.pricing).length > 0 && { pricing: row.pricing }),
    })
  }
  return [...models.values()]
}

/** `{ data }`, the bare array, or `{ data: { chat } }` beside the models of other kinds (Straico). */
function rowsOf(list: Json): Json[] {
  const data = isJsonObject(list) ? list.data : list
  const rows = isJsonObject(data) ? data.chat : data
  return Array.isArray(rows) ? rows : []
}

/** Models with which nobody can talk, where a list tells them apart (Straico). */
const otherKinds: ReadonlySet<string> = new Set(['image', 'video', 'audio', 'embedding'])

/** A number that says something: some send 0 for what they do not know. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.floor(value) : undefined
}
