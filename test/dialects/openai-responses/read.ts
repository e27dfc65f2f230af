import type { DecodeOptions, EncodeOptions, Warning } from '../../../src/dialects/index.ts'
import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts'
import { join } from '../../../src/flow/index.ts'
import { type SseEvent, writeSse } from '../../../src/sse/index.ts'
import { grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'

/** Who answers in these tests. */
export const maker: DecodeOptions = { vendor: 'openai', family: 'gpt' }

export const encodeOptions: EncodeOptions = {
  requestId: 'req_1',
  model: 'gpt-x',
  created: 1790000000,
  includeUsage: true,
}

export const event = (data: string | JsonObject): SseEvent => {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  const name = typeof data === 'string' ? 'message' : String(data.type ?? 'message')
  return { event: name, data: text, id: '', end: 0 }
}

/** Events as the tokens that they are, with the grammar standing behind the decoder. */
export function tokensOf(events: Iterable<string | JsonObject>, options: Partial<DecodeOptions> = {}): StreamToken[] {
  const tokens: StreamToken[] = []
  const stage = join(openaiResponses.upstream.decodeStream({ ...maker, ...options }), grammar())
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  for (const one of events) stage.push(event(one), emit)
  stage.end?.(emit)
  return tokens
}

/** Tokens as the stream that a client gets. */
export function streamOf(tokens: Iterable<StreamToken>, options: Partial<EncodeOptions> = {}): string {
  let text = ''
  const stage = openaiResponses.client.encodeStream({ ...encodeOptions, ...options })
  for (const token of tokens) {
    stage.push(token, (message) => {
      text += writeSse(message)
    })
  }
  stage.end?.((message) => {
    text += writeSse(message)
  })
  return text
}

/** What is lost on the way. */
export function lossesOf(tokens: Iterable<StreamToken>): Warning[] {
  const warnings: Warning[] = []
  streamOf(tokens, { onWarning: (warning) => warnings.push(warning) })
  return warnings
}

/** The events of an answer: those that open and close it around the given ones. */
export function answer(events: JsonObject[], response: JsonObject = {}): JsonObject[] {
  const base = { id: 'resp_1', object: 'response', created_at: 1790000000, model: 'gpt-x' }
  return [
    { type: 'response.created', response: { ...base, status: 'in_progress', output: [] } },
    { type: 'response.in_progress', response: { ...base, status: 'in_progress', output: [] } },
    ...events,
    { type: 'response.completed', response: { ...base, status: 'completed', ...response } },
  ].map((one, sequence_number) => ({ ...one, sequence_number }))
}

export const added = (output_index: number, item: JsonObject): JsonObject => ({
  type: 'response.output_item.added',
  output_index,
  item,
})
export const done = (output_index: number, item: JsonObject): JsonObject => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
export const message = (id: string, text: string): JsonObject => ({
  type: 'message',
  id,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
})
export const call = (call_id: string, name: string, written: string): JsonObject => ({
  type: 'function_call',
  id: `fc_${call_id}`,
  call_id,
  name,
  arguments: written,
  status: 'completed',
})
