import {
  type ChatRequest,
  efforts,
  type JsonObject,
  type OutputFormat,
  type ReasoningOptions,
  type Sampling,
  type TextPart,
} from '../../tokens/index.ts'
import { boolean, number, object, oneOf, refuse, string, typeName, unknownFields } from '../fields.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeToolChoice, decodeTools } from './decode-tools.ts'
import { dialectName } from './wire.ts'

/** Fields that have a place in the canonical model; any other is kept in `extra`. */
const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'stop',
  'seed',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'verbosity',
  'metadata',
  'service_tier',
  'user',
])

/** A client's body. @throws SluiceError `invalid_request` */
export function decodeRequest(body: JsonObject): ChatRequest {
  const model = string.required(body, 'model')
  if (model === '') refuse('model', 'is empty; it must name a model')
  const options = object.optional(body, 'stream_options') ?? {}
  const includeUsage = boolean.optional(options, 'include_usage', 'stream_options.')
  const fields = unknownFields(body, known)
  const { include_usage: _, ...otherOptions } = options
  if (Object.keys(otherOptions).length > 0) fields.stream_options = otherOptions

  const request: ChatRequest = {
    model,
    stream: boolean.optional(body, 'stream') ?? false,
    system: [],
    messages: decodeMessages(body),
    tools: decodeTools(body),
    sampling: decodeSampling(body),
    extra: { dialect: dialectName, fields },
  }
  request.system = leadingSystem(request)

  const user = string.optional(body, 'user')
  const identifier = string.optional(body, 'safety_identifier')
  // One name for the end user: the older field's, while both are in use.
  if (user === undefined) delete fields.safety_identifier

  const optional: Partial<ChatRequest> = {
    toolChoice: decodeToolChoice(body),
    parallelToolCalls: boolean.optional(body, 'parallel_tool_calls'),
    maxOutput: count(body, 'max_completion_tokens') ?? count(body, 'max_tokens'),
    stop: decodeStop(body),
    choices: count(body, 'n'),
    output: decodeOutput(body),
    reasoning: decodeReasoning(body, fields),
    verbosity: string.optional(body, 'verbosity'),
    user: user ?? identifier,
    metadata: decodeMetadata(body),
    serviceTier: string.optional(body, 'service_tier'),
    includeUsage,
  }
  for (const [key, value] of Object.entries(optional)) {
    if (value !== undefined) (request as unknown as Record<string, unknown>)[key] = value
  }
  return request
}

/** Takes the system messages before the first turn out of the conversation, as far as they are nothing but texts. */
function leadingSystem(request: ChatRequest): TextPart[] {
  const first = request.messages.findIndex(
    (message) => message.role !== 'system' || message.name !== undefined || message.extra !== undefined,
  )
  const leading = request.messages.splice(0, first === -1 ? request.messages.length : first)
  return leading.flatMap((message) => (message.role === 'system' ? message.parts : []))
}

function count(body: JsonObject, key: string): number | undefined {
  const value = number.optional(body, key)
  if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
    refuse(key, `must be a whole number from 1, but it is ${value}`)
  }
  return value
}

function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {}
  const numbers = {
    temperature: 'temperature',
    top_p: 'topP',
    top_k: 'topK',
    seed: 'seed',
    presence_penalty: 'presencePenalty',
    frequency_penalty: 'frequencyPenalty',
    top_logprobs: 'topLogprobs',
  } as const
  for (const [key, field] of Object.entries(numbers)) {
    const value = number.optional(body, key)
    if (value !== undefined) sampling[field as (typeof numbers)[keyof typeof numbers]] = value
  }
  const logprobs = boolean.optional(body, 'logprobs')
  if (logprobs !== undefined) sampling.logprobs = logprobs
  const bias = object.optional(body, 'logit_bias')
  if (bias) {
    for (const key of Object.keys(bias)) number.required(bias, key, 'logit_bias.')
    sampling.logitBias = bias as Record<string, number>
  }
  return sampling
}

function decodeStop(body: JsonObject): string[] | undefined {
  const { stop } = body
  if (stop === undefined || stop === null) return undefined
  const list = Array.isArray(stop) ? stop : [stop]
  for (const [i, one] of list.entries()) {
    const at = Array.isArray(stop) ? `stop[${i}]` : 'stop'
    if (typeof one !== 'string') refuse(at, `must be a string or a list of strings, but it is ${typeName(one)}`)
  }
  return list.length === 0 ? undefined : (list as string[])
}

function decodeOutput(body: JsonObject): OutputFormat | undefined {
  const format = object.optional(body, 'response_format')
  if (!format) return undefined
  const type = oneOf(format, 'type', ['text', 'json_object', 'json_schema'], 'response_format.')
  if (type === 'json_object') return { type: 'json' }
  if (type !== 'json_schema') return undefined
  const wire = object.required(format, 'json_schema', 'response_format.')
  const at = 'response_format.json_schema.'
  const name = string.optional(wire, 'name', at)
  const description = string.optional(wire, 'description', at)
  const strict = boolean.optional(wire, 'strict', at)
  return {
    type: 'json-schema',
    schema: object.optional(wire, 'schema', at) ?? {},
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict }),
  }
}

const reasoningFields = new Set(['effort', 'max_tokens', 'exclude', 'enabled'])

/** `reasoning_effort`, or the object `reasoning` that OpenRouter's clients send; what else it holds goes to `fields`. */
function decodeReasoning(body: JsonObject, fields: JsonObject): ReasoningOptions | undefined {
  const wire = object.optional(body, 'reasoning') ?? {}
  const effort = oneOf(wire, 'effort', efforts, 'reasoning.') ?? oneOf(body, 'reasoning_effort', efforts)
  const budget = number.optional(wire, 'max_tokens', 'reasoning.')
  const exclude = boolean.optional(wire, 'exclude', 'reasoning.')
  const enabled = boolean.optional(wire, 'enabled', 'reasoning.')
  const more = unknownFields(wire, reasoningFields)
  if (Object.keys(more).length > 0) fields.reasoning = more
  const reasoning: ReasoningOptions = {
    ...(effort !== undefined && { effort }),
    ...(budget !== undefined && { budget }),
    ...(exclude !== undefined && { visible: !exclude }),
  }
  if (effort === undefined && budget === undefined) {
    if (enabled === true) reasoning.adaptive = true
    else if (enabled === false) reasoning.effort = 'none'
  }
  return Object.keys(reasoning).length === 0 ? undefined : reasoning
}

function decodeMetadata(body: JsonObject): Record<string, string> | undefined {
  const metadata = object.optional(body, 'metadata')
  if (!metadata) return undefined
  for (const key of Object.keys(metadata)) string.required(metadata, key, 'metadata.')
  return metadata as Record<string, string>
}
