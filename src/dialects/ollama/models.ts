import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ModelEntry, UpstreamModel } from '../dialect.ts'

/** What clients take for granted, with nothing in it: the weights lie elsewhere. */
const details: JsonObject = {
  parent_model: '',
  format: '',
  family: '',
  families: [],
  parameter_size: '',
  quantization_level: '',
}

/**
 * What a model can do is not known here. Clients offer neither tools nor pictures to a model that does not list them,
 * and a provider that takes none says so itself.
 */
const capabilities: Json[] = ['completion', 'tools', 'vision', 'thinking']

/** The list of `/api/tags`. */
export function encodeModels(models: readonly ModelEntry[]): JsonObject {
  return {
    models: models.map((model) => ({
      name: model.id,
      model: model.id,
      modified_at: madeAt(model),
      size: 0,
      digest: '',
      details,
      capabilities,
    })),
  }
}

/** The answer of `/api/show`. */
export function encodeModel(model: ModelEntry): JsonObject {
  return {
    license: '',
    modelfile: '',
    parameters: '',
    template: '',
    details,
    model_info: {
      'general.architecture': 'sluice',
      'general.basename': model.title ?? model.id,
      ...(model.context !== undefined && { 'sluice.context_length': model.context }),
    },
    capabilities,
    modified_at: madeAt(model),
  }
}

/** The epoch stands for an unknown time, and for one that is none. */
function madeAt({ created = 0 }: ModelEntry): string {
  const made = new Date(created * 1000)
  return (Number.isNaN(made.getTime()) ? new Date(0) : made).toISOString()
}

/** The rows of `/api/tags`. */
export function decodeModels(body: Json): UpstreamModel[] {
  const rows = isJsonObject(body) && Array.isArray(body.models) ? body.models : []
  return rows.flatMap((row) => {
    const id = isJsonObject(row) ? (row.model ?? row.name) : undefined
    return typeof id === 'string' && id !== '' ? [{ id }] : []
  })
}
