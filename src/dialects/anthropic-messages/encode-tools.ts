import type { JsonObject, Tool, ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { refuse } from '../request-encoding.ts'
import { cacheControl, type Encoding } from './encoding.ts'
import { dialect } from './wire.ts'

/** The fields `tools` and `tool_choice`, in the shape of the wire. */
export function encodeTools(encoding: Encoding): JsonObject {
  const { toolChoice, parallelToolCalls } = encoding.request
  const tools = offered(encoding)
  if (tools.length === 0) {
    if (toolChoice && toolChoice.mode !== 'auto' && toolChoice.mode !== 'none') {
      refuse('tool_choice', 'demands a tool, and no tool is offered that the Messages API takes')
    }
    return {}
  }
  const choice = toolChoice && choiceOf(encoding, toolChoice)
  if (parallelToolCalls === undefined || (parallelToolCalls && !encoding.own) || choice?.type === 'none') {
    return { tools, ...(choice && { tool_choice: choice }) }
  }
  return { tools, tool_choice: { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: !parallelToolCalls } }
}

function offered(encoding: Encoding): JsonObject[] {
  const { tools, toolChoice } = encoding.request
  const subset = toolChoice?.mode === 'subset' ? new Set(toolChoice.names) : undefined
  const wire: JsonObject[] = []
  for (const [index, tool] of tools.entries()) {
    if (subset && !subset.has(tool.name)) continue
    const encoded = toolOf(encoding, tool, `tools[${index}]`)
    if (encoded) wire.push(encoded)
  }
  return wire
}

function toolOf(encoding: Encoding, tool: Tool, at: string): JsonObject | undefined {
  switch (tool.kind) {
    case 'function':
      return {
        name: encoding.toolName(tool.name),
        ...(tool.description !== undefined && { description: tool.description }),
        input_schema: schemaOf(tool.parameters),
        ...(tool.strict !== undefined && (tool.strict || encoding.own) && { strict: tool.strict }),
        ...cacheControl(tool.cache),
        ...(encoding.own && tool.extra),
      }
    case 'custom':
      encoding.customTools.add(tool.name)
      if (hasFormat(tool.format)) {
        encoding.changed(`${at}.format`, 'the format is described to the model, not enforced')
      }
      return {
        name: encoding.toolName(tool.name),
        ...(tool.description !== undefined && { description: tool.description }),
        input_schema: inputSchema(tool.format),
        ...cacheControl(tool.cache),
      }
    case 'hosted':
      if (tool.dialect === dialect) return tool.definition
      encoding.dropped(at, `the tool "${tool.name}" runs at another vendor`)
      return undefined
  }
}

/** The API wants a type, and it must be `object`. */
function schemaOf(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: 'object' }
  return parameters.type === 'object' ? parameters : { ...parameters, type: 'object' }
}

function choiceOf(encoding: Encoding, choice: ToolChoice): JsonObject {
  switch (choice.mode) {
    case 'auto':
      return { type: 'auto' }
    case 'required':
      return { type: 'any' }
    case 'none':
      return { type: 'none' }
    case 'subset':
      return { type: choice.required ? 'any' : 'auto' }
    case 'one': {
      const tool = encoding.request.tools.find((one) => one.name === choice.name)
      if (!tool) refuse('tool_choice', `demands the tool "${choice.name}", which is not among the tools`)
      if (tool.kind === 'hosted' && tool.dialect !== dialect) {
        refuse('tool_choice', `demands the tool "${choice.name}", which runs at another vendor`)
      }
      return { type: 'tool', name: encoding.toolName(choice.name) }
    }
  }
}
