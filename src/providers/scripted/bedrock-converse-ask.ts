import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** What a path of this API asks for: the model stands in it, and whether a stream is wanted. */
export interface ConversePath {
  model: string
  operation: 'chat' | 'count'
  stream: boolean
}

export function conversePath(path: string): ConversePath | undefined {
  const [, id, action] = /^\/model\/([^/]+)\/(converse|converse-stream|count-tokens)$/.exec(path) ?? []
  if (id === undefined || action === undefined) return undefined
  return { model: decoded(id), operation: action === 'count-tokens' ? 'count' : 'chat', stream: action.endsWith('m') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A request of this API in the words in which others are read: blocks with a type, and the model beside them. */
export function converseBody(written: JsonObject, { model, stream }: ConversePath): JsonObject {
  const inner = isJsonObject(written.input) && isJsonObject(written.input.converse) ? written.input.converse : written
  const { system, messages, toolConfig, inferenceConfig } = inner
  const config = isJsonObject(inferenceConfig) ? inferenceConfig : {}
  const tools = isJsonObject(toolConfig) ? objects(toolConfig.tools) : []
  return {
    model,
    stream,
    ...(config.stopSequences !== undefined && { stop_sequences: config.stopSequences }),
    system: objects(system).flatMap(blockOf),
    messages: Array.isArray(messages)
      ? messages.map((turn) =>
          isJsonObject(turn) ? { ...turn, content: objects(turn.content).flatMap(blockOf) } : turn,
        )
      : messages,
    tools: tools.flatMap(({ toolSpec }) =>
      isJsonObject(toolSpec)
        ? [{ name: toolSpec.name, input_schema: isJsonObject(toolSpec.inputSchema) ? toolSpec.inputSchema.json : {} }]
        : [],
    ),
  }
}

function blockOf(block: JsonObject): JsonObject[] {
  const { text, image, toolUse, toolResult } = block
  if (typeof text === 'string') return [{ type: 'text', text }]
  if (isJsonObject(image) && isJsonObject(image.source)) {
    return [
      { type: 'image', source: { type: 'base64', media_type: `image/${image.format}`, data: image.source.bytes } },
    ]
  }
  if (isJsonObject(toolUse))
    return [{ type: 'tool_use', id: toolUse.toolUseId, name: toolUse.name, input: toolUse.input }]
  if (isJsonObject(toolResult)) {
    const content = objects(toolResult.content).flatMap(blockOf)
    return [{ type: 'tool_result', tool_use_id: toolResult.toolUseId, content }]
  }
  return []
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
