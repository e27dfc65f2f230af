import type { JsonObject } from '../../tokens/index.ts'
import { created } from './scene.ts'

/** The price of every scripted model. */
export const coinsPer100Words = 1

const wordLimit = 75_000
const maxOutput = 8192
const pricing = { coins: coinsPer100Words, words: 100 }

/** The list of models as each version of the API writes it. One that paints is among them, as in the real list. */
export function straicoModels(names: string[], version: 'v0' | 'v1' | 'v2'): JsonObject {
  if (version === 'v2') return { data: [...names.map(straicoModel), painter], success: true }
  const old = names.map((model) => ({ name: `Scripted: ${model}`, model, pricing, max_output: maxOutput }))
  if (version === 'v0') return { data: old, success: true }
  const chat = old.map((one) => ({ ...one, word_limit: wordLimit, metadata: { capabilities: [] } }))
  return { data: { chat, image: [{ name: painter.name, model: painter.id, pricing: {} }] }, success: true }
}

export function straicoModel(id: string): JsonObject {
  return {
    id,
    name: `Scripted: ${id}`,
    object: 'model',
    created,
    owned_by: id.includes('/') ? (id.split('/', 1)[0] ?? '') : 'sluice',
    model_type: 'chat',
    word_limit: wordLimit,
    max_output: maxOutput,
    pricing,
    metadata: {},
  }
}

const painter = { ...straicoModel('scripted/painter'), id: 'scripted/painter', name: 'Painter', model_type: 'image' }
