import { isJsonObject, type Json, type JsonObject, type Tool, type ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { dialectName } from './wire.ts'

/** The fields `tools`, `tool_choice` and `parallel_tool_calls`. @throws SluiceError `unsupported` */
export function encodeTools(encoding: Encoding): JsonObject {
  const { request } = encoding
  const choice = request.toolChoice
  // Only OpenAI is certain to know a subset by that name; elsewhere the list itself is cut.
  const subset = choice?.mode === 'subset' && !encoding.extras ? choice : undefined
  const tools: JsonObject[] = []
  for (const [i, tool] of request.tools.entries()) {
    if (subset && !subset.names.includes(tool.name)) continue
    const wire = encodeTool(tool, i, encoding)
    if (wire) place(tools, tool, wire)
  }
  if (choice?.mode === 'one' && request.tools.some((tool) => tool.name === choice.name && isForeign(tool))) {
    refuse('tool_choice', `demands the tool "${choice.name}", which runs at another vendor`)
  }
  if (tools.length === 0) {
    const must = choice?.mode === 'required' || choice?.mode === 'one' || (choice?.mode === 'subset' && choice.required)
    if (must && !encoding.own) refuse('tool_choice', 'demands a tool, and no tool is offered that this API takes')
    if (!encoding.own) return {}
  }
  const { parallelToolCalls } = request
  return {
    ...(tools.length > 0 && { tools }),
    ...(choice && {
      tool_choice: subset ? (subset.required ? 'required' : 'auto') : encodeToolChoice(choice, encoding),
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
  }
}

function isForeign(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.dialect !== dialectName
}

/** Tools of one namespace, which stood in a row, go back into it. */
function place(tools: JsonObject[], tool: Tool, wire: JsonObject): void {
  const at = tool.kind === 'hosted' ? undefined : tool.extra?.place
  if (!isJsonObject(at) || !isJsonObject(at.space)) {
    tools.push(wire)
    return
  }
  const last = tools.at(-1)
  const inner = { ...wire, name: at.name as string }
  if (last?.type === 'namespace' && last.name === at.space.name) (last.tools as Json[]).push(inner)
  else tools.push({ ...at.space, tools: [inner] })
}

function encodeTool(tool: Tool, i: number, encoding: Encoding): JsonObject | undefined {
  if (tool.kind === 'hosted') {
    if (!isForeign(tool)) return tool.definition
    encoding.dropped(`tools[${i}]`, `the tool "${tool.name}" runs at another vendor`)
    return undefined
  }
  const { own } = encoding
  const { place: _, ...more } = own ? (tool.extra ?? {}) : {}
  const head = {
    name: encoding.toolName(tool.name),
    ...(tool.description !== undefined && { description: tool.description }),
  }
  if (tool.kind === 'custom') {
    const { format } = tool
    if (encoding.extras) return { type: 'custom', ...head, ...(format && { format: flat(format) }), ...more }
    encoding.customTools.add(tool.name)
    if (hasFormat(format)) encoding.changed(`tools[${i}].format`, 'the format is described to the model, not enforced')
    return { type: 'function', ...head, parameters: inputSchema(format), strict: false }
  }
  // Absent means strict here, and the schema was not written for that.
  const strict = own ? tool.strict : (tool.strict ?? false)
  const parameters = tool.parameters ?? (own ? undefined : { type: 'object', properties: {} })
  return {
    type: 'function',
    ...head,
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    ...more,
  }
}

/** A grammar in the canonical form stands in an object of its own. */
function flat(format: JsonObject): JsonObject {
  const { grammar, ...more } = format
  return isJsonObject(grammar) ? { ...more, ...grammar } : format
}

function encodeToolChoice(choice: ToolChoice, encoding: Encoding): Json {
  const named = (name: string): JsonObject => {
    const tool = encoding.request.tools.find((one) => one.name === name)
    if (tool?.kind === 'hosted') return { type: name }
    const type = tool?.kind === 'custom' && encoding.extras ? 'custom' : 'function'
    const at = encoding.own ? tool?.extra?.place : undefined
    return { type, name: isJsonObject(at) ? (at.name as string) : encoding.toolName(name) }
  }
  switch (choice.mode) {
    case 'one':
      return named(choice.name)
    case 'subset':
      return { type: 'allowed_tools', mode: choice.required ? 'required' : 'auto', tools: choice.names.map(named) }
    default:
      return choice.mode
  }
}
