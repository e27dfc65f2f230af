import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions } from '../dialect.ts'
import { text } from '../lenient.ts'
import { kindOf } from './decode-block.ts'
import { ConverseDecoder } from './decode-stream.ts'
import { decodeException } from './error.ts'
import type { WirePayload } from './wire.ts'

/** A whole answer, read as the stream it could have been, so that both ways give the same tokens. */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  const content = contentOf(body)
  const tokens: StreamToken[] = []
  const decoder = new ConverseDecoder(options)
  const emit = (token: StreamToken): void => {
    if (token.type === 'error') throw token.error
    tokens.push(token)
  }
  const read = (event: string, payload: WirePayload): void => {
    // Only what is unknown goes on as text.
    const unknown = isJsonObject(payload.delta) && kindOf(payload.delta) === undefined
    decoder.read(event, payload, unknown ? JSON.stringify(payload) : '', emit)
  }
  read('messageStart', {})
  for (const [contentBlockIndex, block] of content.entries()) {
    if (!isJsonObject(block)) continue
    for (const [event, payload] of eventsOf(block)) read(event, { contentBlockIndex, ...payload })
    read('contentBlockStop', { contentBlockIndex })
  }
  const { stopReason, additionalModelResponseFields, usage, trace, serviceTier } = body
  read('messageStop', { stopReason, additionalModelResponseFields } as WirePayload)
  read('metadata', { usage, trace, serviceTier } as WirePayload)
  return tokens
}

/** @throws SluiceError where there is no message, and for an error in its place */
function contentOf(body: JsonObject): Json[] {
  const message = isJsonObject(body.output) ? body.output.message : undefined
  if (isJsonObject(message) && Array.isArray(message.content)) return message.content
  if (body.output === undefined && (text(body, 'message') ?? text(body, 'Message')) !== undefined) {
    throw decodeException(text(body, '__type') ?? '', body)
  }
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no list `output.message.content`')
}

/** A block as the events that it would have come in, but for its stop. What is unknown goes on unread. */
function* eventsOf(block: JsonObject): Generator<[event: string, payload: WirePayload]> {
  const { toolUse, reasoningContent, citationsContent, image } = block
  if (isJsonObject(toolUse)) {
    const { input, ...start } = toolUse
    yield ['contentBlockStart', { start: { toolUse: start } }]
    if (input !== undefined && !isEmpty(input)) yield delta({ toolUse: { input: JSON.stringify(input) } })
  } else if (isJsonObject(reasoningContent)) {
    const { reasoningText, redactedContent } = reasoningContent
    if (isJsonObject(reasoningText)) {
      for (const [field, value] of Object.entries(reasoningText)) yield delta({ reasoningContent: { [field]: value } })
    }
    if (redactedContent !== undefined) yield delta({ reasoningContent: { redactedContent } })
  } else if (isJsonObject(citationsContent)) {
    for (const part of list(citationsContent.content)) yield delta({ text: text(part, 'text') ?? '' })
    for (const citation of list(citationsContent.citations)) yield delta({ citation })
  } else if (isJsonObject(image)) {
    yield ['contentBlockStart', { start: { image } }]
    yield delta({ image })
  } else {
    yield delta(block)
  }
}

function delta(delta: JsonObject): [event: string, payload: WirePayload] {
  return ['contentBlockDelta', { delta }]
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** An input of no arguments is none, as in a stream. */
function isEmpty(input: Json): boolean {
  return isJsonObject(input) && Object.keys(input).length === 0
}
