import type { SseMessage } from '../../sse/index.ts'
import {
  type ChatReply,
  isJsonObject,
  type Json,
  type JsonObject,
  type StreamToken,
  unfold,
} from '../../tokens/index.ts'
import type { DecodeOptions, EncodeOptions } from '../dialect.ts'
import { parse, rest } from '../lenient.ts'
import { MessagesDecoder } from './decode-stream.ts'
import { MessagesEncoder } from './encode-stream.ts'
import { decodeErrorEvent } from './error.ts'
import { contentOf } from './observe-reply.ts'
import { messageFields, type WireEvent } from './wire.ts'

/** A whole answer, read as the stream it could have been, so that both ways give the same tokens. */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  const content = contentOf(body)
  const tokens: StreamToken[] = []
  const decoder = new MessagesDecoder(options)
  const emit = (token: StreamToken): void => {
    if (token.type === 'error') throw token.error
    tokens.push(token)
  }
  for (const event of events(body, content)) decoder.read(event, '', emit)
  return tokens
}

function* events(body: JsonObject, content: Json[]): Generator<WireEvent> {
  const { id, model, usage, stop_reason, stop_sequence, stop_details } = body
  const { context_management, ...delta } = rest(body, messageFields) ?? {}
  yield { type: 'message_start', message: { id, model } }
  for (const [index, block] of content.entries()) {
    yield { type: 'content_block_start', index, content_block: block as JsonObject }
    yield { type: 'content_block_stop', index }
  }
  yield {
    type: 'message_delta',
    delta: { stop_reason, stop_sequence, stop_details, ...delta },
    ...(isJsonObject(usage) && { usage }),
    ...(context_management !== undefined && { context_management }),
  }
  yield { type: 'message_stop' }
}

/** A whole answer for a client: the stream's own events, put together the way a client does it. */
export function encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject {
  const encoder = new MessagesEncoder(options)
  const assembly = new Assembly()
  const take = (event: SseMessage): void => assembly.take(JSON.parse(event.data) as WireEvent)
  for (const token of unfold(reply)) encoder.push(token, take)
  encoder.end(take)
  return assembly.message
}

/** A message out of its events, as the encoder writes them: in order, one block at a time. */
class Assembly {
  message: JsonObject = {}
  readonly #content: JsonObject[] = []
  #input = ''

  take(event: WireEvent): void {
    switch (event.type) {
      case 'message_start':
        this.message = { ...event.message, content: this.#content }
        return
      case 'content_block_start':
        this.#content.push(event.content_block!)
        this.#input = ''
        return
      case 'content_block_delta':
        this.#delta(event.delta!, this.#content.at(-1)!)
        return
      case 'content_block_stop':
        if (this.#input !== '') this.#content.at(-1)!.input = inputOf(this.#input)
        return
      case 'message_delta': {
        const { type: _, delta, usage, ...others } = event
        this.message = {
          ...this.message,
          ...delta,
          usage: { ...(this.message.usage as JsonObject), ...usage },
          ...others,
        }
        return
      }
      case 'error':
        throw decodeErrorEvent(event)
    }
  }

  #delta(delta: JsonObject, block: JsonObject): void {
    switch (delta.type) {
      case 'text_delta':
        block.text = `${block.text}${delta.text}`
        return
      case 'thinking_delta':
        block.thinking = `${block.thinking}${delta.thinking}`
        return
      case 'signature_delta':
        block.signature = delta.signature
        return
      case 'input_json_delta':
        this.#input += delta.partial_json
        return
      case 'citations_delta':
        block.citations ??= []
        ;(block.citations as Json[]).push(delta.citation!)
        return
    }
  }
}

/** `input` has to be an object; arguments that are none are shown as they are, under a name that says so. */
function inputOf(json: string): JsonObject {
  const value = parse(json)
  return isJsonObject(value) ? value : { __raw: json }
}
