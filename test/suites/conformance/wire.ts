import type { DecodeOptions, EncodeOptions, Warning } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { join } from '../../../src/flow/index.ts'
import { writeAwsEvent } from '../../../src/framing/index.ts'
import { type EventFraming, eventParser, isWholeData } from '../../../src/pipeline/index.ts'
import type { SseEvent, SseMessage } from '../../../src/sse/index.ts'
import {
  type ChatReply,
  type ChatRequest,
  fold,
  grammar,
  type JsonObject,
  type StreamToken,
} from '../../../src/tokens/index.ts'
import { checkWire } from '../../fixtures/check-wire.ts'
import { converseBody, converseError, converseEvents, readConverse } from './converse.ts'
import { clientDialect, clientNames, targetOf, upstreamDialect } from './parties.ts'

/** The client's half of a language is also what its provider says; without one somebody has to lend it a voice. */
function isClientLanguage(name: string): boolean {
  if (clientNames.includes(name)) return true
  if (name === 'bedrock-converse') return false
  throw new Error(`nobody can play a provider of ${name}: give it a voice beside that of converse.ts`)
}

const options: EncodeOptions = {
  requestId: 'req_1',
  model: 'asked-for',
  created: 1_790_000_000,
  includeUsage: true,
  startedAt: 1_790_000_000_000,
  now: () => 1_790_000_001_500,
}

export interface Disturbance {
  /** An event that nobody knows stands behind the first. */
  unknownEvent?: boolean
  /** The connection ends in the middle of this share of the bytes. */
  keep?: number
}

/** The bytes of an answer as a provider of the language sends them. */
export function providerStream(
  name: string,
  tokens: readonly StreamToken[],
  { unknownEvent, keep }: Disturbance,
): Uint8Array {
  const spoken = isClientLanguage(name) ? events(name, tokens, {}) : converseEvents(tokens)
  const pieces = [...spoken]
  if (unknownEvent) pieces.splice(1, 0, unknown(name))
  const whole = bytesOf(pieces)
  return keep === undefined ? whole : whole.subarray(0, Math.floor(whole.length * keep))
}

function unknown(name: string): string | Uint8Array {
  const data = JSON.stringify({ type: 'brand.new', brandNew: { a: 1 } })
  if (isClientLanguage(name)) return clientDialect(name).client.framing().write({ event: 'brand.new', data })
  return writeAwsEvent(
    { ':event-type': 'brandNew', ':content-type': 'application/json', ':message-type': 'event' },
    data,
  )
}

/** What a client of the language is sent, held against its strict grammar. @throws Error that says what is wrong */
export function clientStream(
  name: string,
  tokens: readonly StreamToken[],
  kept: JsonObject | undefined,
  onWarning: (warning: Warning) => void,
): Uint8Array {
  const more = kept && { kept }
  const bytes = bytesOf(events(name, tokens, { ...more, onWarning }))
  // An event that nobody knows goes on to its own language as it is: no grammar can speak of it.
  const known = tokens.filter((token) => token.type !== 'raw' || token.dialect !== name)
  const { outcome } = checkWire(name, known.length < tokens.length ? bytesOf(events(name, known, { ...more })) : bytes)
  if (tokens.at(-1)?.type === 'error' && outcome !== 'error') throw new Error('a failure is told as a good end')
  return bytes
}

function events(
  name: string,
  tokens: readonly StreamToken[],
  more: Partial<EncodeOptions>,
): Array<string | Uint8Array> {
  const { client } = clientDialect(name)
  const framing = client.framing()
  const stage = client.encodeStream({ ...options, ...shown(name), ...more })
  const found: string[] = []
  const emit = (message: SseMessage): void => {
    found.push(framing.write(message))
  }
  for (const token of tokens) {
    if (token.type === 'error') stage.fail?.(token.error, emit)
    else stage.push(token, emit)
  }
  if (tokens.at(-1)?.type !== 'error') stage.end?.(emit)
  found.push(framing.close())
  return found
}

/** A provider shows its thoughts; whether a client sees them is for its own request to say. */
function shown(name: string): { kept?: JsonObject } {
  return name === 'gemini' ? { kept: { includeThoughts: true } } : {}
}

function bytesOf(pieces: ReadonlyArray<string | Uint8Array>): Uint8Array {
  const parts = pieces.map((piece) => (typeof piece === 'string' ? new TextEncoder().encode(piece) : piece))
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The tokens of a stream that arrives in pieces of awkward sizes. The grammar stands behind the decoder. */
export function readStream(
  name: string,
  bytes: Uint8Array,
  by: 'provider' | 'client',
  more: Partial<DecodeOptions>,
): StreamToken[] {
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const { vendor, family } = targetOf(name)
  const stage = join(upstreamDialect(name).upstream.decodeStream({ vendor, family, ...more }), grammar())
  const parser = eventParser(framingOf(name, by), { flushTail: true })
  const take = (event: SseEvent): void => {
    if (tokens.at(-1)?.type !== 'error') stage.push(event, emit)
  }
  for (const piece of torn(bytes)) parser.push(piece, take)
  // As the gateway does: a torn event at the end is a truncation, not a wrong event.
  try {
    parser.end((event) => {
      if (isWholeData(event.data)) take(event)
    })
  } catch (error) {
    if (!SluiceError.is(error) || error.code !== 'upstream_truncated') throw error
  }
  if (tokens.at(-1)?.type !== 'error') stage.end?.(emit)
  return tokens
}

function framingOf(name: string, by: 'provider' | 'client'): EventFraming {
  if (by === 'client' || isClientLanguage(name)) return clientDialect(name).client.framing().name
  return upstreamDialect(name).upstream.framings?.[0] ?? 'sse'
}

/** Odd sizes that tear lines, characters and the frames of binary events. */
function* torn(bytes: Uint8Array): Generator<Uint8Array> {
  const sizes = [1, 2, 3, 5, 7, 11, 1, 13, 64]
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

export function providerReply(name: string, reply: ChatReply): JsonObject {
  if (!isClientLanguage(name)) return converseBody(reply)
  return clientDialect(name).client.encodeReply(reply, { ...options, ...shown(name) })
}

export function clientReply(
  name: string,
  reply: ChatReply,
  kept: JsonObject | undefined,
  onWarning: (warning: Warning) => void,
): JsonObject {
  return clientDialect(name).client.encodeReply(reply, { ...options, ...(kept && { kept }), onWarning })
}

/** A whole answer, over the wire. */
export function readReply(name: string, body: JsonObject, more: Partial<DecodeOptions>): ChatReply {
  const { vendor, family } = targetOf(name)
  return fold(upstreamDialect(name).upstream.decodeReply(overWire(body), { vendor, family, ...more }))
}

export function overWire(body: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject
}

/** A request as it is read by a server of the language. What its address would say stands in `address`. */
export function readRequest(name: string, body: JsonObject, address: ChatRequest): ChatRequest {
  const json = overWire(body)
  if (!isClientLanguage(name)) return readConverse(json)
  const asked = json.model === undefined ? { model: address.model, stream: address.stream } : {}
  return clientDialect(name).client.decodeRequest(json, asked)
}

/** A refusal as a provider of the language sends it. */
export function providerError(
  name: string,
  error: SluiceError,
): { status: number; text: string; headers: Record<string, string> } {
  if (!isClientLanguage(name)) return converseError(error)
  const { status, body } = clientDialect(name).client.encodeError(error, 'req_1')
  return { status, text: JSON.stringify(body), headers: {} }
}
