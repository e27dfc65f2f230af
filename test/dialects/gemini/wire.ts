import type { DecodeOptions, EncodeOptions, Warning } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini/index.ts'
import { collect, join } from '../../../src/flow/index.ts'
import { type ChatRequest, grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'

export const { client, upstream } = gemini
export const home: DecodeOptions = { vendor: 'google', family: 'gemini' }

export function encodeOptions(more: Partial<EncodeOptions> = {}): EncodeOptions {
  return { requestId: 'req1', model: 'asked', created: 0, includeUsage: true, kept: { includeThoughts: true }, ...more }
}

/** The chunks that a client is sent for tokens. */
export function chunksOf(tokens: Iterable<StreamToken>, more: Partial<EncodeOptions> = {}): JsonObject[] {
  return collect(client.encodeStream(encodeOptions(more)), tokens).map(({ data }) => JSON.parse(data) as JsonObject)
}

/** The tokens of chunks, in legal order. */
export function tokensOf(chunks: readonly JsonObject[], options: DecodeOptions = home): StreamToken[] {
  const events = chunks.map((chunk) => ({ event: 'message', data: JSON.stringify(chunk), id: '', end: 0 }))
  return collect(join(upstream.decodeStream(options), grammar()), events)
}

export function partsOf(chunk: JsonObject, index = 0): JsonObject[] {
  const candidates = (chunk.candidates ?? []) as JsonObject[]
  const candidate = candidates.find((one) => one.index === index)
  return ((candidate?.content as JsonObject | undefined)?.parts ?? []) as JsonObject[]
}

export function request(body: JsonObject): ChatRequest {
  return client.decodeRequest(body, { model: 'm' })
}

/** What goes to the provider, and what the client is told of losses. */
export function sent(
  ask: ChatRequest,
  { family = 'gemini', vendor = 'google', traits = {} }: { family?: string; vendor?: string; traits?: object } = {},
): { body: JsonObject; warnings: Warning[]; toolNames: ReadonlyMap<string, string> | undefined } {
  const { body, warnings, toolNames } = upstream.encodeRequest(ask, { model: 'up', vendor, family, traits })
  return { body, warnings, toolNames }
}
