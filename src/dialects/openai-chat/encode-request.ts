import {
  type ChatRequest,
  isJsonObject,
  type Json,
  type JsonObject,
  type ReasoningOptions,
} from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { effortOf } from '../effort.ts'
import { mapObjectSchemas } from '../json-schema.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeTools } from './encode-tools.ts'
import { Encoding } from './encoding.ts'

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
  if (request.stream) {
    body.stream = true
    if (traits.streamUsage !== false) body.stream_options = { include_usage: true }
  }
  encodeLength(request, encoding, body)
  encodeSampling(request, encoding, body)
  Object.assign(body, encodeTools(encoding))
  encodeOutput(encoding, body)
  if (request.reasoning) Object.assign(body, encodeReasoning(request.reasoning, encoding.own))
  encodeSteering(request, encoding, body)
  return encoding.encoded({ ...body, ...extraFields(encoding, body) }, {})
}

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
  if (request.choices !== undefined) body.n = request.choices
  if (request.stop === undefined || request.stop.length === 0) return
  body.stop = encoding.own ? request.stop : request.stop.slice(0, 4)
  if (request.stop.length > 4 && !encoding.own) {
    encoding.changed('stop', 'only the first four stop sequences are taken')
  }
}

function encodeSampling(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const { sampling } = request
  const refused = encoding.target.traits.sampling === false
  const fields = {
    temperature: sampling.temperature,
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
    if (encoding.own && !refused) body.top_k = sampling.topK
    else encoding.dropped('top_k', 'this API has no such field')
  }
  if (sampling.seed !== undefined) body.seed = sampling.seed
  if (sampling.logitBias) body.logit_bias = sampling.logitBias
  if (sampling.logprobs !== undefined) body.logprobs = sampling.logprobs
  if (sampling.topLogprobs !== undefined) body.top_logprobs = sampling.topLogprobs
}

function encodeOutput(encoding: Encoding, body: JsonObject): void {
  const { output } = encoding.request
  if (!output) return
  if (output.type === 'json') {
    body.response_format = { type: 'json_object' }
    return
  }
  const { schema, name, description, strict } = output
  const kept = encoding.own || !strict || takesStrict(schema)
  if (!kept) encoding.changed('response_format', 'the schema is not enforced: it has optional or open properties')
  body.response_format = {
    type: 'json_schema',
    json_schema: {
      name: name ?? 'answer',
      ...(description !== undefined && { description }),
      schema,
      ...(strict !== undefined && kept && { strict }),
    },
  }
}

/** `strict` wants objects closed and every property required, which other APIs that enforce schemas do not. */
function takesStrict(schema: JsonObject): boolean {
  let takes = true
  mapObjectSchemas(schema, (one) => {
    const required = Array.isArray(one.required) ? one.required : []
    const names = isJsonObject(one.properties) ? Object.keys(one.properties) : []
    if (one.additionalProperties !== false || names.some((name) => !required.includes(name))) takes = false
    return one
  })
  return takes
}

function encodeReasoning(reasoning: ReasoningOptions, own: boolean): JsonObject {
  const { effort, budget, visible, adaptive } = reasoning
  // Only the object `reasoning` of a client of this dialect can have said these.
  if (own && (budget !== undefined || visible !== undefined || adaptive)) {
    return {
      reasoning: {
        ...(effort !== undefined && { effort }),
        ...(adaptive && { enabled: true }),
        ...(budget !== undefined && { max_tokens: budget }),
        ...(visible !== undefined && { exclude: !visible }),
      },
    }
  }
  const step = effort ?? (budget === undefined ? undefined : effortOf(budget))
  return step === undefined ? {} : { reasoning_effort: step }
}

/** What steers quality, cost or bookkeeping and does not change what the answer is. */
function encodeSteering(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const tier = request.serviceTier === 'standard_only' ? 'default' : request.serviceTier
  const fields = { verbosity: request.verbosity, metadata: request.metadata, service_tier: tier }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (encoding.extras) body[key] = value
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
