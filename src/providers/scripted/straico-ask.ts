import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** The forms of a request for an answer. A chat has messages, a prompt is one text for one model or for several. */
export type StraicoForm = 'chat' | 'prompt' | 'prompts'

const forms: Record<string, StraicoForm> = {
  '/v0/chat/completions': 'chat',
  '/v2/chat/completions': 'chat',
  '/v0/prompt/completion': 'prompt',
  '/v1/prompt/completion': 'prompts',
}

/** `url` with its version, which is what tells the two ways of prompting apart. */
export function straicoForm(path: string): StraicoForm | undefined {
  return forms[path]
}

/** Whether a path is one of this API. Its lists of models under `/v1` look like OpenAI's from outside. */
export function isStraico(path: string): boolean {
  return /^\/v[02](\/|$)/.test(path) || path.startsWith('/v1/prompt/')
}

/** What the service picks where the request leaves the choice to it. */
const chosen = 'scripted/smart'

/** A request of this API in the words in which others are read. */
export function straicoBody(body: JsonObject, form: StraicoForm): JsonObject {
  const selector = isJsonObject(body.smart_llm_selector)
  if (form === 'chat') return { ...body, ...(selector && body.model === undefined && { model: chosen }) }
  const models = modelsOf(body)
  const sent = [body.images, body.file_urls, body.youtube_urls].flatMap(texts)
  const images = sent.map((url) => ({ type: 'image', source: { type: 'url', url } }))
  const text = typeof body.message === 'string' ? body.message : ''
  return {
    model: models[0] ?? (selector ? chosen : undefined),
    models,
    messages: [{ role: 'user', content: [{ type: 'text', text }, ...images] }],
  }
}

export function modelsOf({ model, models }: JsonObject): string[] {
  return texts(models ?? model)
}

function texts(value: Json | undefined): string[] {
  return [value].flat().filter((one) => typeof one === 'string')
}
