import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { timeOf } from './ollama-parts.ts'

const details = {
  parent_model: '',
  format: 'gguf',
  family: 'scripted',
  families: ['scripted'],
  parameter_size: '8B',
  quantization_level: 'Q4_K_M',
}

/** What `/api/tags` says: every model with a tag. */
export function tags(names: string[]): JsonObject {
  return {
    models: names.map((name) => ({
      name: tagged(name),
      model: tagged(name),
      modified_at: timeOf(0),
      size: 4_900_000_000,
      digest: 'sha256:0000000000000000000000000000000000000000000000000000000000000000',
      details,
    })),
  }
}

function tagged(name: string): string {
  return name.includes(':') ? name : `${name}:latest`
}

/** The name of a script in the name of a model. */
export function untagged(model: string): string {
  return model.replace(/:latest$/, '')
}

/** A request without anything to answer only loads its model. Undefined for any other. */
export function loadAnswer(body: unknown, path: string): JsonObject | undefined {
  if (!isJsonObject(body) || typeof body.model !== 'string') return undefined
  const { messages, prompt, images, keep_alive } = body
  const head = { model: body.model, created_at: timeOf(0) }
  const tail = { done: true, done_reason: keep_alive === 0 ? 'unload' : 'load' }
  if (path === '/api/generate') return prompt || images ? undefined : { ...head, response: '', ...tail }
  const asks = messages !== undefined && !(Array.isArray(messages) && messages.length === 0)
  return asks ? undefined : { ...head, message: { role: 'assistant', content: '' }, ...tail }
}
