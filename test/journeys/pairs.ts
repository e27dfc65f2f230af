import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import type { House } from './house.ts'

export type Language = 'openai-chat' | 'anthropic-messages'

export interface Pair {
  client: Language
  upstream: Language
  /** `model('m')` is the model `m` at the upstream of this pair, as the client names it. */
  model: (name?: string) => string
  stream: boolean
}

const languages: Language[] = ['openai-chat', 'anthropic-messages']

/** Every client with every upstream, streamed and whole. */
export const pairs: Pair[] = languages.flatMap((client) =>
  languages.flatMap((upstream) => [true, false].map((stream) => pair(client, upstream, stream))),
)

/** Those in which the answer is translated. */
export const crossed = pairs.filter(({ client, upstream }) => client !== upstream)

export function pairsOf(match: Partial<Pair>): Pair[] {
  return pairs.filter((one) => Object.entries(match).every(([key, value]) => one[key as keyof Pair] === value))
}

export function title({ client, upstream, stream }: Pair): string {
  return `${client} client, ${upstream} upstream, ${stream ? 'streamed' : 'whole'}`
}

export const titled = (list: Pair[]): Array<[string, Pair]> => list.map((one) => [title(one), one])

function pair(client: Language, upstream: Language, stream: boolean): Pair {
  const provider = upstream === 'openai-chat' ? 'oa' : 'an'
  return { client, upstream, stream, model: (name = 'journey') => `${provider}/${name}` }
}

type ChatBody = Omit<ChatCompletionCreateParamsNonStreaming, 'model' | 'stream'>
type MessagesBody = Omit<MessageCreateParamsNonStreaming, 'model' | 'stream' | 'max_tokens'> & {
  max_tokens?: number
  // Gone from the SDK's types, not from the API.
  temperature?: number
  top_p?: number
  top_k?: number
}

/** The same request in both clients' words. */
export interface Ask {
  model?: string
  chat: ChatBody
  messages: MessagesBody
}

/** What both clients make of an answer, in one shape. */
export interface Heard {
  text: string
  reasoning: string
  refusal: string
  calls: Array<{ id: string; name: string; arguments: unknown }>
  finish: string | null
  stopSequence: string | null
  usage: object | undefined
  model: string
  id: string
}

/** Asks with the official client of the pair's dialect: its stream assembler for a stream, `create` for the whole. */
export async function ask(house: House, pair: Pair, { model, chat, messages }: Ask): Promise<Heard> {
  if (pair.client === 'openai-chat') return askChat(house, pair, { ...chat, model: pair.model(model) })
  return askMessages(house, pair, { max_tokens: 1000, ...messages, model: pair.model(model) })
}

/** A request that says nothing but a text. */
export const hello: Ask = {
  chat: { messages: [{ role: 'user', content: 'Hi there' }] },
  messages: { messages: [{ role: 'user', content: 'Hi there' }] },
}

async function askChat(
  { openai }: House,
  { stream }: Pair,
  body: ChatCompletionCreateParamsNonStreaming,
): Promise<Heard> {
  // The SDK's assembler keeps only the last delta of a field that it does not know.
  let streamedReasoning = ''
  const completion = stream
    ? await openai.chat.completions
        .stream({ stream_options: { include_usage: true }, ...body, stream: true })
        .on('chunk', ({ choices }) => {
          const delta: { content?: unknown; reasoning_content?: string } | undefined = choices[0]?.delta
          streamedReasoning += delta?.reasoning_content ?? ''
        })
        .finalChatCompletion()
    : await openai.chat.completions.create(body)
  const choice = completion.choices[0]!
  const message: typeof choice.message & { reasoning_content?: string } = choice.message
  return {
    text: message.content ?? '',
    reasoning: stream ? streamedReasoning : (message.reasoning_content ?? ''),
    refusal: message.refusal ?? '',
    calls: (message.tool_calls ?? []).map((call) =>
      call.type === 'function'
        ? { id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) as unknown }
        : { id: call.id, name: call.custom.name, arguments: call.custom.input },
    ),
    finish: choice.finish_reason,
    stopSequence: null,
    usage: completion.usage,
    model: completion.model,
    id: completion.id,
  }
}

async function askMessages(
  { anthropic }: House,
  { stream }: Pair,
  body: MessageCreateParamsNonStreaming,
): Promise<Heard> {
  const message = stream
    ? await anthropic.messages.stream({ ...body, stream: true }).finalMessage()
    : await anthropic.messages.create(body)
  const heard: Heard = {
    text: '',
    reasoning: '',
    refusal: '',
    calls: [],
    finish: message.stop_reason,
    stopSequence: message.stop_sequence,
    usage: message.usage,
    model: message.model,
    id: message.id,
  }
  for (const block of message.content) {
    if (block.type === 'text') heard.text += block.text
    else if (block.type === 'thinking') heard.reasoning += block.thinking
    else if (block.type === 'tool_use') heard.calls.push({ id: block.id, name: block.name, arguments: block.input })
  }
  return heard
}
