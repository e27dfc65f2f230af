import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { ModelEntry, UpstreamModel } from '../dialect.ts'
import { filled } from '../lenient.ts'

/** The most that a page holds. */
const longestPage = 1000

/** The list, or a page of it where the client asks for pages. */
export function encodeModels(models: readonly ModelEntry[], query?: URLSearchParams): JsonObject {
  const from = Math.max(0, whole(query?.get('pageToken')) ?? 0)
  const size = Math.min(Math.max(1, whole(query?.get('pageSize')) ?? longestPage), longestPage)
  const to = from + size
  return {
    models: models.slice(from, to).map(encodeModel),
    ...(to < models.length && { nextPageToken: String(to) }),
  }
}

export function encodeModel({ id, title, context, maxOutput }: ModelEntry): JsonObject {
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: '1',
    displayName: title ?? id,
    ...(context !== undefined && { inputTokenLimit: context }),
    ...(maxOutput !== undefined && { outputTokenLimit: maxOutput }),
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  }
}

/** The models of a list that give answers: beside them stand those that only embed or draw. */
export function decodeModels(body: Json): UpstreamModel[] {
  const rows = isJsonObject(body) && Array.isArray(body.models) ? body.models.filter(isJsonObject) : []
  return rows.flatMap((row) => {
    const name = filled(row.name)
    const methods = row.supportedGenerationMethods
    if (name === undefined || (Array.isArray(methods) && !methods.includes('generateContent'))) return []
    const title = filled(row.displayName)
    const { inputTokenLimit: context, outputTokenLimit: maxOutput } = row
    return [
      {
        id: name.replace(/^(?:publishers\/[^/]+\/)?models\//, ''),
        ...(title !== undefined && { title }),
        ...(typeof context === 'number' && { context }),
        ...(typeof maxOutput === 'number' && { maxOutput }),
      },
    ]
  })
}

function whole(text: string | null | undefined): number | undefined {
  return text && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
