import { clientDialects } from '../../../src/dialects/index.ts'
import type { SluiceError } from '../../../src/errors/index.ts'
import { writeAwsEvent } from '../../../src/framing/index.ts'
import {
  type ChatReply,
  type ChatRequest,
  isJsonObject,
  type Json,
  type JsonObject,
  type StreamToken,
} from '../../../src/tokens/index.ts'

/**
 * The provider's side of Bedrock's Converse API, which no client speaks to sluice: tokens as its events, replies as its
 * bodies, and its requests in canonical words. The last takes the way through Anthropic's language, whose blocks are
 * nearly the same.
 */
export function converseEvents(tokens: readonly StreamToken[]): Uint8Array[] {
  const events: Uint8Array[] = []
  const say = (name: string, fields: object, kind: 'event' | 'exception' = 'event'): void => {
    events.push(
      writeAwsEvent(
        { [`:${kind}-type`]: name, ':content-type': 'application/json', ':message-type': kind },
        JSON.stringify(fields),
      ),
    )
  }
  const calls = new Set<number>()
  for (const token of tokens) {
    const at = 'index' in token ? { contentBlockIndex: token.index } : {}
    const delta = (fields: object): void => say('contentBlockDelta', { ...at, delta: fields })
    switch (token.type) {
      case 'message-start':
        say('messageStart', { role: 'assistant' })
        break
      case 'tool-call-start':
        calls.add(token.index)
        say('contentBlockStart', { ...at, start: { toolUse: { toolUseId: token.id, name: token.name } } })
        break
      case 'text-delta':
        delta({ text: token.text })
        break
      case 'reasoning-delta':
        delta({ reasoningContent: { text: token.text } })
        break
      case 'opaque':
        // Only reasoning has room for it.
        if (token.kind === 'encrypted' || calls.has(token.index)) break
        delta({ reasoningContent: { [token.kind === 'redacted' ? 'redactedContent' : 'signature']: token.value } })
        break
      case 'tool-call-delta':
        delta({ toolUse: { input: token.arguments } })
        break
      case 'citation':
        delta({ citation: token.citation })
        break
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
        say('contentBlockStop', at)
        break
      case 'finish':
        say('messageStop', stopFields(token.reason, token.stopSequence))
        break
      case 'usage':
        say('metadata', { usage: usageFields(token.usage), metrics: { latencyMs: 5 } })
        break
      case 'error':
        say(exceptionOf(token.error), { message: token.error.message }, 'exception')
        break
    }
  }
  return events
}

const stopReasons: Record<string, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
  context_full: 'model_context_window_exceeded',
  malformed_call: 'malformed_tool_use',
}

function stopFields(reason: string, stopSequence: string | undefined): JsonObject {
  return {
    stopReason: stopReasons[reason] ?? (reason === 'stop_sequence' ? reason : 'end_turn'),
    ...(stopSequence !== undefined && { additionalModelResponseFields: { delta: { stop_sequence: stopSequence } } }),
  }
}

function usageFields({
  input = 0,
  output = 0,
  cacheRead = 0,
  cacheWrite = 0,
}: NonNullable<ChatReply['usage']>): JsonObject {
  return {
    inputTokens: input - cacheRead - cacheWrite,
    outputTokens: output,
    totalTokens: input + output,
    cacheReadInputTokens: cacheRead,
    cacheWriteInputTokens: cacheWrite,
  }
}

export function converseBody({ choices, usage }: ChatReply): JsonObject {
  const [choice] = choices
  const content = (choice?.parts ?? []).flatMap((part): JsonObject[] => {
    switch (part.type) {
      case 'text':
        if (part.citations) {
          const citations = part.citations.map(({ citation }) => citation)
          return [{ citationsContent: { content: [{ text: part.text }], citations } }]
        }
        return part.text === '' ? [] : [{ text: part.text }]
      case 'reasoning': {
        const state = part.opaque?.find(({ kind }) => kind !== 'encrypted')
        if (state?.kind === 'redacted') return [{ reasoningContent: { redactedContent: state.value } }]
        return [{ reasoningContent: { reasoningText: { text: part.text, ...(state && { signature: state.value }) } } }]
      }
      case 'tool-call': {
        const input = part.arguments === '' ? {} : (JSON.parse(part.arguments) as JsonObject)
        return [{ toolUse: { toolUseId: part.id, name: part.name, input } }]
      }
      default:
        return []
    }
  })
  return {
    output: { message: { role: 'assistant', content } },
    ...stopFields(choice?.finish.reason ?? 'stop', choice?.finish.stopSequence),
    ...(usage && { usage: usageFields(usage) }),
    metrics: { latencyMs: 5 },
  }
}

const exceptions: Record<string, [status: number, name: string]> = {
  invalid_request: [400, 'ValidationException'],
  context_length: [400, 'ValidationException'],
  content_policy: [400, 'ValidationException'],
  auth: [401, 'UnrecognizedClientException'],
  permission: [403, 'AccessDeniedException'],
  not_found: [404, 'ResourceNotFoundException'],
  too_large: [413, 'ValidationException'],
  rate_limit: [429, 'ThrottlingException'],
  overloaded: [503, 'ServiceUnavailableException'],
  timeout: [408, 'ModelTimeoutException'],
}

function exceptionOf({ kind }: SluiceError): string {
  const name = exceptions[kind]?.[1] ?? 'InternalServerException'
  return name.charAt(0).toLowerCase() + name.slice(1)
}

export function converseError(error: SluiceError): { status: number; text: string; headers: Record<string, string> } {
  const [status, name] = exceptions[error.kind] ?? [500, 'InternalServerException']
  return { status, text: JSON.stringify({ message: error.message }), headers: { 'x-amzn-errortype': name } }
}

/** A request as the provider reads it. */
export function readConverse(body: JsonObject): ChatRequest {
  const { system, messages, toolConfig, inferenceConfig, additionalModelRequestFields, outputConfig } = body
  const { serviceTier, requestMetadata } = body
  const config = object(inferenceConfig)
  const tools = object(toolConfig)
  const more = object(additionalModelRequestFields)
  const output = object(object(object(outputConfig).textFormat).structure)
  const schema = object(output.jsonSchema).schema
  const request = clientDialects['anthropic-messages'].client.decodeRequest({
    model: 'model-1',
    max_tokens: config.maxTokens ?? 1000,
    system: marked(list(system)),
    messages: list(messages).map((turn) => ({ role: turn.role, content: marked(list(turn.content)) })),
    ...(tools.tools !== undefined && { tools: offered(list(tools.tools)) }),
    ...(tools.toolChoice !== undefined && { tool_choice: choice(object(tools.toolChoice)) }),
    ...(config.temperature !== undefined && { temperature: config.temperature }),
    ...(config.topP !== undefined && { top_p: config.topP }),
    ...(config.stopSequences !== undefined && { stop_sequences: config.stopSequences }),
    ...(typeof schema === 'string' && {
      output_config: { format: { type: 'json_schema', schema: JSON.parse(schema) as Json } },
    }),
    ...(serviceTier !== undefined && { service_tier: object(serviceTier).type }),
    ...more,
  } as JsonObject)
  return isJsonObject(requestMetadata) ? { ...request, metadata: requestMetadata as Record<string, string> } : request
}

/** A mark stands behind what it marks. */
function marked(content: JsonObject[]): JsonObject[] {
  const found: JsonObject[] = []
  for (const block of content) {
    const before = found.at(-1)
    if (block.cachePoint !== undefined && before) before.cache_control = mark(block)
    else found.push(...blocks(block))
  }
  return found
}

function mark({ cachePoint }: JsonObject): JsonObject {
  const { ttl } = object(cachePoint)
  return { type: 'ephemeral', ...(ttl !== undefined && { ttl }) }
}

function blocks(block: JsonObject): JsonObject[] {
  const { text, image, document, toolUse, toolResult, reasoningContent } = block
  if (typeof text === 'string') return [{ type: 'text', text }]
  if (isJsonObject(image)) {
    const { format, source } = image
    return [{ type: 'image', source: { type: 'base64', media_type: `image/${format}`, data: object(source).bytes } }]
  }
  if (isJsonObject(document)) {
    const { format, name, source } = document
    const data = object(source).bytes as string
    const plain = format === 'txt' && { type: 'text', media_type: 'text/plain', data: utf8(data) }
    return [
      { type: 'document', title: name, source: plain || { type: 'base64', media_type: `application/${format}`, data } },
    ]
  }
  if (isJsonObject(toolUse)) {
    return [{ type: 'tool_use', id: toolUse.toolUseId, name: toolUse.name, input: toolUse.input }]
  }
  if (isJsonObject(toolResult)) {
    const { toolUseId, content, status } = toolResult
    const is_error = status === 'error'
    return [{ type: 'tool_result', tool_use_id: toolUseId, content: list(content).flatMap(blocks), is_error }]
  }
  const { reasoningText, redactedContent } = object(reasoningContent)
  if (redactedContent !== undefined) return [{ type: 'redacted_thinking', data: redactedContent }]
  const { text: thinking, signature } = object(reasoningText)
  return thinking === undefined ? [] : [{ type: 'thinking', thinking, signature }]
}

function offered(wire: JsonObject[]): JsonObject[] {
  const found: JsonObject[] = []
  for (const one of wire) {
    const before = found.at(-1)
    if (one.cachePoint !== undefined && before) before.cache_control = mark(one)
    else found.push(...tool(one))
  }
  return found
}

function tool({ toolSpec }: JsonObject): JsonObject[] {
  if (!isJsonObject(toolSpec)) return []
  const { name, description, inputSchema, strict } = toolSpec
  return [{ name, description, input_schema: object(inputSchema).json, ...(strict !== undefined && { strict }) }]
}

function choice({ any, tool: one }: JsonObject): JsonObject {
  if (isJsonObject(one)) return { type: 'tool', name: one.name }
  return { type: any === undefined ? 'auto' : 'any' }
}

function utf8(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
