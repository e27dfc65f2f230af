import OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions'
import { counts, distinct, emptyReading, type Outcome, type Place, parsed, type Reading } from './reading.ts'

/** What vendors of this dialect say beside what the SDK knows. */
interface Extra {
  reasoning_content?: string | null
  reasoning?: string | null
  content?: unknown
  audio?: { id?: string; transcript?: string } | null
  images?: unknown[]
  annotations?: Array<{ url_citation?: { url?: string } }>
}
type Delta = Omit<ChatCompletionChunk.Choice.Delta, 'content'> & Extra
type Usage = NonNullable<ChatCompletion['usage']> & { prompt_cache_hit_tokens?: number; num_cached_tokens?: number }

const messages = [{ role: 'user' as const, content: 'q' }]

/** What `openai` reads of Chat Completions. Of several answers the first counts. */
export async function readOpenaiChat({ url, model, form, strict }: Place): Promise<Outcome> {
  const client = new OpenAI({ apiKey: 'key', baseURL: `${url}/v1`, maxRetries: 0 })
  const reader = new ChatReader()
  if (form === 'whole') {
    const { choices, ...rest } = await client.chat.completions.create({ model, messages })
    const [choice] = choices
    if (choice) {
      const { message, finish_reason } = choice
      const calls = message.tool_calls?.map((call, index) => ({ ...call, index }))
      reader.take({ ...rest, choices: [{ finish_reason, delta: { ...message, tool_calls: calls } as Delta }] })
    }
    return reader.done()
  }
  const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } })
  stream.on('chunk', (chunk) => reader.take(chunk))
  try {
    await stream.finalChatCompletion()
  } catch (error) {
    if (strict || !(error instanceof OpenAI.OpenAIError) || error instanceof OpenAI.APIError) throw error
  }
  return reader.done()
}

interface Taken {
  choices?: Array<{ index?: number; delta?: unknown; finish_reason?: string | null; usage?: unknown }>
  usage?: unknown
  citations?: unknown
}

class ChatReader {
  readonly #reading: Reading = emptyReading()
  readonly #calls = new Map<number, { name: string; args: string; custom: boolean }>()
  readonly #sources: Array<string | undefined> = []
  #finish: string | undefined

  take({ choices = [], usage, citations }: Taken): void {
    const choice = choices.find(({ index = 0 }) => index === 0)
    if (choice) this.#delta((choice.delta ?? {}) as Delta)
    // Some say two, the second of them a plain stop.
    this.#finish ??= choice?.finish_reason ?? undefined
    const said = (usage ?? choice?.usage) as Usage | null | undefined
    if (said) this.#reading.usage = countsOf(said)
    if (Array.isArray(citations)) this.#sources.push(...citations)
  }

  #delta(delta: Delta): void {
    const reading = this.#reading
    this.#content(delta.content)
    reading.text += delta.audio?.transcript ?? ''
    if (delta.audio && !reading.media.includes('audio')) reading.media.push('audio')
    for (const _ of delta.images ?? []) reading.media.push('image')
    reading.refusal += delta.refusal ?? ''
    reading.reasoning += delta.reasoning_content ?? delta.reasoning ?? ''
    for (const one of delta.annotations ?? []) this.#sources.push(one.url_citation?.url)
    for (const { index, ...rest } of delta.tool_calls ?? []) {
      const call = this.#calls.get(index) ?? { name: '', args: '', custom: false }
      const custom = (rest as { custom?: { name?: string; input?: string } }).custom
      call.custom ||= custom !== undefined
      call.name ||= rest.function?.name ?? custom?.name ?? ''
      call.args += rest.function?.arguments ?? custom?.input ?? ''
      this.#calls.set(index, call)
    }
  }

  /** A text, or the parts of one: thoughts stand among them at one vendor. */
  #content(content: unknown): void {
    if (typeof content === 'string') this.#reading.text += content
    if (!Array.isArray(content)) return
    for (const part of content as Array<{ type: string; text?: string; thinking?: Array<{ text?: string }> }>) {
      if (part.type === 'thinking') for (const { text = '' } of part.thinking ?? []) this.#reading.reasoning += text
      else this.#reading.text += part.text ?? ''
    }
  }

  done(): Outcome {
    if (this.#finish === undefined || this.#finish === 'error') return 'fails'
    const reading = this.#reading
    reading.finish = finishes[this.#finish] ?? 'unknown'
    reading.calls = [...this.#calls.values()].map(({ name, args, custom }) => ({
      name,
      arguments: custom ? args : parsed(args),
    }))
    reading.sources = distinct(this.#sources)
    return reading
  }
}

const finishes: Record<string, Reading['finish']> = {
  stop: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  // Mistral's word.
  model_length: 'context_full',
  content_filter: 'content_filter',
}

/** The total holds what a vendor leaves out of the answer's count (xAI: its reasoning). */
function countsOf(usage: Usage): Reading['usage'] {
  const { prompt_tokens: input, completion_tokens, total_tokens: total } = usage
  const prompt = usage.prompt_tokens_details
  return counts({
    input,
    output: typeof total === 'number' && total > input ? total - input : completion_tokens,
    cacheRead: prompt?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.num_cached_tokens,
    cacheWrite: (prompt as { cache_write_tokens?: number } | undefined)?.cache_write_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens,
  })
}
