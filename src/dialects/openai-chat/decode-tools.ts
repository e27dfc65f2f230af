import { isJsonObject, type JsonObject, type Tool, type ToolChoice } from '../../tokens/index.ts'
import { boolean, object, objects, oneOf, refuse, string, typeName } from '../fields.ts'
import { cacheOf, extraOf } from './decode-parts.ts'
import { dialectName } from './wire.ts'

/** The tools, those in the form of before tools included. */
export function decodeTools(body: JsonObject): Tool[] {
  const old = objects(body, 'functions').map((one, i) => decodeFunction(one, `functions[${i}].`))
  return [...currentTools(body), ...old]
}

function currentTools(body: JsonObject): Tool[] {
  return objects(body, 'tools').map((tool, i): Tool => {
    const at = `tools[${i}].`
    const type = string.required(tool, 'type', at)
    const more = { ...cacheOf(tool), ...extraOf(tool, toolFields) }
    if (type === 'function') {
      return { ...decodeFunction(object.required(tool, 'function', at), `${at}function.`), ...more }
    }
    if (type === 'custom') {
      const custom = object.required(tool, 'custom', at)
      const description = string.optional(custom, 'description', `${at}custom.`)
      const format = object.optional(custom, 'format', `${at}custom.`)
      return {
        kind: 'custom',
        name: string.required(custom, 'name', `${at}custom.`),
        ...(description !== undefined && { description }),
        ...(format && { format }),
        ...more,
      }
    }
    return { kind: 'hosted', dialect: dialectName, name: type, definition: tool }
  })
}

const toolFields = new Set(['type', 'function', 'custom'])

function decodeFunction(wire: JsonObject, at: string): Tool {
  const name = string.required(wire, 'name', at)
  const description = string.optional(wire, 'description', at)
  const parameters = object.optional(wire, 'parameters', at)
  const strict = boolean.optional(wire, 'strict', at)
  return {
    kind: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
  }
}

export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body.tool_choice ?? undefined
  if (choice === undefined) return decodeFunctionCall(body)
  if (typeof choice === 'string') {
    const mode = oneOf(body, 'tool_choice', ['none', 'auto', 'required', 'any'])!
    return { mode: mode === 'any' ? 'required' : mode }
  }
  if (!isJsonObject(choice)) refuse('tool_choice', `must be a word or an object, but it is ${typeName(choice)}`)
  const wire = choice as JsonObject
  const type = oneOf(wire, 'type', ['function', 'custom', 'allowed_tools'], 'tool_choice.')
  if (type === 'allowed_tools') {
    const allowed = object.required(wire, 'allowed_tools', 'tool_choice.')
    const at = 'tool_choice.allowed_tools.'
    const required = oneOf(allowed, 'mode', ['auto', 'required'], at) === 'required'
    const names = objects(allowed, 'tools', at).map((tool, i) => toolName(tool, `${at}tools[${i}].`))
    return { mode: 'subset', names, required }
  }
  if (type === undefined) refuse('tool_choice.type', 'is missing; it must be function, custom or allowed_tools')
  const name = toolName(wire, 'tool_choice.')
  return { mode: 'one', name, ...(type === 'custom' && { kind: 'custom' }) }
}

function toolName(wire: JsonObject, at: string): string {
  const key = wire.type === 'custom' ? 'custom' : 'function'
  return string.required(object.required(wire, key, at), 'name', `${at}${key}.`)
}

function decodeFunctionCall(body: JsonObject): ToolChoice | undefined {
  const wire = body.function_call ?? undefined
  if (wire === undefined) return undefined
  if (isJsonObject(wire)) return { mode: 'one', name: string.required(wire, 'name', 'function_call.') }
  return { mode: oneOf(body, 'function_call', ['none', 'auto'])! }
}
