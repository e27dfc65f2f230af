import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** A request of the Responses API in the words in which others are read: messages, and tools under one name each. */
export function responsesBody(body: JsonObject): JsonObject {
  const { input, instructions, tools, include, ...more } = body
  const items: Json | undefined = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  return {
    ...more,
    ...(typeof instructions === 'string' && { system: instructions }),
    ...(Array.isArray(include) && include.includes('message.output_text.logprobs') && { logprobs: true }),
    messages: Array.isArray(items) ? items.filter(isJsonObject).reduce<JsonObject[]>(addItem, []) : (items ?? null),
    tools: Array.isArray(tools) ? tools.filter(isJsonObject).flatMap(inside) : [],
  }
}

function inside(tool: JsonObject): JsonObject[] {
  if (tool.type === 'custom') return [{ type: 'custom', custom: { name: tool.name ?? null } }]
  if (tool.type !== 'namespace') return [tool]
  return Array.isArray(tool.tools) ? tool.tools.filter(isJsonObject) : []
}

/** What the assistant did in a row is one turn. */
function addItem(turns: JsonObject[], item: JsonObject): JsonObject[] {
  const output = /_output$/.test(String(item.type))
  if (output) {
    turns.push({ role: 'tool', content: contentOf(item.output) })
    return turns
  }
  const role = typeof item.role === 'string' ? item.role : 'assistant'
  const content = item.role === undefined ? [] : contentOf(item.content)
  const last = turns.at(-1)
  if (role === 'assistant' && last?.role === 'assistant') last.content = [...(last.content as Json[]), ...content]
  else turns.push({ role, content })
  return turns
}

function contentOf(content: Json | undefined): JsonObject[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isJsonObject).map(blockOf) : []
}

function blockOf(part: JsonObject): JsonObject {
  if (typeof part.text === 'string') return { type: 'text', text: part.text }
  if (part.type !== 'input_image') return part
  return { type: 'image_url', image_url: { url: part.image_url ?? part.file_id ?? null } }
}
