import {
  type ChatRequest,
  type Effort,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type ReasoningOptions,
} from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { array, boolean, object, refuse, string, typeName, unknownFields } from '../fields.ts'
import { decodeContents, systemParts } from './decode-contents.ts'
import { decodeToolConfig, decodeTools } from './decode-tools.ts'
import { count, inner, message } from './proto.ts'
import { toJsonSchema } from './schema.ts'
import { dialect } from './wire.ts'

const known: ReadonlySet<string> = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'serviceTier',
])

/** @throws SluiceError `invalid_request` with `param` */
export function decodeRequest(written: JsonObject, asked: Asked = {}): ChatRequest {
  const body = bodyOf(written)
  const model = asked.model ?? modelName(string.required(body, 'model'))
  if (model === '') refuse('model', 'is empty; it must name a model')
  const fields = unknownFields(body, known)
  const request: ChatRequest = {
    model,
    stream: asked.stream ?? false,
    system: systemParts(body),
    messages: decodeContents(body),
    tools: decodeTools(body),
    sampling: {},
    // Usage is part of every stream here.
    includeUsage: true,
    extra: { dialect, fields },
  }
  const { choice, kept } = decodeToolConfig(body)
  if (choice) request.toolChoice = choice
  if (kept) fields.toolConfig = kept
  const config = inner(body, 'generationConfig')
  if (config) readConfig(config, request)
  const tier = string.optional(body, 'serviceTier')
  if (tier !== undefined) request.serviceTier = tier.toLowerCase().replace(/^service_tier_/, '')
  return request
}

/** The request itself, which a question for its size may hold one level deeper. */
export function bodyOf(written: JsonObject): JsonObject {
  const body = message(written)
  return inner(body, 'generateContentRequest') ?? body
}

/** A model as its bare name: `models/` before it says nothing, and `tunedModels/` is kept, since it says something. */
export function modelName(written: string): string {
  return written.replace(/^\/?models\//, '')
}

const configFields: ReadonlySet<string> = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
])

const at = 'generationConfig.'

function readConfig(config: JsonObject, request: ChatRequest): void {
  const { sampling } = request
  const fields = unknownFields(config, configFields)
  for (const [field, key] of samplingFields) {
    const value = count(config, field, at)
    if (value !== undefined) sampling[key] = value
  }
  if (boolean.optional(config, 'responseLogprobs', at)) sampling.logprobs = true
  const maxOutput = count(config, 'maxOutputTokens', at)
  if (maxOutput !== undefined) {
    if (!Number.isInteger(maxOutput) || maxOutput < 1) {
      refuse(`${at}maxOutputTokens`, `must be a whole number from 1, but it is ${maxOutput}`)
    }
    request.maxOutput = maxOutput
  }
  const choices = count(config, 'candidateCount', at)
  if (choices !== undefined && choices > 1) request.choices = choices
  const stop = array.optional(config, 'stopSequences', at)
  if (stop) {
    request.stop = stop.map((one, index) => {
      if (typeof one === 'string') return one
      return refuse(`${at}stopSequences[${index}]`, `must be a string, but it is ${typeName(one)}`)
    })
  }
  const output = outputOf(config, fields)
  if (output) request.output = output
  const reasoning = reasoningOf(config, fields)
  if (reasoning) request.reasoning = reasoning
  if (Object.keys(fields).length > 0) request.extra.fields.generationConfig = fields
}

const samplingFields = [
  ['temperature', 'temperature'],
  ['topP', 'topP'],
  ['topK', 'topK'],
  ['seed', 'seed'],
  ['presencePenalty', 'presencePenalty'],
  ['frequencyPenalty', 'frequencyPenalty'],
  ['logprobs', 'topLogprobs'],
] as const

/** A schema counts only where JSON is asked for; `fields` keeps the vendor's own kind of schema as it was written. */
function outputOf(config: JsonObject, fields: JsonObject): OutputFormat | undefined {
  const type = string.optional(config, 'responseMimeType', at)
  const json = object.optional(config, 'responseJsonSchema', at)
  const own = object.optional(config, 'responseSchema', at)
  if (type === 'text/x.enum') {
    fields.responseMimeType = type
    if (own) fields.responseSchema = own
    return undefined
  }
  if (type !== 'application/json') return undefined
  if (json) return { type: 'json-schema', schema: json }
  if (!own) return { type: 'json' }
  fields.responseSchema = own
  return { type: 'json-schema', schema: toJsonSchema(own) }
}

const levels: ReadonlyMap<string, Effort> = new Map([
  ['MINIMAL', 'minimal'],
  ['LOW', 'low'],
  ['MEDIUM', 'medium'],
  ['HIGH', 'high'],
])

function reasoningOf(config: JsonObject, fields: JsonObject): ReasoningOptions | undefined {
  const thinking = inner(config, 'thinkingConfig', at)
  if (!thinking) return undefined
  const options: ReasoningOptions = {}
  const path = `${at}thinkingConfig.`
  const budget = count(thinking, 'thinkingBudget', path)
  if (budget !== undefined) {
    if (!Number.isInteger(budget) || budget < -1) {
      refuse(`${path}thinkingBudget`, `must be a whole number from -1, but it is ${budget}`)
    }
    if (budget === -1) options.adaptive = true
    else options.budget = budget
  }
  const level = string.optional(thinking, 'thinkingLevel', path)?.toUpperCase()
  const effort = level === undefined ? undefined : levels.get(level)
  if (effort !== undefined) options.effort = effort
  else if (level !== undefined && level !== 'THINKING_LEVEL_UNSPECIFIED')
    fields.thinkingConfig = { thinkingLevel: level }
  const visible = boolean.optional(thinking, 'includeThoughts', path)
  if (visible !== undefined) options.visible = visible
  return Object.keys(options).length > 0 ? options : undefined
}

/** Whether the client wants to see thoughts: the one thing that the encoder of the answer asks of the request. */
export function keep(written: JsonObject): JsonObject {
  const config = field(bodyOf(written), 'generationConfig')
  const thinking = config && field(config, 'thinkingConfig')
  return thinking?.includeThoughts === true ? { includeThoughts: true } : {}
}

/** As `inner`, but without an opinion on what is found: that comes later, or from the provider. */
function field(parent: JsonObject, key: string): JsonObject | undefined {
  const value = parent[key]
  return isJsonObject(value) ? message(value) : undefined
}
