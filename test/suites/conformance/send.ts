import type { EncodedRequest, Warning } from '../../../src/dialects/index.ts'
import type { ChatRequest, JsonObject } from '../../../src/tokens/index.ts'
import type { Form } from './feature.ts'
import { clientDialect, clientTarget, targetOf, upstreamDialect } from './parties.ts'
import { overWire, readRequest } from './wire.ts'

/** A request that only says hello, with more in it. */
export function requestOf(client: string, form: Form, more: Partial<ChatRequest>): ChatRequest {
  return {
    model: 'asked-for',
    stream: form === 'streamed',
    system: [],
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
    tools: [],
    sampling: {},
    extra: { dialect: client, fields: {} },
    ...structuredClone(more),
  }
}

export interface Sent {
  /** What the client's server reads of it. */
  read: ChatRequest
  /** What the encoders of the answer want to know. */
  kept: JsonObject | undefined
  encoded: EncodedRequest
  warnings: Warning[]
}

/** The body that a client of the language writes. */
export function bodyOf(
  client: string,
  request: ChatRequest,
  edit = (body: JsonObject): JsonObject => body,
): JsonObject {
  return edit(overWire(upstreamDialect(client).upstream.encodeRequest(request, clientTarget(client)).body))
}

/** Decode, leave, encode: what the gateway does with a body. @throws SluiceError `unsupported` */
export function send(
  client: string,
  upstream: string,
  body: JsonObject,
  address: ChatRequest,
  restore?: (request: ChatRequest) => void,
): Sent {
  const side = clientDialect(client).client
  const request = readRequest(client, body, address)
  restore?.(request)
  const read = structuredClone(request)
  const left = client === upstream ? [] : (side.leave?.(request) ?? [])
  const encoded = upstreamDialect(upstream).upstream.encodeRequest(request, targetOf(upstream))
  const asked = body.model === undefined ? { model: address.model, stream: address.stream } : {}
  return { read, kept: side.keep?.(overWire(body), asked), encoded, warnings: [...left, ...encoded.warnings] }
}
