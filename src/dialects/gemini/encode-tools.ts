import type { JsonObject, Tool, ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { dialect } from './wire.ts'

/** The fields `tools` and `toolConfig`, in the shape of the wire. */
export function encodeTools(encoding: Encoding): JsonObject {
  const { tools, toolChoice, parallelToolCalls } = encoding.request
  const functions: JsonObject[] = []
  const hosted: JsonObject[] = []
  for (const [index, tool] of tools.entries()) {
    if (tool.kind !== 'hosted') functions.push(declaration(encoding, tool, `tools[${index}]`))
    else if (tool.dialect === dialect) hosted.push(tool.definition)
    else encoding.dropped(`tools[${index}]`, `the tool "${tool.name}" runs at another vendor`)
  }
  if (parallelToolCalls === false && functions.length > 0) {
    encoding.dropped('parallel_tool_calls', 'the Gemini API cannot be told to make one call at a time')
  }
  if (functions.length === 0) {
    if (toolChoice && toolChoice.mode !== 'auto' && toolChoice.mode !== 'none') {
      refuse('tool_choice', 'demands a tool, and no tool is offered that the Gemini API takes')
    }
    return hosted.length > 0 ? { tools: hosted } : {}
  }
  return {
    tools: [{ functionDeclarations: functions }, ...hosted],
    ...(toolChoice && { toolConfig: { functionCallingConfig: calling(encoding, toolChoice) } }),
  }
}

function declaration(encoding: Encoding, tool: Exclude<Tool, { kind: 'hosted' }>, at: string): JsonObject {
  const common = {
    name: encoding.functionName(tool.name),
    ...(tool.description !== undefined && { description: tool.description }),
  }
  if (tool.kind === 'custom') {
    encoding.customTools.add(tool.name)
    if (hasFormat(tool.format)) encoding.changed(`${at}.format`, 'the format is described to the model, not enforced')
    return { ...common, parametersJsonSchema: inputSchema(tool.format) }
  }
  if (tool.strict && !encoding.own) encoding.dropped(`${at}.strict`, 'the Gemini API has no such field')
  const extra = encoding.own ? tool.extra : undefined
  // What the client wrote in the vendor's own kind of schema stays that.
  const schema = extra?.parameters === undefined && tool.parameters ? { parametersJsonSchema: tool.parameters } : {}
  return { ...common, ...schema, ...extra }
}

function calling(encoding: Encoding, choice: ToolChoice): JsonObject {
  switch (choice.mode) {
    case 'auto':
      return { mode: 'AUTO' }
    case 'required':
      return { mode: 'ANY' }
    case 'none':
      return { mode: 'NONE' }
    case 'one':
      return { mode: 'ANY', allowedFunctionNames: [offered(encoding, choice.name)] }
    case 'subset':
      return {
        mode: choice.required ? 'ANY' : 'VALIDATED',
        allowedFunctionNames: choice.names.map((name) => offered(encoding, name)),
      }
  }
}

function offered(encoding: Encoding, name: string): string {
  const tool = encoding.request.tools.find((one) => one.name === name)
  if (!tool) refuse('tool_choice', `demands the tool "${name}", which is not among the tools`)
  if (tool.kind === 'hosted') refuse('tool_choice', `demands the tool "${name}", which is no function`)
  return encoding.functionName(name)
}
