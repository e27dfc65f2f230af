import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions } from '../dialect.ts'
import { PartDecoder } from './decode-stream.ts'
import type { WirePart } from './wire.ts'

/** A whole answer, read as the stream it could have been, so that both ways give the same tokens. */
export function decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[] {
  const { content, response } = body
  if (!Array.isArray(content)) {
    throw new SluiceError('upstream_protocol', 'cannot read the answer: it has no list `content`')
  }
  const tokens: StreamToken[] = []
  const decoder = new PartDecoder(options, false)
  const emit = (token: StreamToken): void => {
    if (token.type === 'error') throw token.error
    tokens.push(token)
  }
  const read = (part: WirePart): void => decoder.read(part, '', emit)
  if (isJsonObject(response)) {
    const { id, modelId, timestamp } = response
    read({ type: 'response-metadata', id, modelId, timestamp } as WirePart)
  }
  for (const [index, part] of content.entries()) {
    if (isJsonObject(part)) for (const one of partsOf(part, String(index))) read(one)
  }
  read({ ...body, type: 'finish' })
  return tokens
}

/** A piece of content as the parts that it would have come in. */
function partsOf(part: JsonObject, id: string): WirePart[] {
  const { type, text, citations, providerMetadata } = part
  if (type !== 'text' && type !== 'reasoning') return [part as WirePart]
  const end = { type: `${type}-end`, id, ...(citations !== undefined && { citations }) }
  return [
    { type: `${type}-start`, id },
    { type: `${type}-delta`, id, delta: typeof text === 'string' ? text : '' },
    { ...end, ...(providerMetadata !== undefined && { providerMetadata }) },
  ]
}
