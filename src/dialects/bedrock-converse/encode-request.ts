import { type ChatRequest, isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { splitInstructions } from '../instructions.ts'
import { mapObjectSchemas } from '../json-schema.ts'
import { refuse } from '../request-encoding.ts'
import { encodeNative } from './encode-native.ts'
import { textBlock } from './encode-parts.ts'
import { encodeTools } from './encode-tools.ts'
import { encodeTurns } from './encode-turns.ts'
import { Encoding } from './encoding.ts'
import { passedFields } from './wire.ts'

const jsonOnly = 'Answer with one valid JSON value and nothing else: no explanation and no code fence.'

/**
 * A request for an upstream of this dialect; the model and the wish for a stream stand in its address. The keys always
 * stand in the same order, so that two turns of one conversation share their beginning to the byte and the vendor's
 * prompt cache finds it again.
 *
 * @throws SluiceError `unsupported` with `param`
 */
export function encodeRequest(
  request: ChatRequest,
  target: Target,
  operation: 'chat' | 'count' = 'chat',
): EncodedRequest {
  const encoding = new Encoding(request, target)
  if ((request.choices ?? 1) > 1) refuse('n', 'asks for several answers, and the Converse API gives one')
  const { system, messages } = conversation(encoding)
  const prompt = { ...(system.length > 0 && { system }), messages, ...encodeTools(encoding, messages) }
  if (operation === 'count') return encoding.encoded({ input: { converse: prompt } }, {})
  const { fields, thinks } = encodeNative(encoding, messages)
  const body = {
    ...prompt,
    ...inferenceConfig(encoding, thinks),
    ...outputConfig(encoding),
    ...(Object.keys(fields).length > 0 && { additionalModelRequestFields: fields }),
    ...stopWord(encoding),
    ...serviceTier(encoding),
    ...requestMetadata(encoding),
  }
  encoding.lacks('the Converse API has no such field', { verbosity: request.verbosity, user: request.user })
  return encoding.encoded(withExtra(encoding, body), {})
}

function conversation(encoding: Encoding): { system: JsonObject[]; messages: JsonObject[] } {
  const { instructions, turns } = splitInstructions(encoding.request)
  const system = instructions.flatMap(({ text, cache }) => {
    const block = textBlock(text)
    return block ? [block, ...encoding.cachePoint(cache)] : []
  })
  if (encoding.request.output?.type === 'json') {
    system.push({ text: jsonOnly })
    encoding.changed('response_format', 'the wish for JSON is sent as an instruction, not enforced')
  }
  let messages = encodeTurns(encoding, turns)
  if (messages.length === 0 && system.length > 0) {
    encoding.changed('messages', 'the instructions are sent as a message, since there is no other')
    messages = [{ role: 'user', content: system.splice(0) }]
  }
  const last = messages.at(-1)
  if (last?.role === 'user') {
    const content = last.content as JsonObject[]
    if (content.at(-1)?.cachePoint === undefined) content.push(...encoding.cachePoint(encoding.request.cache))
  }
  return { system, messages }
}

function inferenceConfig(encoding: Encoding, thinks: boolean): JsonObject {
  const { request, target } = encoding
  const { sampling } = request
  const { traits } = target
  const config: JsonObject = {}
  if (request.maxOutput !== undefined) {
    const most = traits.maxOutput
    config.maxTokens = request.maxOutput
    if (most !== undefined && request.maxOutput > most) {
      encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
      config.maxTokens = most
    }
  }
  for (const [field, wire, value] of [
    ['temperature', 'temperature', sampling.temperature],
    ['top_p', 'topP', sampling.topP],
  ] as const) {
    if (value === undefined) continue
    if (traits.sampling === false) {
      encoding.dropped(field, 'the model takes no sampling parameters')
    } else if (thinks && (field === 'temperature' ? value !== 1 : value < 0.95)) {
      encoding.dropped(field, 'the model does not take it while it thinks')
    } else if (field === 'top_p' && traits.sampling === 'one' && config.temperature !== undefined) {
      encoding.dropped(field, 'the model takes a temperature or this, not both')
    } else if (value > 1) {
      encoding.changed(field, `${value} is over the highest, which is 1`)
      config[wire] = 1
    } else {
      config[wire] = value
    }
  }
  encoding.lacks('the Converse API has no such field', {
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
  })
  const stop = stopSequences(encoding)
  if (stop.length > 0) config.stopSequences = stop
  return Object.keys(config).length > 0 ? { inferenceConfig: config } : {}
}

function stopSequences({ request }: Encoding): string[] {
  return (request.stop ?? []).filter((text) => text.trim() !== '')
}

/** Which text ended the answer only some models say, among their own fields, and only when they are asked. */
function stopWord(encoding: Encoding): JsonObject {
  const { request, target } = encoding
  const stop = stopSequences(encoding)
  if (request.stop && stop.length < request.stop.length) {
    encoding.dropped('stop', 'the Converse API takes no stop sequence of white space')
  }
  if (target.traits.nativeFields !== 'anthropic' || stop.length === 0) return {}
  return { additionalModelResponseFieldPaths: [request.stream ? '/delta/stop_sequence' : '/stop_sequence'] }
}

function outputConfig(encoding: Encoding): JsonObject {
  const { output } = encoding.request
  if (output?.type !== 'json-schema') return {}
  const { name, description } = output
  const jsonSchema = {
    schema: JSON.stringify(closed(encoding, output.schema)),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  }
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } }
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

const tiers: ReadonlySet<string> = new Set(['default', 'priority', 'flex'])

function serviceTier(encoding: Encoding): JsonObject {
  const { serviceTier: tier } = encoding.request
  if (tier === undefined || tier === 'auto') return {}
  if (tiers.has(tier)) return { serviceTier: { type: tier } }
  encoding.dropped('service_tier', `the Converse API does not know "${tier.slice(0, 40)}"`)
  return {}
}

const metadataText = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/

function requestMetadata(encoding: Encoding): JsonObject {
  const entries = Object.entries(encoding.request.metadata ?? {})
  if (entries.length === 0) return {}
  if (entries.length <= 16 && entries.flat().every((text) => metadataText.test(text))) {
    return { requestMetadata: Object.fromEntries(entries) }
  }
  encoding.dropped('metadata', 'the Converse API takes at most 16 short entries of few characters')
  return {}
}

/** Fields that no dialect but the client's knows are reported; those that are this API's own go on. */
function withExtra(encoding: Encoding, body: JsonObject): JsonObject {
  const { fields, dialect } = encoding.request.extra
  const all = { ...body }
  for (const [field, value] of Object.entries(fields)) {
    if (!passedFields.has(field)) encoding.dropped(field, `only ${dialect} knows it`)
    else if (isJsonObject(all[field]) && isJsonObject(value)) all[field] = { ...all[field], ...value }
    else all[field] = value
  }
  return all
}
