import { type ChatRequest, isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { splitInstructions } from '../instructions.ts'
import { mapObjectSchemas } from '../json-schema.ts'
import { refuse } from '../request-encoding.ts'
import { textBlock } from './encode-parts.ts'
import { encodeSampling, encodeThinking } from './encode-thinking.ts'
import { encodeTools } from './encode-tools.ts'
import { encodeTurns } from './encode-turns.ts'
import { cacheControl, Encoding } from './encoding.ts'
import { version } from './wire.ts'

const jsonOnly = 'Answer with one valid JSON value and nothing else: no explanation and no code fence.'

/**
 * A request for an upstream of this dialect. The keys always stand in the same order, so that two turns of one
 * conversation share their beginning to the byte and the vendor's prompt cache finds it again.
 *
 * @throws SluiceError `unsupported` with `param`
 */
export function encodeRequest(
  request: ChatRequest,
  target: Target,
  operation: 'chat' | 'count' = 'chat',
): EncodedRequest {
  const encoding = new Encoding(request, target)
  if ((request.choices ?? 1) > 1) refuse('n', 'asks for several answers, and the Messages API gives one')
  const body = placed(operation === 'count' ? prompt(encoding) : chat(encoding), target, operation)
  return encoding.encoded(body, { 'anthropic-version': version })
}

/** The path of a count names no model, so that it stands in the body everywhere. */
function placed(body: JsonObject, { traits }: Target, operation: 'chat' | 'count'): JsonObject {
  if (traits.bodyVersion === undefined) return body
  const { model, ...others } = body
  if (traits.streamInPath) delete others.stream
  return { anthropic_version: traits.bodyVersion, ...(operation === 'count' && { model: model! }), ...others }
}

/** Fields beyond the canonical model that the counting endpoint takes, too; it refuses all others. */
const counted: ReadonlySet<string> = new Set(['thinking', 'output_config', 'context_management', 'mcp_servers'])

/** What counts as prompt: all that the counting endpoint takes. */
function prompt(encoding: Encoding): JsonObject {
  const { request, target } = encoding
  const turns = conversation(encoding)
  const { thinking, effort } = encodeThinking(encoding, turns.messages)
  const body = {
    model: target.model,
    ...turns,
    ...encodeTools(encoding),
    ...(thinking && { thinking }),
    ...outputConfig(encoding, effort),
    ...cacheControl(request.cache),
  }
  return withExtra(encoding, body, counted)
}

function chat(encoding: Encoding): JsonObject {
  const { request, target } = encoding
  const turns = conversation(encoding)
  const { maxTokens, thinking, effort, on } = encodeThinking(encoding, turns.messages)
  const body: JsonObject = {
    model: target.model,
    max_tokens: maxTokens,
    ...(request.stream && { stream: true }),
    ...turns,
    ...encodeTools(encoding),
    ...(thinking && { thinking }),
    ...outputConfig(encoding, effort),
    ...encodeSampling(encoding, on),
    ...stopSequences(encoding),
    ...(request.user !== undefined && { metadata: { user_id: request.user } }),
    ...serviceTier(encoding),
    ...cacheControl(request.cache),
  }
  if (request.verbosity !== undefined) encoding.dropped('verbosity', 'the Messages API has no such field')
  if (request.metadata !== undefined) encoding.dropped('metadata', 'the Messages API keeps only the id of a user')
  return withExtra(encoding, body)
}

function conversation(encoding: Encoding): { system?: Json; messages: JsonObject[] } {
  const { request } = encoding
  const { instructions, turns } = splitInstructions(request)
  const system = instructions.map((part) => textBlock(encoding, part)).filter((block) => block !== undefined)
  if (request.output?.type === 'json') {
    system.push({ type: 'text', text: jsonOnly })
    encoding.changed('response_format', 'the wish for JSON is sent as an instruction, not enforced')
  }
  let messages = encodeTurns(encoding, turns)
  if (messages.length === 0 && system.length > 0) {
    encoding.changed('messages', 'the instructions are sent as a message, since there is no other')
    messages = [{ role: 'user', content: system.splice(0) }]
  }
  const only = system.length === 1 ? system[0] : undefined
  const plain = only && Object.keys(only).length === 2
  return { ...(system.length > 0 && { system: plain ? only.text : system }), messages }
}

function outputConfig(encoding: Encoding, effort: string | undefined): JsonObject {
  const { output } = encoding.request
  if (effort === undefined && output?.type !== 'json-schema') return {}
  return {
    output_config: {
      ...(effort !== undefined && { effort }),
      ...(output?.type === 'json-schema' && {
        format: { type: 'json_schema', schema: encoding.own ? output.schema : closed(encoding, output.schema) },
      }),
    },
  }
}

/** The API takes only schemas whose objects are closed, also where others leave that to the client. */
function closed(encoding: Encoding, schema: JsonObject): JsonObject {
  const closing = mapObjectSchemas(schema, (one) =>
    one.additionalProperties === false ? one : { ...one, additionalProperties: false },
  )
  if (closing !== schema) {
    encoding.changed('response_format', 'objects of the schema are closed: this API takes no open ones')
  }
  return closing
}

function stopSequences(encoding: Encoding): JsonObject {
  const { stop } = encoding.request
  if (!stop) return {}
  const legal = stop.filter((text) => text.trim() !== '')
  if (legal.length < stop.length) encoding.dropped('stop', 'the Messages API takes no stop sequence of white space')
  return legal.length > 0 ? { stop_sequences: legal } : {}
}

function serviceTier(encoding: Encoding): JsonObject {
  const { serviceTier: tier } = encoding.request
  if (tier === undefined) return {}
  const word = tier === 'auto' ? tier : 'standard_only'
  if (word !== tier) encoding.changed('service_tier', `"${tier}" is sent as ${word}`)
  return { service_tier: word }
}

/** The fields that no dialect but the client's knows: sent on to the same dialect, reported for any other. */
function withExtra(encoding: Encoding, body: JsonObject, only?: ReadonlySet<string>): JsonObject {
  const { fields, dialect } = encoding.request.extra
  if (!encoding.own) {
    for (const field of Object.keys(fields)) encoding.dropped(field, `only ${dialect} knows it`)
    return body
  }
  const sent = Object.entries(fields).filter(([field]) => !only || only.has(field))
  const own = sent.map(([field, value]) => {
    const written = body[field]
    return [field, isJsonObject(written) && isJsonObject(value) ? { ...written, ...value } : value] as const
  })
  return { ...body, ...Object.fromEntries(own) }
}
