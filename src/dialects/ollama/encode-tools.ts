import type { Json, JsonObject, Tool } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { type Encoding, unsupported } from './encoding.ts'
import { dialectName } from './wire.ts'

/** The field `tools`. The API leaves the choice to the model, always. @throws SluiceError `unsupported` */
export function encodeTools(encoding: Encoding): JsonObject {
  const { tools, toolChoice: choice, parallelToolCalls } = encoding.request
  if (choice?.mode === 'required' || choice?.mode === 'one' || (choice?.mode === 'subset' && choice.required)) {
    unsupported('tool_choice', '`tool_choice` demands a tool call, and this API leaves the choice to the model')
  }
  if (choice?.mode === 'none') return {}
  if (parallelToolCalls === false && tools.length > 0) {
    encoding.dropped('parallel_tool_calls', 'this API has no such field')
  }
  const wire: Json[] = []
  for (const [i, tool] of tools.entries()) {
    if (choice?.mode === 'subset' && !choice.names.includes(tool.name)) continue
    const encoded = encodeTool(tool, `tools[${i}]`, encoding)
    if (encoded) wire.push(encoded)
  }
  return wire.length === 0 ? {} : { tools: wire }
}

function encodeTool(tool: Tool, at: string, encoding: Encoding): JsonObject | undefined {
  if (tool.kind === 'hosted') {
    if (tool.dialect === dialectName) return tool.definition
    encoding.dropped(at, `${tool.name} runs at another vendor`)
    return undefined
  }
  const { name, description } = tool
  const described = description !== undefined && { description }
  if (tool.kind === 'custom') {
    encoding.customTools.add(name)
    if (hasFormat(tool.format)) {
      encoding.changed(`${at}.format`, 'the format is described to the model, not enforced')
    }
    return { type: 'function', function: { name, ...described, parameters: inputSchema(tool.format) } }
  }
  if (tool.strict === true) encoding.dropped(`${at}.strict`, 'this API has no such field')
  const parameters = tool.parameters ?? { type: 'object', properties: {} }
  return { type: 'function', function: { name, ...described, parameters }, ...(encoding.own && tool.extra) }
}
