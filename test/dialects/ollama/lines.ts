import { ollama } from '../../../src/dialects/index.ts'
import { join } from '../../../src/flow/index.ts'
import type { SseEvent, SseMessage } from '../../../src/sse/index.ts'
import { grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { encodeOptions } from '../../fixtures/goldens.ts'

export const maker = { vendor: 'ollama', family: 'qwen' }

export const event = (data: string): SseEvent => ({ event: 'message', data, id: '', end: 0 })

/** Lines as tokens, with the grammar behind the decoder. */
export function tokensOf(lines: readonly string[], options = maker): StreamToken[] {
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const stage = join(ollama.upstream.decodeStream(options), grammar())
  for (const line of lines) stage.push(event(line), emit)
  stage.end?.(emit)
  return tokens
}

/** Tokens as the lines that a client gets, and what was lost on the way. */
export function linesOf(tokens: Iterable<StreamToken>, form?: string): { lines: string[]; lost: string[] } {
  const lines: string[] = []
  const lost: string[] = []
  const emit = (message: SseMessage): void => {
    lines.push(message.data)
  }
  const encoder = ollama.client.encodeStream({
    ...encodeOptions,
    ...(form !== undefined && { form }),
    onWarning: ({ field }) => lost.push(field),
  })
  for (const token of tokens) encoder.push(token, emit)
  encoder.end?.(emit)
  return { lines, lost }
}

/** A line of an answer, as a server writes it. */
export function line(said: JsonObject, more: JsonObject = {}): string {
  return JSON.stringify({
    model: 'm',
    created_at: '2026-11-01T10:00:00.123456Z',
    message: { role: 'assistant', content: '', ...said },
    done: false,
    ...more,
  })
}
