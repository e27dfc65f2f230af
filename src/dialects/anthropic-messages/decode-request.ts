import {
  type ChatRequest,
  efforts,
  isJsonObject,
  type Json,
  type JsonObject,
  type OutputFormat,
  type ReasoningOptions,
  type TextPart,
  type Tool,
  type ToolChoice,
} from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { array, boolean, number, object, objects, oneOf, refuse, string, typeName, unknownFields } from '../fields.ts'
import { cacheOf, common, decodeMessages, textParts } from './decode-content.ts'
import { dialect } from './wire.ts'

const known: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'max_tokens',
  'system',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  'service_tier',
  'cache_control',
])

/** @throws SluiceError `invalid_request` with `param` */
export function decodeRequest(body: JsonObject, { operation = 'chat' }: Asked = {}): ChatRequest {
  const model = string.required(body, 'model')
  if (model === '') refuse('model', 'is empty; it must name a model')
  const maxOutput = maxTokens(body, operation)
  const fields = unknownFields(body, known)
  const request: ChatRequest = {
    model,
    stream: boolean.optional(body, 'stream') ?? false,
    system: systemOf(body.system),
    messages: decodeMessages(body),
    tools: objects(body, 'tools').map(toolOf),
    sampling: {},
    extra: { dialect, fields },
  }
  if (maxOutput !== undefined) request.maxOutput = maxOutput

  const temperature = number.optional(body, 'temperature')
  const topP = number.optional(body, 'top_p')
  const topK = number.optional(body, 'top_k')
  if (temperature !== undefined) request.sampling.temperature = temperature
  if (topP !== undefined) request.sampling.topP = topP
  if (topK !== undefined) request.sampling.topK = topK

  const stop = array.optional(body, 'stop_sequences')
  if (stop) request.stop = stop.map((value, index) => text(value, `stop_sequences[${index}]`))

  const choice = object.optional(body, 'tool_choice')
  if (choice) {
    request.toolChoice = choiceOf(choice)
    const alone = boolean.optional(choice, 'disable_parallel_tool_use', 'tool_choice.')
    if (alone !== undefined) request.parallelToolCalls = !alone
  }

  const reasoning = reasoningOf(body, fields)
  if (reasoning) request.reasoning = reasoning
  const output = outputOf(body)
  if (output) request.output = output

  const metadata = object.optional(body, 'metadata')
  if (metadata) {
    const user = string.optional(metadata, 'user_id', 'metadata.')
    if (user !== undefined) request.user = user
    keep(fields, 'metadata', unknownFields(metadata, new Set(['user_id'])))
  }
  const tier = string.optional(body, 'service_tier')
  if (tier !== undefined) request.serviceTier = tier
  const cache = cacheOf(body, '')
  if (cache) request.cache = cache
  return request
}

function maxTokens(body: JsonObject, operation: 'chat' | 'count'): number | undefined {
  const read = operation === 'chat' ? number.required : number.optional
  const value = read(body, 'max_tokens')
  if (value !== undefined && (!Number.isInteger(value) || value < 0)) {
    refuse('max_tokens', `must be a whole number from 0, but it is ${value}`)
  }
  return value
}

function systemOf(value: Json | undefined): TextPart[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  if (!Array.isArray(value)) refuse('system', `must be a string or a list of text blocks, but it is ${typeName(value)}`)
  return textParts(value, 'system')
}

function text(value: Json, at: string): string {
  if (typeof value !== 'string') refuse(at, `must be a string, but it is ${typeName(value)}`)
  return value
}

const toolFields: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
])

function toolOf(wire: JsonObject, index: number): Tool {
  const at = `tools[${index}].`
  const type = string.optional(wire, 'type', at)
  if (type !== undefined && type !== 'custom') {
    return { kind: 'hosted', dialect, name: string.optional(wire, 'name', at) ?? type, definition: wire }
  }
  const tool: Tool & { kind: 'function' } = {
    kind: 'function',
    name: string.required(wire, 'name', at),
    parameters: object.required(wire, 'input_schema', at),
  }
  const description = string.optional(wire, 'description', at)
  if (description !== undefined) tool.description = description
  const strict = boolean.optional(wire, 'strict', at)
  if (strict !== undefined) tool.strict = strict
  return { ...tool, ...common(wire, at, toolFields) }
}

function choiceOf(choice: JsonObject): ToolChoice {
  const type = oneOf(choice, 'type', ['auto', 'any', 'tool', 'none'], 'tool_choice.')
  switch (type) {
    case 'auto':
      return { mode: 'auto' }
    case 'any':
      return { mode: 'required' }
    case 'none':
      return { mode: 'none' }
    case 'tool':
      return { mode: 'one', name: string.required(choice, 'name', 'tool_choice.') }
    case undefined:
      return refuse('tool_choice.type', 'is missing; it must be one of auto, any, tool, none')
  }
}

/** What the canonical model has no word for is kept in `fields`, under the names it came with. */
function reasoningOf(body: JsonObject, fields: JsonObject): ReasoningOptions | undefined {
  const options: ReasoningOptions = {}
  const thinking = object.optional(body, 'thinking')
  const config = object.optional(body, 'output_config')
  const effort = config && oneOf(config, 'effort', efforts, 'output_config.')
  if (config) keep(fields, 'output_config', unknownFields(config, new Set(['effort', 'format'])))
  if (effort !== undefined) options.effort = effort
  switch (thinking && string.required(thinking, 'type', 'thinking.')) {
    case undefined:
      break
    case 'enabled': {
      const budget = number.required(thinking!, 'budget_tokens', 'thinking.')
      if (!Number.isInteger(budget) || budget < 1024) {
        refuse('thinking.budget_tokens', `must be a whole number from 1024, but it is ${budget}`)
      }
      options.budget = budget
      break
    }
    case 'adaptive':
      options.adaptive = true
      break
    case 'disabled':
      // An effort beside it still steers the answer itself.
      if (effort !== undefined) keep(fields, 'output_config', { effort })
      options.effort = 'none'
      break
    default:
      fields.thinking = thinking
  }
  const display = thinking && string.optional(thinking, 'display', 'thinking.')
  if (display !== undefined && fields.thinking === undefined) options.visible = display !== 'omitted'
  return Object.keys(options).length > 0 ? options : undefined
}

function outputOf(body: JsonObject): OutputFormat | undefined {
  const config = object.optional(body, 'output_config')
  const format = config && object.optional(config, 'format', 'output_config.')
  if (!format) return undefined
  const at = 'output_config.format.'
  const type = string.required(format, 'type', at)
  if (type !== 'json_schema') refuse(`${at}type`, `must be json_schema, but it is "${type.slice(0, 60)}"`)
  return { type: 'json-schema', schema: object.required(format, 'schema', at), strict: true }
}

function keep(fields: JsonObject, key: string, more: JsonObject): void {
  if (Object.keys(more).length === 0) return
  const before = fields[key]
  fields[key] = { ...(isJsonObject(before) && before), ...more }
}
