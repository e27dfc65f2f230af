import { isJsonObject, type JsonObject, type Tool, type ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'

/**
 * The field `toolConfig`. A conversation in which tools were used has to have it, and there is no way to say that none
 * may be called.
 */
export function encodeTools(encoding: Encoding, messages: readonly JsonObject[]): JsonObject {
  const { toolChoice, parallelToolCalls } = encoding.request
  const used = usedTools(messages)
  const forbidden = toolChoice?.mode === 'none'
  if (forbidden && used.length === 0) return {}
  const tools = offered(encoding)
  if (tools.length === 0) {
    if (toolChoice && toolChoice.mode !== 'auto' && !forbidden) {
      refuse('tool_choice', 'demands a tool, and no tool is offered that the Converse API takes')
    }
    if (used.length === 0) return {}
    encoding.changed('tools', 'the tools of the conversation are named, since the Converse API wants that')
    return { toolConfig: { tools: used.map((name) => spec(name, { inputSchema: { json: { type: 'object' } } })) } }
  }
  if (parallelToolCalls === false) {
    encoding.dropped('parallel_tool_calls', 'the Converse API cannot forbid parallel calls')
  }
  if (forbidden) encoding.dropped('tool_choice', 'the Converse API cannot forbid tools to a conversation with calls')
  const choice = toolChoice && choiceOf(encoding, toolChoice)
  return { toolConfig: { tools, ...(choice && { toolChoice: choice }) } }
}

/** The names of the tools that the conversation calls. */
function usedTools(messages: readonly JsonObject[]): string[] {
  const names = new Set<string>()
  for (const { content } of messages) {
    for (const block of content as JsonObject[]) {
      if (isJsonObject(block.toolUse)) names.add(block.toolUse.name as string)
    }
  }
  return [...names]
}

function offered(encoding: Encoding): JsonObject[] {
  const { tools, toolChoice } = encoding.request
  const subset = toolChoice?.mode === 'subset' ? new Set(toolChoice.names) : undefined
  return tools.flatMap((tool, index) =>
    subset && !subset.has(tool.name) ? [] : toolOf(encoding, tool, `tools[${index}]`),
  )
}

function toolOf(encoding: Encoding, tool: Tool, at: string): JsonObject[] {
  if (tool.kind === 'hosted') {
    encoding.dropped(at, `the tool "${tool.name}" runs at another vendor`)
    return []
  }
  const described = tool.description === undefined || tool.description === '' ? {} : { description: tool.description }
  if (tool.kind === 'function') {
    const json = schemaOf(tool.parameters)
    const fields = { ...described, inputSchema: { json }, ...(tool.strict && { strict: true }) }
    return [spec(encoding.toolName(tool.name), fields), ...encoding.cachePoint(tool.cache)]
  }
  encoding.customTools.add(tool.name)
  if (hasFormat(tool.format)) encoding.changed(`${at}.format`, 'the format is described to the model, not enforced')
  const fields = { ...described, inputSchema: { json: inputSchema(tool.format) } }
  return [spec(encoding.toolName(tool.name), fields), ...encoding.cachePoint(tool.cache)]
}

function spec(name: string, fields: JsonObject): JsonObject {
  return { toolSpec: { name, ...fields } }
}

/** The API wants a type, and it must be `object`. */
function schemaOf(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: 'object' }
  return parameters.type === 'object' ? parameters : { ...parameters, type: 'object' }
}

function choiceOf(encoding: Encoding, choice: ToolChoice): JsonObject | undefined {
  switch (choice.mode) {
    case 'auto':
      return { auto: {} }
    case 'required':
      return { any: {} }
    case 'none':
      return undefined
    case 'subset':
      return choice.required ? { any: {} } : { auto: {} }
    case 'one': {
      const tool = encoding.request.tools.find((one) => one.name === choice.name)
      if (!tool) refuse('tool_choice', `demands the tool "${choice.name}", which is not among the tools`)
      if (tool.kind === 'hosted')
        refuse('tool_choice', `demands the tool "${choice.name}", which runs at another vendor`)
      return { tool: { name: encoding.toolName(choice.name) } }
    }
  }
}
