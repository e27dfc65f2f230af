import { type ChatRequest, isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeOutput } from './encode-output.ts'
import { encodeReasoning } from './encode-reasoning.ts'
import { encodeTools } from './encode-tools.ts'
import { Encoding, unsupported } from './encoding.ts'

/**
 * The body for a provider. Keys come in one fixed order, so that equal requests are equal to the byte and the
 * provider's prompt cache holds.
 *
 * @throws SluiceError `unsupported`
 */
export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const encoding = new Encoding(request, target)
  const { traits } = target
  const body: JsonObject = { model: target.model, messages: encodeMessages(request, encoding) as Json[] }
  if (request.stream || traits.streamOnly) {
    body.stream = true
    if (traits.streamUsage !== false) body.stream_options = { include_usage: true }
  }
  encodeLength(request, encoding, body)
  encodeSampling(request, encoding, body)
  Object.assign(body, encodeTools(encoding))
  encodeOutput(encoding, body)
  Object.assign(body, encodeReasoning(encoding))
  encodeSteering(request, encoding, body)
  return encoding.encoded(inItsNames({ ...body, ...extraFields(encoding, body) }, encoding), {})
}

/** The body with the names that the server has for its fields, and without those that it refuses. */
function inItsNames(body: JsonObject, encoding: Encoding): JsonObject {
  const { drops = [], renames = {}, defaults = {}, streamUsage, fields, modelChoice } = encoding.target.traits
  if (streamUsage === false) delete body.stream_options
  for (const key of drops) {
    if (!Object.hasOwn(body, key)) continue
    delete body[key]
    encoding.dropped(key, 'this provider takes no such field')
  }
  // As entries, since a field may be called `__proto__`.
  const sent: Array<[string, Json | undefined]> = []
  for (const [key, value] of Object.entries(body)) {
    const name = Object.hasOwn(renames, key) ? (renames[key] as string) : key
    if (!fields || fields.includes(name) || (body.stream && streamFields.has(key))) sent.push([name, value])
    else encoding.dropped(key, 'this provider takes few fields, and this is none of them')
  }
  const named: JsonObject = Object.fromEntries(sent)
  if (modelChoice !== undefined && isJsonObject(named[modelChoice])) delete named.model
  return { ...defaults, ...named }
}

const streamFields: ReadonlySet<string> = new Set(['stream', 'stream_options'])

function encodeLength(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const { traits } = encoding.target
  let { maxOutput } = request
  if (maxOutput !== undefined) {
    if (traits.maxOutput !== undefined && maxOutput > traits.maxOutput) {
      encoding.changed('max_tokens', `the model's largest answer is ${traits.maxOutput} tokens`)
      maxOutput = traits.maxOutput
    }
    // Anthropic's way to fill the cache and answer nothing; here an answer has one token at least.
    if (maxOutput < 1) {
      encoding.changed('max_tokens', 'this API gives no empty answers, so it asks for one token')
      maxOutput = 1
    }
    body[traits.maxTokensField ?? 'max_tokens'] = maxOutput
  }
  if (request.choices !== undefined) {
    if (!traits.oneChoice) body.n = request.choices
    else if (request.choices > 1) unsupported('n', 'this provider gives one answer to a question')
  }
  if (request.stop === undefined || request.stop.length === 0) return
  const most = traits.maxStops ?? (encoding.own ? request.stop.length : 4)
  if (most === 0) unsupported('stop', 'this model takes no stop sequences')
  body.stop = request.stop.slice(0, most)
  if (request.stop.length > most) {
    encoding.changed('stop', `only the first ${most} of the stop sequences can be sent`)
  }
}

function encodeSampling(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const { sampling } = request
  const refused = encoding.target.traits.sampling === false
  const fields = {
    temperature: refused ? sampling.temperature : temperature(encoding),
    top_p: sampling.topP,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
  }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (refused) encoding.dropped(key, 'the model takes no sampling settings')
    else body[key] = value
  }
  if (sampling.topK !== undefined) {
    // Not in OpenAI's API, but compatible servers take it from clients that know them.
    if (encoding.takes('top_k') && !refused) body.top_k = sampling.topK
    else encoding.dropped('top_k', 'this API has no such field')
  }
  if (sampling.seed !== undefined) body.seed = sampling.seed
  if (sampling.logitBias) body.logit_bias = sampling.logitBias
  if (sampling.logprobs !== undefined) body.logprobs = sampling.logprobs
  if (sampling.topLogprobs !== undefined) body.top_logprobs = sampling.topLogprobs
}

function temperature(encoding: Encoding): number | undefined {
  const asked = encoding.request.sampling.temperature
  const { min = 0, max = Number.POSITIVE_INFINITY } = encoding.target.traits.temperature ?? {}
  if (asked === undefined || (asked >= min && asked <= max)) return asked
  const moved = asked < min ? min : max
  encoding.changed('temperature', `this provider takes none ${asked < min ? 'below' : 'above'} ${moved}`)
  return moved
}

/** What steers quality, cost or bookkeeping and does not change what the answer is. */
function encodeSteering(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const tier = request.serviceTier === 'standard_only' ? 'default' : request.serviceTier
  const fields = { verbosity: request.verbosity, metadata: request.metadata, service_tier: tier }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (encoding.takes(key as keyof typeof fields)) body[key] = value
    else encoding.dropped(key, 'not known to every compatible server')
  }
  if (request.user === undefined) return
  if (encoding.target.traits.openaiExtras !== true) {
    body.user = request.user
  } else if (request.user.length <= 128) {
    body.safety_identifier = request.user
  } else {
    body.safety_identifier = hash(request.user)
    encoding.changed('user', 'longer than 128 characters, so a hash stands for it')
  }
}

/** The fields that only the client's dialect knows, over what has been written of them. */
function extraFields(encoding: Encoding, body: JsonObject): JsonObject {
  const entries = Object.entries(encoding.request.extra.fields)
  if (!encoding.own) {
    for (const [key] of entries) encoding.dropped(key, 'only the API of the client knows it')
    return {}
  }
  const sent = entries.filter(([key]) => key !== 'stream_options' || body.stream)
  return Object.fromEntries(
    sent.map(([key, value]) => {
      const written = body[key]
      return [key, isJsonObject(written) && isJsonObject(value) ? { ...value, ...written } : value]
    }),
  )
}
