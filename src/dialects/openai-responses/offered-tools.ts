import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** The type of an item that offers tools in the middle of an input. Codex sends all of its tools so to newer models. */
export const toolsItem = 'additional_tools'

/** All tools that a request offers: those of the field, and those of items of its input. */
export function offeredTools({ tools, input }: JsonObject): Json | undefined {
  const items = Array.isArray(input) ? input.filter((item) => isJsonObject(item) && item.type === toolsItem) : []
  if (items.length === 0) return tools
  const more = items.flatMap((item) => (isJsonObject(item) && Array.isArray(item.tools) ? item.tools : []))
  return [...(Array.isArray(tools) ? tools : []), ...more]
}
