import type { Json, JsonObject, Tool, ToolChoice } from '../../tokens/index.ts'
import { array, object, oneOf, refuse, string, typeName, unknownFields } from '../fields.ts'
import { inner, repeated } from './proto.ts'
import { toJsonSchema } from './schema.ts'
import { dialect } from './wire.ts'

/** One entry of the wire may hold many functions, and tools of the vendor beside them. */
export function decodeTools(body: JsonObject): Tool[] {
  return repeated(body, 'tools').flatMap(([entry, at]) =>
    Object.keys(entry).flatMap((key) =>
      key === 'functionDeclarations'
        ? repeated(entry, key, `${at}.`).map(([declaration, path]) => functionTool(declaration, `${path}.`))
        : hostedTool(key, entry[key]),
    ),
  )
}

function hostedTool(name: string, value: Json | undefined): Tool[] {
  if (value === undefined || value === null) return []
  return [{ kind: 'hosted', dialect, name, definition: { [name]: value } }]
}

const functionFields: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'parametersJsonSchema'])

function functionTool(wire: JsonObject, at: string): Tool {
  const tool: Tool & { kind: 'function' } = { kind: 'function', name: string.required(wire, 'name', at) }
  const description = string.optional(wire, 'description', at)
  if (description !== undefined) tool.description = description
  const json = object.optional(wire, 'parametersJsonSchema', at)
  const parameters = object.optional(wire, 'parameters', at)
  if (json) tool.parameters = json
  else if (parameters) tool.parameters = toJsonSchema(parameters)
  const extra = unknownFields(wire, functionFields)
  // Kept as it was written: it says the same in the vendor's own kind of schema.
  if (!json && parameters) extra.parameters = parameters
  if (Object.keys(extra).length > 0) tool.extra = extra
  return tool
}

const modes = ['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'] as const

/** The tool choice; `kept` is what another API has no word for. */
export function decodeToolConfig(body: JsonObject): { choice?: ToolChoice; kept?: JsonObject } {
  const config = inner(body, 'toolConfig')
  if (!config) return {}
  const calling = inner(config, 'functionCallingConfig', 'toolConfig.')
  const others = unknownFields(config, new Set(['functionCallingConfig']))
  const at = 'toolConfig.functionCallingConfig.'
  const mode = (calling && oneOf(upper(calling), 'mode', modes, at)) ?? 'AUTO'
  const allowed = calling ? names(calling, at) : []
  const choice = calling && choiceOf(mode, allowed)
  if (calling && mode === 'VALIDATED') others.functionCallingConfig = calling
  return {
    ...(choice && { choice }),
    ...(Object.keys(others).length > 0 && { kept: others }),
  }
}

function choiceOf(mode: (typeof modes)[number], allowed: string[]): ToolChoice {
  if (mode === 'NONE') return { mode: 'none' }
  const [only] = allowed
  if (mode === 'ANY') {
    if (only === undefined) return { mode: 'required' }
    return allowed.length === 1 ? { mode: 'one', name: only } : { mode: 'subset', names: allowed, required: true }
  }
  return mode === 'VALIDATED' && only !== undefined
    ? { mode: 'subset', names: allowed, required: false }
    : { mode: 'auto' }
}

function upper(calling: JsonObject): JsonObject {
  return typeof calling.mode === 'string' ? { ...calling, mode: calling.mode.toUpperCase() } : calling
}

function names(calling: JsonObject, at: string): string[] {
  return (array.optional(calling, 'allowedFunctionNames', at) ?? []).map((name, index) => {
    if (typeof name === 'string') return name
    return refuse(`${at}allowedFunctionNames[${index}]`, `must be a string, but it is ${typeName(name)}`)
  })
}
