import type { Json, JsonObject, Tool, ToolChoice } from '../../tokens/index.ts'
import { hasFormat, inputSchema } from '../custom-input.ts'
import { type Encoding, unsupported } from './encoding.ts'
import { dialectName } from './wire.ts'

/** The fields `tools`, `tool_choice` and `parallel_tool_calls`. @throws SluiceError `unsupported` */
export function encodeTools(encoding: Encoding): JsonObject {
  const { request } = encoding
  const { traits } = encoding.target
  let offered = request.tools
  const choice = knownChoice(encoding)
  // Only this dialect's own form of a subset is certain to be known; elsewhere the list itself is cut.
  const subset = choice?.mode === 'subset' && (!encoding.extras || traits.toolChoice !== undefined)
  if (subset) offered = offered.filter((tool) => choice.names.includes(tool.name))
  if (traits.tools === false && offered.length > 0) {
    encoding.dropped('tools', 'this provider knows no tools')
    offered = []
  }
  const tools: Json[] = []
  for (const [i, tool] of offered.entries()) {
    const wire = encodeTool(tool, i, encoding)
    if (wire) tools.push(wire)
  }
  if (choice?.mode === 'one' && request.tools.some((tool) => tool.name === choice.name && isForeign(tool))) {
    unsupported('tool_choice', `the tool ${choice.name} runs at another vendor, and the request insists on it`)
  }
  if (tools.length === 0) {
    const demanded =
      choice?.mode === 'required' || choice?.mode === 'one' || (choice?.mode === 'subset' && choice.required)
    if (demanded) {
      unsupported('tool_choice', 'it asks for a tool call, and there is no tool that this provider can call')
    }
    // Beside no tools at all the API refuses the other fields.
    return {}
  }
  const { parallelToolCalls } = request
  if (parallelToolCalls === false && !encoding.takes('parallel_tool_calls')) {
    encoding.dropped('parallel_tool_calls', 'not known to every compatible server')
  }
  return {
    tools,
    ...(choice && {
      tool_choice: subset ? wordFor(choice.required, encoding) : encodeToolChoice(choice, encoding),
    }),
    ...(parallelToolCalls !== undefined &&
      encoding.takes('parallel_tool_calls') && { parallel_tool_calls: parallelToolCalls }),
  }
}

/**
 * The choice in the forms that the server knows: where it cannot be told which tool, it is offered no other.
 *
 * @throws SluiceError `unsupported` where it cannot be told that a call is wanted
 */
function knownChoice({ request, target: { traits } }: Encoding): ToolChoice | undefined {
  const choice = request.toolChoice
  const { required, named } = traits.toolChoice ?? {}
  if (!choice) return undefined
  const demands = choice.mode === 'required' || choice.mode === 'one' || (choice.mode === 'subset' && choice.required)
  if (required === false && demands && traits.tools !== false) {
    unsupported('tool_choice', 'it insists on a tool call, which this model cannot be told')
  }
  return choice.mode === 'one' && named === false ? { mode: 'subset', names: [choice.name], required: true } : choice
}

function wordFor(required: boolean, { target: { traits } }: Encoding): string {
  return required ? traits.toolChoice?.required || 'required' : 'auto'
}

function isForeign(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.dialect !== dialectName
}

function encodeTool(tool: Tool, i: number, encoding: Encoding): JsonObject | undefined {
  if (tool.kind === 'hosted') {
    if (!isForeign(tool)) return tool.definition
    encoding.dropped(`tools[${i}]`, `${tool.name} runs at another vendor`)
    return undefined
  }
  const { description } = tool
  const more = encoding.own ? tool.extra : undefined
  const name = encoding.toolName(tool.name)
  if (tool.kind === 'custom') {
    const { format } = tool
    if (!encoding.extras) {
      encoding.customTools.add(tool.name)
      if (hasFormat(format)) {
        encoding.changed(`tools[${i}].format`, 'the format is described to the model, not enforced')
      }
      return {
        type: 'function',
        function: { name, ...(description !== undefined && { description }), parameters: inputSchema(format) },
      }
    }
    return {
      type: 'custom',
      custom: { name, ...(description !== undefined && { description }), ...(format && { format }) },
      ...more,
    }
  }
  const { parameters, strict } = tool
  if (strict === true && !encoding.takes('strict'))
    encoding.dropped(`tools[${i}].strict`, 'not known to every compatible server')
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      ...(strict !== undefined && encoding.takes('strict') && { strict }),
    },
    ...more,
  }
}

function encodeToolChoice(choice: ToolChoice, encoding: Encoding): Json {
  const named = (name: string): JsonObject => {
    const custom =
      encoding.extras && encoding.request.tools.some((tool) => tool.name === name && tool.kind === 'custom')
    const kind = custom ? 'custom' : 'function'
    return { type: kind, [kind]: { name: encoding.toolName(name) } }
  }
  switch (choice.mode) {
    case 'one':
      return named(choice.name)
    case 'subset':
      return {
        type: 'allowed_tools',
        allowed_tools: { mode: choice.required ? 'required' : 'auto', tools: choice.names.map(named) },
      }
    case 'required':
      return wordFor(true, encoding)
    default:
      return choice.mode
  }
}
