import type { JsonObject, Tool, ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'

/** The fields `tools` and `toolChoice`. */
export function encodeTools(encoding: Encoding): JsonObject {
  const { tools, toolChoice } = encoding.request
  const subset = toolChoice?.mode === 'subset' ? new Set(toolChoice.names) : undefined
  const offered = tools.flatMap((tool, index) =>
    subset && !subset.has(tool.name) ? [] : toolOf(encoding, tool, `tools[${index}]`),
  )
  if (offered.length === 0) {
    const demanded = toolChoice?.mode === 'required' || toolChoice?.mode === 'one'
    if (demanded || (toolChoice?.mode === 'subset' && toolChoice.required)) {
      refuse('tool_choice', 'demands a tool, and no tool is offered that a package of the AI SDK can be given')
    }
    return {}
  }
  return { tools: offered, ...(toolChoice && { toolChoice: choiceOf(encoding, toolChoice) }) }
}

function toolOf(encoding: Encoding, tool: Tool, at: string): JsonObject[] {
  if (tool.kind === 'hosted') {
    encoding.dropped(at, `the tool "${tool.name}" runs at another vendor`)
    return []
  }
  const head = {
    type: 'function',
    name: encoding.toolName(tool.name),
    ...(tool.description !== undefined && tool.description !== '' && { description: tool.description }),
  }
  if (tool.kind === 'function') {
    const strict = tool.strict !== undefined && { strict: tool.strict }
    return [{ ...head, inputSchema: schemaOf(tool.parameters), ...strict, ...encoding.options(tool.cache) }]
  }
  encoding.customTools.add(tool.name)
  if (hasFormat(tool.format)) encoding.changed(`${at}.format`, 'the format is described to the model, not enforced')
  return [{ ...head, inputSchema: inputSchema(tool.format), ...encoding.options(tool.cache) }]
}

/** Packages pass a schema on as it is, and their vendors want a type, and that it is `object`. */
function schemaOf(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: 'object', properties: {} }
  return parameters.type === 'object' ? parameters : { ...parameters, type: 'object' }
}

function choiceOf(encoding: Encoding, choice: ToolChoice): JsonObject {
  switch (choice.mode) {
    case 'auto':
    case 'required':
    case 'none':
      return { type: choice.mode }
    case 'subset':
      return { type: choice.required ? 'required' : 'auto' }
    case 'one': {
      const tool = encoding.request.tools.find((one) => one.name === choice.name)
      if (!tool) refuse('tool_choice', `demands the tool "${choice.name}", which is not among the tools`)
      if (tool.kind === 'hosted') {
        refuse('tool_choice', `demands the tool "${choice.name}", which runs at another vendor`)
      }
      return { type: 'tool', toolName: encoding.toolName(choice.name) }
    }
  }
}
