import {
  type ChatRequest,
  isJsonObject,
  type JsonObject,
  type Message,
  type OutputFormat,
  type ReasoningOptions,
  type Sampling,
  type Tool,
} from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { boolean, number, object, objects, refuse, string, typeName, unknownFields } from '../fields.ts'
import { filled } from '../lenient.ts'
import { decodeMessages, images } from './decode-messages.ts'
import { dialectName, generateForm } from './wire.ts'

/** Fields that have a place in the canonical model; any other is kept in `extra`. */
const known = new Set(['model', 'stream', 'format', 'think', 'options', 'logprobs', 'top_logprobs'])
const knownChat = new Set([...known, 'messages', 'tools'])
const knownGenerate = new Set([...known, 'prompt', 'system', 'images'])

/** A client's body for `/api/chat` or `/api/generate`. @throws SluiceError `invalid_request` */
export function decodeRequest(body: JsonObject, { form }: Asked = {}): ChatRequest {
  const generate = form === generateForm
  const model = string.required(body, 'model')
  if (model === '') refuse('model', 'is empty; it must name a model')
  const options = object.optional(body, 'options') ?? {}
  const fields = unknownFields(body, generate ? knownGenerate : knownChat)
  const otherOptions = unknownFields(options, knownOptions)
  // Numbers below 1 stand for "no end" and "as much as fits".
  const predict = integer(options, 'num_predict')
  if (predict !== undefined && predict < 1) otherOptions.num_predict = predict
  if (Object.keys(otherOptions).length > 0) fields.options = otherOptions

  const request: ChatRequest = {
    model,
    stream: boolean.optional(body, 'stream') ?? true,
    system: [],
    messages: generate ? promptOf(body) : decodeMessages(body),
    tools: generate ? [] : decodeTools(body),
    sampling: decodeSampling(body, options),
    extra: { dialect: dialectName, fields },
  }
  const first = request.messages.findIndex(({ role }) => role !== 'system')
  const leading = request.messages.splice(0, first === -1 ? request.messages.length : first)
  request.system = leading.flatMap((message) => (message.role === 'system' ? message.parts : []))

  const stop = decodeStop(options)
  const output = decodeFormat(body)
  const reasoning = decodeThink(body)
  if (predict !== undefined && predict >= 1) request.maxOutput = predict
  if (stop) request.stop = stop
  if (output) request.output = output
  if (reasoning) request.reasoning = reasoning
  return request
}

/** The one turn that a prompt is. */
function promptOf(body: JsonObject): Message[] {
  const system = string.optional(body, 'system')
  const prompt = string.optional(body, 'prompt') ?? ''
  const pictures = images(body, '')
  const messages: Message[] = []
  if (system) messages.push({ role: 'system', parts: [{ type: 'text', text: system }] })
  if (prompt === '' && pictures.length === 0) refuse('prompt', 'is missing; it must be a string')
  const text = prompt === '' ? [] : [{ type: 'text' as const, text: prompt }]
  messages.push({ role: 'user', parts: [...pictures, ...text] })
  return messages
}

const numbers = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
} as const satisfies Record<string, keyof Sampling>

const knownOptions = new Set([...Object.keys(numbers), 'num_predict', 'stop'])

function decodeSampling(body: JsonObject, options: JsonObject): Sampling {
  const sampling: Sampling = {}
  for (const [key, field] of Object.entries(numbers)) {
    const value = number.optional(options, key, 'options.')
    if (value !== undefined) sampling[field as (typeof numbers)[keyof typeof numbers]] = value
  }
  const logprobs = boolean.optional(body, 'logprobs')
  const topLogprobs = number.optional(body, 'top_logprobs')
  if (logprobs !== undefined) sampling.logprobs = logprobs
  if (topLogprobs !== undefined) sampling.topLogprobs = topLogprobs
  return sampling
}

function integer(options: JsonObject, key: string): number | undefined {
  const value = number.optional(options, key, 'options.')
  if (value !== undefined && !Number.isInteger(value)) {
    refuse(`options.${key}`, `must be a whole number, but it is ${value}`)
  }
  return value
}

function decodeStop(options: JsonObject): string[] | undefined {
  const { stop } = options
  if (stop === undefined || stop === null) return undefined
  const list = Array.isArray(stop) ? stop : [stop]
  for (const [i, one] of list.entries()) {
    const at = Array.isArray(stop) ? `options.stop[${i}]` : 'options.stop'
    if (typeof one !== 'string') refuse(at, `must be a string or a list of strings, but it is ${typeName(one)}`)
  }
  return list.length === 0 ? undefined : (list as string[])
}

function decodeFormat({ format }: JsonObject): OutputFormat | undefined {
  if (format === undefined || format === null || format === '') return undefined
  if (format === 'json') return { type: 'json' }
  if (isJsonObject(format)) return { type: 'json-schema', schema: format }
  return refuse('format', `must be "json" or a JSON schema, but it is ${filled(format) ?? typeName(format)}`)
}

const steps = ['low', 'medium', 'high', 'max'] as const

function decodeThink({ think }: JsonObject): ReasoningOptions | undefined {
  if (think === undefined || think === null || think === '') return undefined
  if (think === true) return { adaptive: true }
  if (think === false) return { effort: 'none' }
  const effort = steps.find((step) => step === think)
  if (!effort) {
    refuse('think', `must be true, false or one of ${steps.join(', ')}, but it is ${filled(think) ?? typeName(think)}`)
  }
  return { effort: effort as (typeof steps)[number] }
}

function decodeTools(body: JsonObject): Tool[] {
  return objects(body, 'tools').map((tool, i): Tool => {
    const at = `tools[${i}].`
    const type = string.optional(tool, 'type', at) ?? 'function'
    if (type !== 'function') return { kind: 'hosted', dialect: dialectName, name: type, definition: tool }
    const wire = object.required(tool, 'function', at)
    const inner = `${at}function.`
    const description = string.optional(wire, 'description', inner)
    const parameters = object.optional(wire, 'parameters', inner)
    const strict = boolean.optional(wire, 'strict', inner)
    const extra = unknownFields(tool, toolFields)
    return {
      kind: 'function',
      name: string.required(wire, 'name', inner),
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      // Not of this API, but of clients that keep their tools in the form of another.
      ...(strict !== undefined && { strict }),
      ...(Object.keys(extra).length > 0 && { extra }),
    }
  })
}

const toolFields = new Set(['type', 'function'])
