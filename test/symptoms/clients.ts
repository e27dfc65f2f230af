import type { FunctionDeclaration } from '@google/genai'
import type { Language } from './answers.ts'
import type { House } from './house.ts'

/** What an official SDK made of a stream. */
export interface Heard {
  text: string
  /** The arguments of all calls, one behind the other. */
  args: string
  /** The call of the SDK had given a stream before anything went wrong. */
  opened: boolean
  /** Undefined: it came to its end. `status` is that of the HTTP answer, or of the error within a stream where it has one. */
  error?: { status: number | undefined; type: string; message: string }
}

const prompt = 'Hi'
const parameters = { type: 'object' as const, properties: { at: { type: 'string' } } }

/** How each language asks for a stream: the path, and the body. */
export function streamRequest(client: Language | 'ollama', upstream: string): { path: string; body: object } {
  const model = `${upstream}/m`
  const messages = [{ role: 'user', content: prompt }]
  switch (client) {
    case 'openai-chat':
      return {
        path: '/v1/chat/completions',
        body: { model, messages, stream: true, stream_options: { include_usage: true } },
      }
    case 'openai-responses':
      return { path: '/v1/responses', body: { model, input: prompt, stream: true } }
    case 'anthropic-messages':
      return { path: '/v1/messages', body: { model, messages, max_tokens: 100, stream: true } }
    case 'gemini':
      return {
        path: `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
        body: { contents: [{ role: 'user', parts: [{ text: prompt }] }] },
      }
    case 'ollama':
      return { path: '/api/chat', body: { model, messages } }
  }
}

/** The same for a whole answer. */
export function wholeRequest(client: Language | 'ollama', upstream: string): { path: string; body: object } {
  const { path, body } = streamRequest(client, upstream)
  if (client === 'gemini')
    return { path: path.replace(/stream(G.*)\?.*/, (_, name: string) => `g${name.slice(1)}`), body }
  const { stream_options: _, ...rest } = body as { stream_options?: object }
  return { path, body: { ...rest, stream: false } }
}

/** Asks with the official SDK of the language, and reads the stream to its end or its error. */
export async function hear(
  house: House,
  client: Language,
  upstream: Language,
  onText: (soFar: string) => void = () => {},
): Promise<Heard> {
  const heard: Heard = { text: '', args: '', opened: false }
  try {
    for await (const { text = '', args = '' } of await open(house, client, `${upstream}/m`, heard)) {
      heard.text += text
      heard.args += args
      if (text !== '') onText(heard.text)
    }
  } catch (error) {
    heard.error = told(error)
  }
  return heard
}

type Piece = { text?: string | undefined; args?: string | undefined }

async function open(house: House, client: Language, model: string, heard: Heard): Promise<AsyncIterable<Piece>> {
  const pieces = await streams[client](house, model)
  heard.opened = true
  return pieces
}

const streams: Record<Language, (house: House, model: string) => Promise<AsyncIterable<Piece>>> = {
  async 'openai-chat'({ openai }, model) {
    const stream = await openai.chat.completions.create({
      model,
      stream: true,
      messages: [{ role: 'user', content: prompt }],
      tools: [{ type: 'function', function: { name: 'look', parameters } }],
    })
    return pick(stream, ({ choices: [choice] }) => ({
      text: choice?.delta.content ?? '',
      args: choice?.delta.tool_calls?.map((call) => call.function?.arguments ?? '').join('') ?? '',
    }))
  },
  async 'openai-responses'({ openai }, model) {
    const tool = { type: 'function' as const, name: 'look', parameters, strict: false }
    const stream = await openai.responses.create({ model, stream: true, input: prompt, tools: [tool] })
    return pick(stream, (event) => {
      if (event.type === 'response.failed') throw Object.assign(new Error(), event.response.error)
      if (event.type === 'response.output_text.delta') return { text: event.delta }
      return event.type === 'response.function_call_arguments.delta' ? { args: event.delta } : {}
    })
  },
  async 'anthropic-messages'({ anthropic }, model) {
    const stream = await anthropic.messages.create({
      model,
      stream: true,
      max_tokens: 100,
      messages: [{ role: 'user', content: prompt }],
      tools: [{ name: 'look', input_schema: parameters }],
    })
    return pick(stream, (event) => {
      if (event.type !== 'content_block_delta') return {}
      if (event.delta.type === 'text_delta') return { text: event.delta.text }
      return event.delta.type === 'input_json_delta' ? { args: event.delta.partial_json } : {}
    })
  },
  async gemini({ google }, model) {
    const look: FunctionDeclaration = { name: 'look', parametersJsonSchema: parameters }
    const stream = await google.models.generateContentStream({
      model,
      contents: prompt,
      config: { tools: [{ functionDeclarations: [look] }] },
    })
    return pick(stream, ({ candidates }) => {
      const parts = candidates?.[0]?.content?.parts ?? []
      return {
        text: parts.map(({ text = '' }) => text).join(''),
        args: parts.map(({ functionCall }) => (functionCall ? JSON.stringify(functionCall.args) : '')).join(''),
      }
    })
  },
}

async function* pick<Event>(events: AsyncIterable<Event>, read: (event: Event) => Piece): AsyncGenerator<Piece> {
  for await (const event of events) yield read(event)
}

/** What an SDK tells of an error: each in its own way. */
function told(error: unknown): NonNullable<Heard['error']> {
  const {
    status,
    type,
    code,
    message,
    error: body,
  } = error as {
    status?: number
    type?: string | null
    code?: string | null
    message: string
    error?: { error?: { type?: string }; type?: string }
  }
  return { status, type: String(body?.error?.type ?? type ?? code), message }
}
