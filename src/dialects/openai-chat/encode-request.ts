import type { ChatRequest, Effort, Json, JsonObject, ReasoningOptions, Tool, ToolChoice } from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { drop, type Encoding, toolName, unsupported } from './encoding.ts'
import { dialectName } from './wire.ts'

/** Fields of the dialect that servers other than OpenAI's refuse or do not know. */
const openaiOnly = new Set([
  'store',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'moderation',
])

/**
 * The body for a provider. Keys come in one fixed order, so that equal requests are equal to the byte and the
 * provider's prompt cache holds.
 *
 * @throws SluiceError `unsupported`
 */
export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const own = request.extra.dialect === dialectName
  const { traits } = target
  const encoding: Encoding = {
    target,
    own,
    extras: own || traits.openaiExtras === true,
    warnings: [],
    foreignOpaque: 0,
    customTools: new Set(),
    toolNames: new Map(),
  }
  if (!encoding.extras) {
    for (const tool of request.tools) if (tool.kind === 'custom') encoding.customTools.add(tool.name)
  }
  const body: JsonObject = { model: target.model, messages: encodeMessages(request, encoding) as Json[] }
  if (request.stream) {
    body.stream = true
    if (traits.streamUsage !== false) body.stream_options = { include_usage: true }
  }
  encodeLength(request, encoding, body)
  encodeSampling(request, encoding, body)
  encodeTools(request, encoding, body)
  encodeOutput(request, body)
  if (request.reasoning) Object.assign(body, encodeReasoning(request.reasoning, own))
  encodeSteering(request, encoding, body)
  encodeExtra(request, encoding, body)
  const { warnings, foreignOpaque, customTools, toolNames } = encoding
  return {
    body,
    headers: {},
    warnings,
    foreignOpaque,
    ...(customTools.size > 0 && { customTools }),
    ...(toolNames.size > 0 && { toolNames }),
  }
}

function encodeLength(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const { traits } = encoding.target
  let { maxOutput } = request
  if (maxOutput !== undefined) {
    if (traits.maxOutput !== undefined && maxOutput > traits.maxOutput) {
      const reason = `the model's largest answer is ${traits.maxOutput} tokens`
      encoding.warnings.push({ field: 'max_tokens', action: 'changed', reason })
      maxOutput = traits.maxOutput
    }
    body[traits.maxTokensField ?? 'max_tokens'] = maxOutput
  }
  if (request.choices !== undefined) body.n = request.choices
  if (request.stop === undefined || request.stop.length === 0) return
  body.stop = request.stop.slice(0, 4)
  if (request.stop.length > 4) {
    encoding.warnings.push({ field: 'stop', action: 'changed', reason: 'only the first four stop sequences are taken' })
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
    if (refused) drop(encoding, key, 'the model takes no sampling settings')
    else body[key] = value
  }
  if (sampling.topK !== undefined) {
    // Not in OpenAI's API, but compatible servers take it from clients that know them.
    if (encoding.own && !refused) body.top_k = sampling.topK
    else drop(encoding, 'top_k', 'this API has no such field')
  }
  if (sampling.seed !== undefined) body.seed = sampling.seed
  if (sampling.logitBias) body.logit_bias = sampling.logitBias
  if (sampling.logprobs !== undefined) body.logprobs = sampling.logprobs
  if (sampling.topLogprobs !== undefined) body.top_logprobs = sampling.topLogprobs
}

function encodeTools(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  let offered = request.tools
  const choice = request.toolChoice
  // Only this dialect's own form of a subset is certain to be known; elsewhere the list itself is cut.
  const subset = choice?.mode === 'subset' && !encoding.extras
  if (subset) offered = offered.filter((tool) => choice.names.includes(tool.name))
  const tools: Json[] = []
  for (const [i, tool] of offered.entries()) {
    const wire = encodeTool(tool, i, encoding)
    if (wire) tools.push(wire)
  }
  if (choice?.mode === 'one' && request.tools.some((tool) => tool.name === choice.name && isForeign(tool))) {
    unsupported('tool_choice', `the tool ${choice.name} runs at another vendor, and the request insists on it`)
  }
  if (tools.length === 0) {
    if (choice && choice.mode !== 'auto' && choice.mode !== 'none' && request.tools.length > 0) {
      unsupported('tool_choice', 'it asks for a tool call, and no tool is left that this provider can call')
    }
    return
  }
  body.tools = tools
  if (choice)
    body.tool_choice = subset ? (choice.required ? 'required' : 'auto') : encodeToolChoice(choice, request, encoding)
  if (request.parallelToolCalls === undefined) return
  if (encoding.extras) body.parallel_tool_calls = request.parallelToolCalls
  else if (!request.parallelToolCalls) drop(encoding, 'parallel_tool_calls', 'not known to every compatible server')
}

function isForeign(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.dialect !== dialectName
}

function encodeTool(tool: Tool, i: number, encoding: Encoding): JsonObject | undefined {
  if (tool.kind === 'hosted') {
    if (!isForeign(tool)) return tool.definition
    drop(encoding, `tools[${i}]`, `${tool.name} runs at another vendor`)
    return undefined
  }
  const { description } = tool
  const name = toolName(encoding, tool.name)
  if (tool.kind === 'custom') {
    const { format } = tool
    if (!encoding.extras) {
      if (format && format.type !== 'text') {
        drop(
          encoding,
          `tools[${i}].format`,
          'the tool is offered as a function, whose text cannot be held to a grammar',
        )
      }
      return {
        type: 'function',
        function: { name, ...(description !== undefined && { description }), parameters: inputSchema },
      }
    }
    return {
      type: 'custom',
      custom: { name, ...(description !== undefined && { description }), ...(format && { format }) },
    }
  }
  const { parameters, strict } = tool
  if (strict === true && !encoding.extras) drop(encoding, `tools[${i}].strict`, 'not known to every compatible server')
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      ...(strict !== undefined && encoding.extras && { strict }),
    },
  }
}

/** A custom tool as a function. */
const inputSchema: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
}

function encodeToolChoice(choice: ToolChoice, request: ChatRequest, encoding: Encoding): Json {
  const named = (name: string): JsonObject => {
    const custom = encoding.extras && request.tools.some((tool) => tool.name === name && tool.kind === 'custom')
    const kind = custom ? 'custom' : 'function'
    return { type: kind, [kind]: { name: toolName(encoding, name) } }
  }
  switch (choice.mode) {
    case 'one':
      return named(choice.name)
    case 'subset':
      return {
        type: 'allowed_tools',
        allowed_tools: { mode: choice.required ? 'required' : 'auto', tools: choice.names.map(named) },
      }
    default:
      return choice.mode
  }
}

function encodeOutput(request: ChatRequest, body: JsonObject): void {
  const { output } = request
  if (!output) return
  if (output.type === 'json') {
    body.response_format = { type: 'json_object' }
    return
  }
  const { schema, name, description, strict } = output
  body.response_format = {
    type: 'json_schema',
    json_schema: {
      name: name ?? 'answer',
      ...(description !== undefined && { description }),
      schema,
      ...(strict !== undefined && { strict }),
    },
  }
}

function encodeReasoning(reasoning: ReasoningOptions, own: boolean): JsonObject {
  const { effort, budget, visible } = reasoning
  // Only a client of this dialect that sent the object `reasoning` can have said a budget or hidden the text.
  if (own && (budget !== undefined || visible !== undefined)) {
    return {
      reasoning: {
        ...(effort !== undefined && { effort }),
        ...(budget !== undefined && { max_tokens: budget }),
        ...(visible !== undefined && { exclude: !visible }),
      },
    }
  }
  const step = effort ?? (budget === undefined ? undefined : effortOf(budget))
  return step === undefined ? {} : { reasoning_effort: step }
}

/** A budget of -1 leaves the amount to the model. */
function effortOf(budget: number): Effort {
  if (budget < 0) return 'medium'
  const step = steps.find(([most]) => budget <= most)
  return step ? step[1] : 'xhigh'
}

const steps: Array<[number, Effort]> = [
  [0, 'none'],
  [512, 'minimal'],
  [1024, 'low'],
  [8192, 'medium'],
  [24576, 'high'],
]

/** What steers quality, cost or bookkeeping and does not change what the answer is. */
function encodeSteering(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const tier = request.serviceTier === 'standard_only' ? 'default' : request.serviceTier
  const fields = { verbosity: request.verbosity, metadata: request.metadata, service_tier: tier }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (encoding.extras) body[key] = value
    else drop(encoding, key, 'not known to every compatible server')
  }
  if (request.user === undefined) return
  if (encoding.target.traits.openaiExtras !== true) {
    body.user = request.user
  } else if (request.user.length <= 128) {
    body.safety_identifier = request.user
  } else {
    body.safety_identifier = hash(request.user)
    encoding.warnings.push({
      field: 'user',
      action: 'changed',
      reason: 'longer than 128 characters, so a hash stands for it',
    })
  }
}

function encodeExtra(request: ChatRequest, encoding: Encoding, body: JsonObject): void {
  const { fields } = request.extra
  for (const [key, value] of Object.entries(fields)) {
    if (!encoding.own) drop(encoding, key, 'only the API of the client knows it')
    else if (key === 'stream_options') {
      if (body.stream)
        body.stream_options = { ...(value as JsonObject), ...(body.stream_options as JsonObject | undefined) }
    } else if (openaiOnly.has(key) && encoding.target.traits.openaiExtras !== true) {
      drop(encoding, key, 'only known to OpenAI itself')
    } else body[key] = value
  }
}
