import { SluiceError } from '../../errors/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { type ChatReply, type JsonObject, type StreamToken, unfold } from '../../tokens/index.ts'
import type { DecodeOptions, EncodeOptions } from '../dialect.ts'
import { ResponsesDecoder } from './decode-stream.ts'
import { ResponsesEncoder } from './encode-stream.ts'
import { outputOf } from './observe-reply.ts'

/** A whole answer, read as the last event of the stream it could have been, which says all that came before. */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  outputOf(body)
  if (body.status === 'queued' || body.status === 'in_progress') {
    throw new SluiceError('upstream_protocol', 'cannot read the answer: the provider has only begun to work on it')
  }
  const tokens: StreamToken[] = []
  const decoder = new ResponsesDecoder(options)
  decoder.read({ type: 'response.completed', response: body }, '', (token) => {
    if (token.type === 'error') throw token.error
    tokens.push(token)
  })
  return tokens
}

/** A whole answer for a client: what the last event of its stream would say. */
export function encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject {
  const encoder = new ResponsesEncoder(options)
  let last: SseMessage | undefined
  const take = (message: SseMessage): void => {
    last = message
  }
  for (const token of unfold(reply)) encoder.push(token, take)
  encoder.end(take)
  const { response } = JSON.parse(last!.data) as { response: JsonObject }
  return response
}
