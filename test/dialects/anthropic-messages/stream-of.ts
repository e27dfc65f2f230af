import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts'
import type { DecodeOptions, EncodeOptions, Warning } from '../../../src/dialects/dialect.ts'
import { collect, join } from '../../../src/flow/index.ts'
import type { SseEvent, SseMessage } from '../../../src/sse/index.ts'
import { grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import { decode as decodeStream, goldens, makers, tokenLines } from '../../fixtures/goldens.ts'

export const { client, upstream } = anthropicMessages
export const home: DecodeOptions = makers['anthropic-messages']

const streams = goldens('anthropic-messages')

export const cases = streams.map(({ name }) => name)

export function fixture(name: string): Uint8Array {
  return streams.find((one) => one.name === name)!.bytes
}

/** Tokens as plain objects, as they stand in a golden. */
export function plain(tokens: readonly StreamToken[]): JsonObject[] {
  return tokenLines(tokens)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject)
}

/** The tokens of a stream that is read in pieces, in legal order. */
export function decode(pieces: Iterable<Uint8Array>, options: DecodeOptions = home): StreamToken[] {
  return decodeStream('anthropic-messages', pieces, options)
}

export function events(...list: JsonObject[]): SseEvent[] {
  return list.map((data) => ({ event: String(data.type), data: JSON.stringify(data), id: '', end: 0 }))
}

export function read(messages: readonly SseMessage[], options: DecodeOptions = home): StreamToken[] {
  const list = messages.map(({ event, data }) => ({ event: event ?? 'message', data, id: '', end: 0 }))
  return collect(join(upstream.decodeStream(options), grammar()), list)
}

export function encodeOptions(more: Partial<EncodeOptions> = {}): EncodeOptions {
  return { requestId: 'req1', model: 'asked', created: 0, includeUsage: true, ...more }
}

/** What a client is sent for tokens, which are in legal order, with what it is warned of. */
export function encode(tokens: Iterable<StreamToken>, more: Partial<EncodeOptions> = {}) {
  const warnings: Warning[] = []
  const options = encodeOptions({ onWarning: (warning) => warnings.push(warning), ...more })
  const messages = collect(join(grammar(), client.encodeStream(options)), tokens)
  return { messages, data: messages.map(({ data }) => JSON.parse(data) as JsonObject), warnings }
}

/** The one legal order of events, whatever the content: throws where the stream is not of it. */
export function checkOrder(messages: readonly SseMessage[]): 'finished' | 'failed' {
  let state: 'before' | 'between' | 'inside' | 'stopping' | 'over' = 'before'
  let index = -1
  let outcome: 'finished' | 'failed' = 'finished'
  for (const { event, data } of messages) {
    const parsed = JSON.parse(data) as JsonObject
    const wrong = (): never => {
      throw new Error(`${event} while ${state}, index ${String(parsed.index)} at ${index}`)
    }
    if (parsed.type !== event || state === 'over') wrong()
    switch (event) {
      case 'message_start':
        if (state !== 'before') wrong()
        state = 'between'
        break
      case 'content_block_start':
        if (state !== 'between' || parsed.index !== ++index) wrong()
        state = 'inside'
        break
      case 'content_block_delta':
        if (state !== 'inside' || parsed.index !== index) wrong()
        break
      case 'content_block_stop':
        if (state !== 'inside' || parsed.index !== index) wrong()
        state = 'between'
        break
      case 'message_delta':
        if (state !== 'between') wrong()
        state = 'stopping'
        break
      case 'message_stop':
        if (state !== 'stopping') wrong()
        state = 'over'
        break
      case 'error':
        if (state === 'inside' || state === 'stopping') wrong()
        state = 'over'
        outcome = 'failed'
        break
      default:
        if (state === 'before') wrong()
    }
  }
  if (state !== 'over') throw new Error(`the stream ends while ${state}`)
  return outcome
}
