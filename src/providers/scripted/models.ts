import type { JsonObject } from '../../tokens/index.ts'
import type { Language } from './ask.ts'
import { created } from './scene.ts'

/** The list of models, one for each script, in the shape of either vendor. */
export function modelList(names: string[], language: Language): JsonObject {
  const data = names.map((name) => model(name, language))
  if (language === 'gemini') return { models: data }
  if (language === 'openai-chat') return { object: 'list', data }
  return { data, has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null }
}

export function model(name: string, language: Language): JsonObject {
  if (language === 'openai-chat') return { id: name, object: 'model', created, owned_by: 'sluice' }
  if (language === 'gemini') {
    return {
      name: `models/${name}`,
      version: '001',
      displayName: `Scripted: ${name}`,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ['generateContent', 'countTokens'],
    }
  }
  return {
    id: name,
    type: 'model',
    display_name: `Scripted: ${name}`,
    created_at: new Date(created * 1000).toISOString(),
    max_input_tokens: 200_000,
    max_tokens: 64_000,
    lifecycle: 'active',
  }
}

/** The same list in the shape of Bedrock. */
export function foundationModels(names: string[]): JsonObject {
  return {
    modelSummaries: names.map((name) => ({
      modelId: name,
      modelName: `Scripted: ${name}`,
      providerName: 'sluice',
      outputModalities: ['TEXT'],
      inferenceTypesSupported: ['ON_DEMAND'],
    })),
  }
}
