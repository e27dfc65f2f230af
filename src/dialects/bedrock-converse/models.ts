import { isJsonObject, type Json } from '../../tokens/index.ts'
import type { UpstreamModel } from '../dialect.ts'
import { text } from '../lenient.ts'

/** The models that answer in text and can be called by their own id, without a profile that is made for them. */
export function decodeModels(body: Json): UpstreamModel[] {
  const rows = isJsonObject(body) && Array.isArray(body.modelSummaries) ? body.modelSummaries : []
  return rows.filter(isJsonObject).flatMap((row) => {
    const id = text(row, 'modelId')
    if (!id || !lists(row.outputModalities, 'TEXT') || !lists(row.inferenceTypesSupported, 'ON_DEMAND')) return []
    const title = text(row, 'modelName')
    return [{ id, ...(title !== undefined && { title }) }]
  })
}

/** Whether a list holds a word; what is not said is no reason to leave a model out. */
function lists(list: Json | undefined, word: string): boolean {
  return !Array.isArray(list) || list.includes(word)
}
