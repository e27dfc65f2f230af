import { type ChatRequest, isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { effortOf } from '../effort.ts'
import { takesStrict } from '../json-schema.ts'
import { refuse } from '../request-encoding.ts'
import { encodeItems } from './encode-items.ts'
import { encodeTools } from './encode-tools.ts'
import { Encoding } from './encoding.ts'

/**
 * The body for a provider. Keys come in one fixed order, so that equal requests are equal to the byte and the
 * provider's prompt cache holds.
 *
 * @throws SluiceError `unsupported`
 */
export function encodeRequest(
  request: ChatRequest,
  target: Target,
  operation: 'chat' | 'count' = 'chat',
): EncodedRequest {
  const encoding = new Encoding(request, target)
  if ((request.choices ?? 1) > 1) refuse('n', 'asks for several answers, and the Responses API gives one')
  const body: JsonObject = { model: target.model, ...instructions(encoding), input: encodeItems(encoding) }
  Object.assign(body, encodeTools(encoding), encodeText(encoding), encodeReasoning(encoding))
  if (operation === 'chat') {
    if (request.stream) body.stream = true
    encodeLength(encoding, body)
    encodeSampling(encoding, body)
    encodeSteering(encoding, body)
    if (!encoding.own) encodeState(encoding, body)
  }
  return encoding.encoded({ ...body, ...extraFields(encoding, body, operation) }, {})
}

function instructions({ request }: Encoding): JsonObject {
  const said = request.system.map((part) => part.text).filter((text) => text !== '')
  return said.length === 0 ? {} : { instructions: said.join('\n\n') }
}

function encodeLength(encoding: Encoding, body: JsonObject): void {
  const { request, target } = encoding
  let { maxOutput } = request
  if (request.stop && request.stop.length > 0) refuse('stop', 'holds stop sequences, and the Responses API has none')
  if (maxOutput === undefined) return
  const most = target.traits.maxOutput
  if (most !== undefined && maxOutput > most && !encoding.own) {
    encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
    maxOutput = most
  }
  if (maxOutput < 16 && !encoding.own) {
    encoding.changed('max_tokens', 'the Responses API takes no ceiling below 16 tokens')
    maxOutput = 16
  }
  body.max_output_tokens = maxOutput
}

function encodeSampling(encoding: Encoding, body: JsonObject): void {
  const { sampling } = encoding.request
  for (const [field, value] of [
    ['temperature', sampling.temperature],
    ['top_p', sampling.topP],
    ['top_logprobs', sampling.topLogprobs],
  ] as const) {
    if (value === undefined) continue
    if (encoding.target.traits.sampling === false && field !== 'top_logprobs') {
      encoding.dropped(field, 'the model takes no sampling settings')
    } else {
      body[field] = value
    }
  }
  encoding.lacks('the Responses API has no such field', {
    top_k: sampling.topK,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
  })
}

function encodeText(encoding: Encoding): JsonObject {
  const { output, verbosity } = encoding.request
  const text: JsonObject = {}
  if (output?.type === 'json') text.format = { type: 'json_object' }
  if (output?.type === 'json-schema') {
    const { schema, name, description, strict } = output
    const kept = encoding.own || !strict || takesStrict(schema)
    if (!kept) encoding.changed('response_format', 'the schema is not enforced: it has optional or open properties')
    text.format = {
      type: 'json_schema',
      name: name ?? 'answer',
      ...(description !== undefined && { description }),
      schema,
      ...(strict !== undefined && { strict: strict && kept }),
    }
  }
  if (verbosity !== undefined) {
    if (encoding.extras) text.verbosity = verbosity
    else encoding.dropped('verbosity', 'not known to every compatible server')
  }
  return Object.keys(text).length === 0 ? {} : { text }
}

function encodeReasoning({ request, own }: Encoding): JsonObject {
  const { reasoning } = request
  if (!reasoning) return {}
  const { effort, budget, adaptive, visible } = reasoning
  const step = effort ?? (budget === undefined ? undefined : effortOf(budget))
  // Whoever asks for thinking by an amount, or leaves it to the model, is shown it in their own API.
  const shown = !own && step !== 'none' && (visible ?? (budget !== undefined || adaptive === true))
  if (step === undefined && !shown) return {}
  return { reasoning: { ...(step !== undefined && { effort: step }), ...(shown && { summary: 'auto' }) } }
}

/** What steers quality, cost or bookkeeping and does not change what the answer is. */
function encodeSteering(encoding: Encoding, body: JsonObject): void {
  const { request, own, extras } = encoding
  const tier = request.serviceTier === 'standard_only' ? 'default' : request.serviceTier
  for (const [field, value] of [
    ['metadata', request.metadata],
    ['service_tier', tier],
  ] as const) {
    if (value === undefined) continue
    if (extras) body[field] = value
    else encoding.dropped(field, 'not known to every compatible server')
  }
  const { user } = request
  if (user === undefined || own) return
  if (encoding.target.traits.openaiExtras !== true) {
    body.user = user
  } else if (user.length <= 128) {
    body.safety_identifier = user
  } else {
    body.safety_identifier = hash(user)
    encoding.changed('user', 'longer than 128 characters, so a hash stands for it')
  }
}

/** Nothing stays at the provider: state comes to the client, sealed, and back with the next turn. */
function encodeState({ request, extras }: Encoding, body: JsonObject): void {
  body.store = false
  const include: string[] = []
  // Asked for only with reasoning: models without any refuse it.
  if (extras && request.reasoning && request.reasoning.effort !== 'none') include.push('reasoning.encrypted_content')
  if (request.sampling.logprobs) include.push('message.output_text.logprobs')
  if (include.length > 0) body.include = include
}

/** Fields that the counting endpoint takes beside the prompt. */
const counted: ReadonlySet<string> = new Set(['previous_response_id', 'conversation', 'truncation', 'tool_choice'])

/** The fields that only the client's dialect knows, under what has been written of them. */
function extraFields(encoding: Encoding, body: JsonObject, operation: 'chat' | 'count'): JsonObject {
  const entries = Object.entries(encoding.request.extra.fields)
  if (!encoding.own) {
    for (const [key] of entries) encoding.dropped(key, 'only the API of the client knows it')
    return {}
  }
  const sent = entries.filter(([key]) => operation === 'chat' || counted.has(key) || isJsonObject(body[key]))
  return Object.fromEntries(
    sent.map(([key, value]) => {
      const written = body[key]
      return [key, isJsonObject(written) && isJsonObject(value) ? { ...written, ...value } : value]
    }),
  )
}
