import Anthropic, { AnthropicError, APIError } from '@anthropic-ai/sdk'
import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import type { Message } from '@anthropic-ai/sdk/resources/messages'
import { counts, distinct, emptyReading, type Outcome, type Place, type Reading, sum } from './reading.ts'

const question = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'q' }] }

/** What `@anthropic-ai/sdk` reads of Messages. */
export async function readAnthropicMessages({ url, model, form, strict }: Place): Promise<Outcome> {
  const client = new Anthropic({ apiKey: 'key', baseURL: url, maxRetries: 0 })
  const asked = { ...question, model }
  if (form === 'whole') return read(await client.messages.create(asked))
  try {
    return read(await client.messages.stream(asked).finalMessage())
  } catch (error) {
    if (strict || !(error instanceof AnthropicError) || error instanceof APIError) throw error
    return read(await assembled(client, asked))
  }
}

/** The SDK's assembler refuses a message that begins twice: the second beginning is kept from it. */
async function assembled(client: Anthropic, asked: typeof question & { model: string }): Promise<Message> {
  let lines = ''
  for await (const event of await client.messages.create({ ...asked, stream: true })) {
    if (event.type !== 'message_start' || lines === '') lines += `${JSON.stringify(event)}\n`
  }
  return MessageStream.fromReadableStream(new Blob([lines]).stream()).finalMessage()
}

function read({ content, stop_reason, usage }: Message): Outcome {
  if (stop_reason === null) return 'fails'
  const reading = emptyReading()
  const sources: Array<string | null> = []
  for (const block of content) {
    if (block.type === 'text') {
      reading.text += block.text
      for (const one of block.citations ?? []) sources.push('url' in one ? one.url : titleOf(one))
    } else if (block.type === 'thinking') reading.reasoning += block.thinking
    else if (block.type === 'tool_use') reading.calls.push({ name: block.name, arguments: block.input })
    else if (block.type !== 'redacted_thinking') reading.hosted.push(block.type)
  }
  const { cache_read_input_tokens: cacheRead, cache_creation_input_tokens: cacheWrite } = usage
  reading.sources = distinct(sources)
  reading.finish = finishes[stop_reason] ?? 'unknown'
  reading.usage = counts({
    input: sum(usage.input_tokens, cacheRead, cacheWrite),
    output: usage.output_tokens,
    cacheRead,
    cacheWrite,
    reasoning: usage.output_tokens_details?.thinking_tokens,
  })
  return reading
}

function titleOf(citation: object): string | null {
  const { document_title, source, title } = citation as Record<string, string | null | undefined>
  return document_title ?? source ?? title ?? null
}

const finishes: Record<string, Reading['finish']> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  refusal: 'content_filter',
  pause_turn: 'paused',
}
