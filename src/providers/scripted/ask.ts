import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { countCharacters, estimateTokens } from './estimate.ts'
import { asMessages, pictures } from './ollama-ask.ts'

export type Language =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'bedrock-converse'
  | 'gemini'
  | 'ollama'
  | 'straico'

/** What a script and the default answer need to know of a request, whichever dialect it came in. */
export interface Ask {
  language: Language
  /** `generate`: a prompt in place of messages (ollama). */
  /** `array`: one JSON array in place of events (gemini). */
  /** `prompt`, `prompts`: a text in place of messages, for one model or for several (straico). */
  form?: 'generate' | 'array' | 'prompt' | 'prompts'
  model: string
  /** Others that are asked the same, each for an answer of its own (straico). */
  otherModels: string[]
  stream: boolean
  /** The client asked for the usage in the stream (openai-chat). */
  includeUsage: boolean
  /** The request has `stream_options`. */
  streamOptions: boolean
  /** The last message is the beginning of the answer. */
  prefill: boolean
  choices: number
  logprobs: boolean
  topLogprobs: number
  stop: string[]
  /** The texts of the last turn in which the user said something. */
  userTexts: string[]
  /** How many answers the conversation already holds. */
  turn: number
  /** The text of the tool results that the conversation ends with. */
  toolResult: string | undefined
  tools: Array<{ name: string; parameters: JsonObject | undefined; custom: boolean }>
  /** What was sent along as pictures, in words. */
  images: string[]
  inputTokens: number
}

/**
 * Reads a request leniently: only what would make every vendor answer 400 is refused.
 *
 * @throws SluiceError `invalid_request`
 */
export function readAsk(
  written: unknown,
  language: Language,
  operation: 'chat' | 'count' = 'chat',
  form?: Ask['form'],
): Ask {
  if (!isJsonObject(written))
    throw new SluiceError('invalid_request', 'cannot read the request: the body is no JSON object')
  const body = form === 'generate' ? asMessages(written) : written
  const { model, messages } = body
  if (typeof model !== 'string' || model === '') refuse('model', 'must be a string')
  if (!Array.isArray(messages) || messages.length === 0) refuse('messages', 'must be a list of at least one message')
  const turns = messages.filter(isJsonObject)
  if (turns.length !== messages.length) refuse('messages', 'must hold objects only')
  const options = isJsonObject(body.stream_options) ? body.stream_options : undefined
  if (language === 'openai-chat' && options && body.stream !== true) {
    refuse('stream_options', 'is only allowed when `stream` is true')
  }
  if (language === 'anthropic-messages' && operation === 'chat' && typeof body.max_tokens !== 'number') {
    refuse('max_tokens', 'must be a number')
  }
  const spoken = turns.findLast((turn) => turn.role === 'user' && texts(turn.content).length > 0)
  return {
    language,
    ...(form && { form }),
    model: model as string,
    otherModels: Array.isArray(body.models) ? body.models.slice(1).filter((one) => typeof one === 'string') : [],
    // In this language a stream is what comes of saying nothing.
    stream: language === 'ollama' ? body.stream !== false : body.stream === true,
    includeUsage: options?.include_usage === true,
    streamOptions: options !== undefined,
    prefill: turns.at(-1)?.role === 'assistant',
    choices:
      typeof body.n === 'number' && (language === 'openai-chat' || language === 'gemini')
        ? Math.max(1, Math.min(128, body.n))
        : 1,
    logprobs: body.logprobs === true,
    topLogprobs: typeof body.top_logprobs === 'number' ? body.top_logprobs : 0,
    stop: [body.stop_sequences ?? body.stop ?? (isJsonObject(body.options) ? body.options.stop : undefined)]
      .flat()
      .filter((word) => typeof word === 'string'),
    userTexts: spoken ? texts(spoken.content) : [],
    turn: turns.filter((turn) => turn.role === 'assistant').length,
    toolResult: toolResult(turns),
    tools: Array.isArray(body.tools) ? body.tools.filter(isJsonObject).flatMap(tool) : [],
    images: [
      ...turns.flatMap((turn) => blocks(turn.content).flatMap(image)),
      ...pictures(turns).map(({ mediaType, data }) => inline(mediaType, data)),
    ],
    inputTokens: estimateTokens(countCharacters(body.system) + countCharacters(messages) + countCharacters(body.tools)),
  }
}

/** The last thing the user said. Coding agents put their own reminders before it, as texts of the same turn. */
export function prompt(ask: Ask): string {
  return ask.userTexts.at(-1)?.trim() ?? ''
}

function refuse(param: string, problem: string): never {
  throw new SluiceError('invalid_request', `cannot read the request: \`${param}\` ${problem}`, { param })
}

function blocks(content: Json | undefined): JsonObject[] {
  return Array.isArray(content) ? content.filter(isJsonObject) : []
}

function texts(content: Json | undefined): string[] {
  if (typeof content === 'string') return content === '' ? [] : [content]
  return blocks(content).flatMap((block) =>
    block.type === 'text' && typeof block.text === 'string' ? [block.text] : [],
  )
}

/** openai-chat has a role for results, anthropic-messages puts them into the next turn of the user. */
function toolResult(turns: JsonObject[]): string | undefined {
  const results: string[] = []
  for (const turn of turns.toReversed()) {
    const inside = blocks(turn.content).filter((block) => block.type === 'tool_result')
    if (turn.role === 'tool') results.unshift(texts(turn.content).join('\n'))
    else if (turn.role === 'user' && inside.length > 0) {
      results.unshift(...inside.map((block) => texts(block.content).join('\n')))
    } else break
  }
  return results.length === 0 ? undefined : results.join('\n')
}

function tool(entry: JsonObject): Ask['tools'] {
  const inner = [entry.function, entry.custom, entry].find(isJsonObject)
  if (typeof inner?.name !== 'string') return []
  const parameters = inner.parameters ?? inner.input_schema
  return [
    {
      name: inner.name,
      parameters: isJsonObject(parameters) ? parameters : undefined,
      custom: isJsonObject(entry.custom),
    },
  ]
}

function image(block: JsonObject): string[] {
  if (block.type === 'image_url' && isJsonObject(block.image_url)) {
    const url = String(block.image_url.url)
    const data = /^data:([^;,]*)[^,]*,(.*)$/s.exec(url)
    return [data ? inline(data[1] ?? '', data[2] ?? '') : url]
  }
  if (block.type !== 'image' || !isJsonObject(block.source)) return []
  const { source } = block
  if (source.type === 'base64') return [inline(String(source.media_type), String(source.data))]
  return [String(source.url ?? source.file_id)]
}

function inline(mediaType: string, base64: string): string {
  return `${mediaType} of ${Math.floor((base64.replace(/=+$/, '').length * 3) / 4)} bytes`
}
