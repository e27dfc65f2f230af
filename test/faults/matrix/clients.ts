import { type ClientDialectName, clientDialects } from '../../../src/dialects/index.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'

export const clients = Object.keys(clientDialects) as ClientDialectName[]

/** A request of a client in its own language, and where it goes. */
export function asking(
  client: ClientDialectName,
  model: string,
  content: string,
  stream: boolean,
): [path: string, body: JsonObject] {
  const messages = [{ role: 'user', content }]
  switch (client) {
    case 'openai-chat':
      return [
        '/v1/chat/completions',
        { model, stream, ...(stream && { stream_options: { include_usage: true } }), messages },
      ]
    case 'openai-responses':
      return ['/v1/responses', { model, stream, store: false, input: content }]
    case 'anthropic-messages':
      return ['/v1/messages', { model, stream, max_tokens: 1000, messages }]
    case 'gemini': {
      const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const generationConfig = { thinkingConfig: { includeThoughts: true } }
      return [`/v1beta/models/${model}:${method}`, { contents: [{ parts: [{ text: content }] }], generationConfig }]
    }
    case 'ollama':
      return ['/api/chat', { model, stream, messages }]
  }
}

/** The text of an answer that came in one piece. @throws Error where it is not a whole one of that language */
export function wholeText(client: ClientDialectName, body: Uint8Array): string {
  const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  const pick = (parts: JsonObject[]): string => parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('')
  const [text, finish] = ((): [unknown, unknown] => {
    switch (client) {
      case 'openai-chat':
        return [json.choices[0].message.content, json.choices[0].finish_reason]
      case 'openai-responses':
        return [pick(json.output.flatMap((item: JsonObject) => item.content ?? [])), json.status === 'completed']
      case 'anthropic-messages':
        return [pick(json.content), json.stop_reason]
      case 'gemini':
        return [pick(json.candidates[0].content.parts), json.candidates[0].finishReason]
      case 'ollama':
        return [json.message.content, json.done]
    }
  })()
  if (json.error) throw new Error(`an error with a good status: ${JSON.stringify(json.error)}`)
  if (typeof text !== 'string' || !finish) throw new Error(`no whole answer: ${JSON.stringify(json).slice(0, 300)}`)
  return text
}

/** The message of an error that came in place of an answer. @throws Error where it has not the form of the language */
export function errorMessage(client: ClientDialectName, status: number, body: Uint8Array): string {
  const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  const { error } = json
  const message: unknown = client === 'ollama' ? error : error?.message
  const formed =
    client === 'ollama' ||
    (client === 'gemini' ? error?.code === status && filled(error?.status) : filled(error?.type)) ||
    false
  if (!filled(message) || !formed || (client === 'anthropic-messages' && json.type !== 'error')) {
    throw new Error(`no error of ${client}: ${JSON.stringify(json).slice(0, 300)}`)
  }
  return message
}

function filled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
