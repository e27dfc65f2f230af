import {
  type ChatRequest,
  efforts,
  type JsonObject,
  type OutputFormat,
  type ReasoningOptions,
  type Sampling,
} from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { array, boolean, number, object, oneOf, refuse, string, unknownFields } from '../fields.ts'
import { decodeItems } from './decode-items.ts'
import { decodeToolChoice, decodeTools, isPlainChoice } from './decode-tools.ts'
import { flatNames } from './namespaces.ts'
import { offeredTools } from './offered-tools.ts'
import { dialectName } from './wire.ts'

/**
 * Fields that the canonical model says wholly. Any other is kept in `extra` as it was written, also those of which
 * the canonical model knows a part: an upstream of this dialect gets them back unchanged.
 */
const known: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'tools',
  'parallel_tool_calls',
  'metadata',
  'service_tier',
])

/** What may stand in the place of an input. */
const sources = ['prompt', 'previous_response_id', 'conversation']

/** A client's body. @throws SluiceError `invalid_request` */
export function decodeRequest(body: JsonObject, asked: Asked = {}): ChatRequest {
  const model = string.required(body, 'model')
  if (model === '') refuse('model', 'is empty; it must name a model')
  const offered = offeredTools(body)
  const names = flatNames(offered)
  const messages = decodeItems(body, names)
  if (messages.length === 0 && asked.operation !== 'count' && sources.every((field) => !body[field])) {
    refuse('input', 'is missing; it must be a text or a list of items')
  }
  const fields = unknownFields(body, known)
  if (isPlainChoice(body.tool_choice)) delete fields.tool_choice

  const instructions = string.optional(body, 'instructions')
  const request: ChatRequest = {
    model,
    stream: boolean.optional(body, 'stream') ?? false,
    system: instructions ? [{ type: 'text', text: instructions }] : [],
    messages,
    tools: decodeTools(offered === body.tools ? body : { tools: offered ?? null }, names),
    sampling: decodeSampling(body),
    extra: { dialect: dialectName, fields },
  }
  const text = object.optional(body, 'text')
  const optional: Partial<ChatRequest> = {
    toolChoice: decodeToolChoice(body, names),
    parallelToolCalls: boolean.optional(body, 'parallel_tool_calls'),
    maxOutput: decodeLength(body),
    output: text && decodeOutput(text),
    verbosity: text && string.optional(text, 'verbosity', 'text.'),
    reasoning: decodeEffort(body),
    user: string.optional(body, 'safety_identifier') ?? string.optional(body, 'user'),
    metadata: decodeMetadata(body),
    serviceTier: string.optional(body, 'service_tier'),
    includeUsage: true,
  }
  for (const [key, value] of Object.entries(optional)) {
    if (value !== undefined) (request as unknown as Record<string, unknown>)[key] = value
  }
  return request
}

function decodeLength(body: JsonObject): number | undefined {
  const value = number.optional(body, 'max_output_tokens')
  if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
    refuse('max_output_tokens', `must be a whole number from 1, but it is ${value}`)
  }
  return value
}

function decodeSampling(body: JsonObject): Sampling {
  const temperature = number.optional(body, 'temperature')
  const topP = number.optional(body, 'top_p')
  const topLogprobs = number.optional(body, 'top_logprobs')
  const logprobs = array.optional(body, 'include')?.includes('message.output_text.logprobs')
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(logprobs && { logprobs }),
    // Without the wish to see them it means nothing, and SDKs send 0.
    ...(logprobs && topLogprobs !== undefined && { topLogprobs }),
  }
}

function decodeOutput(text: JsonObject): OutputFormat | undefined {
  const format = object.optional(text, 'format', 'text.')
  if (!format) return undefined
  const at = 'text.format.'
  const type = oneOf(format, 'type', ['text', 'json_object', 'json_schema'], at)
  if (type === 'json_object') return { type: 'json' }
  if (type !== 'json_schema') return undefined
  const name = string.optional(format, 'name', at)
  const description = string.optional(format, 'description', at)
  const strict = boolean.optional(format, 'strict', at)
  return {
    type: 'json-schema',
    schema: object.required(format, 'schema', at),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict }),
  }
}

function decodeEffort(body: JsonObject): ReasoningOptions | undefined {
  const wire = object.optional(body, 'reasoning')
  if (!wire) return undefined
  const effort = oneOf(wire, 'effort', efforts, 'reasoning.')
  const summary =
    string.optional(wire, 'summary', 'reasoning.') ?? string.optional(wire, 'generate_summary', 'reasoning.')
  const reasoning: ReasoningOptions = {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && { visible: summary !== 'none' }),
  }
  return Object.keys(reasoning).length === 0 ? undefined : reasoning
}

function decodeMetadata(body: JsonObject): Record<string, string> | undefined {
  const metadata = object.optional(body, 'metadata')
  if (!metadata || Object.keys(metadata).length === 0) return undefined
  for (const key of Object.keys(metadata)) string.required(metadata, key, 'metadata.')
  return metadata as Record<string, string>
}
