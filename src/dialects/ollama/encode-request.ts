import type { ChatRequest, Json, JsonObject, Sampling } from '../../tokens/index.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { isSet } from '../lost-fields.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeTools } from './encode-tools.ts'
import { Encoding, unsupported } from './encoding.ts'

/**
 * The body for `/api/chat`. Keys come in one fixed order, so that equal requests are equal to the byte and the server
 * finds the beginning of the conversation in its cache.
 *
 * @throws SluiceError `unsupported`
 */
export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const encoding = new Encoding(request, target)
  if ((request.choices ?? 1) > 1) unsupported('n', '`n` asks for several answers, and this API gives one')
  const format = encodeFormat(encoding)
  const think = encodeThink(encoding)
  const { logprobs, topLogprobs } = request.sampling
  const options = encodeOptions(encoding)
  dropSteering(encoding)
  return encoding.encoded(
    {
      model: target.model,
      messages: encodeMessages(encoding) as Json[],
      ...encodeTools(encoding),
      // Left out it would mean a stream.
      stream: request.stream,
      ...(format !== undefined && { format }),
      ...(think !== undefined && { think }),
      ...(Object.keys(options).length > 0 && { options }),
      ...(logprobs !== undefined && { logprobs }),
      ...(topLogprobs !== undefined && { top_logprobs: topLogprobs }),
      ...extraFields(encoding),
    },
    {},
  )
}

function encodeFormat({ request: { output } }: Encoding): Json | undefined {
  if (!output) return undefined
  return output.type === 'json' ? 'json' : output.schema
}

const levels = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'max', max: 'max' } as const

/** Most models think or do not; a step is refused by all but those that know them. */
function encodeThink(encoding: Encoding): Json | undefined {
  const { reasoning } = encoding.request
  if (!reasoning) return undefined
  const { effort, budget, adaptive } = reasoning
  const { think } = encoding.target.traits
  const off = effort === 'none' || budget === 0
  if (effort === undefined && budget === undefined && !adaptive) return undefined
  if (think === 'never') {
    if (!off) encoding.dropped('reasoning', 'the model does not think')
    return undefined
  }
  if (off) return false
  if (budget !== undefined) encoding.dropped('reasoning.budget', 'this API takes no count of tokens to think with')
  if (effort === undefined) return true
  if (think === 'levels' || encoding.own) return levels[effort]
  encoding.changed('reasoning_effort', 'the model thinks or does not, so the step is left out')
  return true
}

function encodeOptions(encoding: Encoding): JsonObject {
  const { request, target, own } = encoding
  const { sampling, maxOutput, stop } = request
  const given = own && isObject(request.extra.fields.options) ? request.extra.fields.options : {}
  const most = target.traits.maxOutput
  const beyond = maxOutput !== undefined && most !== undefined && maxOutput > most
  if (beyond) encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
  // Anthropic's way to fill the cache and answer nothing; 0 has no meaning here.
  if (maxOutput === 0) encoding.changed('max_tokens', 'this API gives no empty answers, so it asks for one token')
  const options: Record<string, Json | undefined> = {
    num_ctx: target.traits.numCtx,
    num_predict: maxOutput === undefined ? undefined : beyond ? most : Math.max(1, maxOutput),
    ...samplingOptions(sampling),
    stop: stop && stop.length > 0 ? stop : undefined,
    // What the client says itself outranks what is known of the model.
    ...given,
  }
  for (const key of Object.keys(options)) if (options[key] === undefined) delete options[key]
  if (sampling.logitBias) encoding.dropped('logit_bias', 'this API has no such field')
  return options
}

function samplingOptions(sampling: Sampling): Record<string, number | undefined> {
  return {
    temperature: sampling.temperature,
    top_k: sampling.topK,
    top_p: sampling.topP,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
  }
}

/** What steers cost or bookkeeping has no place here. */
function dropSteering(encoding: Encoding): void {
  const { request } = encoding
  encoding.lacks('this API has no such field', {
    user: request.user,
    metadata: request.metadata,
    service_tier: request.serviceTier,
    verbosity: request.verbosity,
  })
}

/** What only the form with a prompt knows, and what cannot be said with messages. */
const promptOnly = ['suffix', 'template', 'context', 'raw', 'system', 'prompt']

/** The fields that only the client's dialect knows. */
function extraFields(encoding: Encoding): JsonObject {
  const { fields } = encoding.request.extra
  if (!encoding.own) {
    for (const key of Object.keys(fields)) encoding.dropped(key, 'only the API of the client knows it')
    return {}
  }
  for (const key of promptOnly) {
    if (isSet(fields[key])) unsupported(key, `\`${key}\` cannot be said in the messages that this request became`)
  }
  const { options: _, ...rest } = fields
  return rest
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
