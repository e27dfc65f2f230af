import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Refusal } from './refusal.ts'
import { modelsOf, type StraicoForm } from './straico-ask.ts'

const both = ['temperature', 'max_tokens', 'replace_failed_models']

/** The fields that there are. */
const fields: Record<StraicoForm, string[]> = {
  chat: ['model', 'messages', 'smart_llm_selector', ...both],
  prompt: ['model', 'message', ...both],
  prompts: [
    ...['models', 'message', 'smart_llm_selector', 'file_urls', 'images', 'youtube_urls', 'display_transcripts'],
    ...both,
  ],
}

const roles = new Set<Json | undefined>(['system', 'user', 'assistant'])

/** What the service would not take. `streams`: it knows the field `stream`. Strict: nor any field that it does not know. */
export function straicoRefusal(
  body: JsonObject,
  form: StraicoForm,
  { strict, streams }: { strict: boolean; streams: boolean },
): Refusal | undefined {
  const known = new Set([...fields[form], ...(streams && form === 'chat' ? ['stream', 'stream_options'] : [])])
  const unknown = strict ? Object.keys(body).find((key) => !known.has(key)) : undefined
  if (unknown !== undefined) return wrong(unknown, 'is not a known field')
  const { temperature, max_tokens: ceiling, smart_llm_selector: selector } = body
  if (temperature !== undefined && !(typeof temperature === 'number' && temperature >= 0 && temperature <= 2)) {
    return wrong('temperature', 'must be a number between 0 and 2')
  }
  if (ceiling !== undefined && !(Number.isInteger(ceiling) && (ceiling as number) > 0)) {
    return wrong('max_tokens', 'must be a positive integer')
  }
  if (selector !== undefined && !isJsonObject(selector)) return wrong('smart_llm_selector', 'must be an object')
  return form === 'chat' ? chatRefusal(body) : promptRefusal(body, form)
}

function chatRefusal({ model, messages, smart_llm_selector: selector }: JsonObject): Refusal | undefined {
  if (selector === undefined && (typeof model !== 'string' || model === '')) return wrong('model', 'is required')
  if (!Array.isArray(messages) || messages.length === 0) return wrong('messages', 'must be a list that is not empty')
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (!isJsonObject(message)) return wrong(at, 'must be an object')
    if (!roles.has(message.role)) return wrong(`${at}.role`, 'must be one of system, user, assistant')
    const { content } = message
    if (typeof content === 'string') continue
    if (!Array.isArray(content) || content.length === 0)
      return wrong(`${at}.content`, 'must be a text or a list of texts')
    const odd = content.findIndex(
      (part) => !isJsonObject(part) || part.type !== 'text' || typeof part.text !== 'string',
    )
    if (odd >= 0) return wrong(`${at}.content[${odd}].type`, 'must be text')
  }
  return undefined
}

function promptRefusal(body: JsonObject, form: 'prompt' | 'prompts'): Refusal | undefined {
  const models = modelsOf(body)
  const param = form === 'prompt' ? 'model' : 'models'
  if (body[param] === undefined && !isJsonObject(body.smart_llm_selector)) return wrong(param, 'is required')
  if (form === 'prompts' && body.models !== undefined && (models.length < 1 || models.length > 4)) {
    return wrong(param, 'must hold between 1 and 4 models')
  }
  if (new Set(models).size !== models.length) return wrong(param, 'must not hold a model twice')
  if (typeof body.message !== 'string' || body.message === '') return wrong('message', 'is required')
  for (const key of ['images', 'file_urls', 'youtube_urls']) {
    const list = body[key]
    if (list === undefined) continue
    const good = Array.isArray(list) && list.length <= 4 && list.every((url) => /^https?:\/\//.test(String(url)))
    if (!good) return wrong(key, 'must hold at most 4 addresses')
  }
  return undefined
}

function wrong(param: string, problem: string): Refusal {
  return { status: 422, param, message: `${param} ${problem}` }
}
