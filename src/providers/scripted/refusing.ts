import type { Ask, Language } from './ask.ts'
import { type Call, sendError } from './call.ts'
import type { Habit } from './habit.ts'
import type { ErrorFacts } from './scene.ts'

const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Answers a request that a server of this habit would not take. False: it takes it. */
export function refuse(call: Call, ask: Ask, habit: Habit, headers: Record<string, string>): boolean {
  const field = refusedField(ask, habit)
  if (field === undefined) return false
  const { status = 400, names = 'field', form = 'dialect' } = habit
  const message = habit.message ?? (names === 'nothing' ? undefined : sentence(ask, habit, field, names === 'field'))
  const known = message ?? STATUS_CODES[status] ?? 'Error'
  if (form === 'dialect') {
    sendError(call, facts(ask.language, status, message, names === 'field' ? field : undefined), headers)
    return true
  }
  const [type, text] = written(form, known, status, names === 'field' ? field : undefined)
  call.reply.whole(status, { 'content-type': type, ...headers }, text)
  return true
}

function facts(language: Language, status: number, message: string | undefined, param: string | undefined): ErrorFacts {
  if (message === undefined) return { status }
  const openai = language === 'openai-chat' || language === 'openai-responses'
  // Others have words of their own for every status.
  const type = openai || language === 'anthropic-messages' ? { type: 'invalid_request_error' } : {}
  const code = openai && param !== undefined ? { code: 'unsupported_value' } : {}
  return { status, message, ...type, ...code, ...(param !== undefined && { param }) }
}

/** What the request says that this server does not take. */
function refusedField(ask: Ask, { habit }: Habit): string | undefined {
  if (habit === 'refuses') return ask.stream ? streamFields[ask.language] : undefined
  if (habit === 'streams-only') return ask.stream ? undefined : streamFields[ask.language]
  if (habit === 'refuses-options') return ask.streamOptions ? 'stream_options' : undefined
  return habit === 'refuses-prefill' && ask.prefill ? 'messages' : undefined
}

/** Where a request says that it wants a stream. */
const streamFields: Record<Language, string> = {
  'openai-chat': 'stream',
  'openai-responses': 'stream',
  'anthropic-messages': 'stream',
  'bedrock-converse': 'ConverseStream',
  gemini: 'streamGenerateContent',
  ollama: 'stream',
  straico: 'stream',
}

function sentence(ask: Ask, { habit }: Habit, field: string, named: boolean): string {
  if (habit === 'refuses-prefill')
    return 'This model takes no beginning of its answer: the last message must be of the user.'
  if (habit === 'refuses-options') return `Unsupported parameter: '${field}' is not supported with this model.`
  if (habit === 'streams-only') {
    return named ? `Invalid value: '${field}' must be true with this model.` : 'This model only supports streaming.'
  }
  if (!named) return 'Streaming is not supported by this model.'
  if (ask.language === 'gemini') return `models/${ask.model} is not supported for ${field}.`
  return `Unsupported value: '${field}' is not supported with this model.`
}

/** Content type and body of a refusal that is not in the form of the dialect. */
function written(
  form: 'detail' | 'fields' | 'text' | 'html',
  message: string,
  status: number,
  field: string | undefined,
): [type: string, text: string] {
  if (form === 'text') return ['text/plain; charset=utf-8', message]
  if (form === 'html')
    return ['text/html', `<html><head><title>${status}</title></head><body><h1>${message}</h1></body></html>`]
  const loc = field === undefined ? ['body'] : ['body', field]
  const detail = form === 'detail' ? message : [{ type: 'value_error', loc, msg: message, input: null }]
  return ['application/json', JSON.stringify({ detail })]
}
