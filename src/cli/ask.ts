import { SseParser } from '../sse/index.ts'
import { CommandError } from './failure.ts'
import { call, errorText, type Remote } from './remote.ts'

export interface ChatMessage {
  role: 'user' | 'assistant'
  content: string
}

export interface Question {
  model: string
  messages: readonly ChatMessage[]
  signal: AbortSignal
  onText(text: string): void
  onReasoning(text: string): void
}

/** What an answer came to. Times in milliseconds from the question; counts are absent when nobody reported them. */
export interface Told {
  text: string
  firstMs?: number
  totalMs: number
  inputTokens?: number
  outputTokens?: number
  finish?: string
}

/** A chunk of the stream, as far as a terminal is concerned. */
interface Chunk {
  error?: unknown
  choices?: { delta?: Record<string, unknown>; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
}

/** Asks over the API that every client uses, and tells the answer as it comes. @throws CommandError, or the abort */
export async function ask(remote: Remote, question: Question): Promise<Told> {
  const startedAt = performance.now()
  const since = (): number => performance.now() - startedAt
  const { model, messages, signal } = question
  const response = await call(remote, '/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true } }),
    signal,
  })
  const told: Told = { text: '', totalMs: 0 }
  let done = false
  const read = (chunk: Chunk): void => {
    if (chunk.error) throw new CommandError(`the answer is not whole: ${errorText(JSON.stringify(chunk))}`)
    for (const { delta, finish_reason } of chunk.choices ?? []) {
      const text = textOf(delta?.content) + textOf(delta?.refusal)
      const reasoning = textOf(delta?.reasoning_content) || textOf(delta?.reasoning)
      if (text !== '' || reasoning !== '') told.firstMs ??= since()
      if (reasoning !== '') question.onReasoning(reasoning)
      if (text !== '') question.onText(text)
      told.text += text
      if (finish_reason) told.finish = finish_reason
    }
    if (chunk.usage?.prompt_tokens !== undefined) told.inputTokens = chunk.usage.prompt_tokens
    if (chunk.usage?.completion_tokens !== undefined) told.outputTokens = chunk.usage.completion_tokens
  }
  const parser = new SseParser()
  for await (const bytes of response.body ?? []) {
    parser.push(bytes, ({ data }) => {
      if (data === '[DONE]') done = true
      else if (!done) read(JSON.parse(data) as Chunk)
    })
  }
  if (!done) throw new CommandError('the answer is not whole: the connection closed before its end; ask again')
  told.totalMs = since()
  return told
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** `first token 0.31 s, 12 tokens in, 340 out, 81 tokens/s` */
export function timing({ firstMs, totalMs, inputTokens, outputTokens, finish }: Told): string {
  const facts = [firstMs === undefined ? 'no content' : `first token ${(firstMs / 1000).toFixed(2)} s`]
  facts.push(`${inputTokens ?? '?'} tokens in, ${outputTokens ?? '?'} out`)
  const streamedMs = totalMs - (firstMs ?? totalMs)
  // The first token is what the clock starts at, and so many digits mean nothing for an answer of one read.
  if (outputTokens !== undefined && outputTokens > 1 && streamedMs >= 1) {
    facts.push(`${Math.round(((outputTokens - 1) / streamedMs) * 1000)} tokens/s`)
  }
  if (finish !== undefined && finish !== 'stop') facts.push(`ended with ${finish}`)
  return facts.join(', ')
}
