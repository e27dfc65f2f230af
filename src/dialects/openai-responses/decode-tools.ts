import { isJsonObject, type Json, type JsonObject, type Tool, type ToolChoice } from '../../tokens/index.ts'
import { boolean, object, objects, oneOf, refuse, string, typeName } from '../fields.ts'
import { extraOf } from './decode-parts.ts'
import { flatName, inside, type Place } from './namespaces.ts'
import { dialectName } from './wire.ts'

type Names = ReadonlyMap<string, Place>

/** The tools; those in a namespace under flat names. @throws SluiceError `invalid_request` */
export function decodeTools(body: JsonObject, names: Names): Tool[] {
  return objects(body, 'tools').flatMap((tool, index): Tool[] => {
    const at = `tools[${index}].`
    const type = string.required(tool, 'type', at)
    if (type !== 'namespace') return [decodeTool(tool, type, at)]
    const { tools: _, ...space } = tool
    const namespace = string.required(tool, 'name', at)
    return inside(tool).map((inner, i) => {
      const path = `${at}tools[${i}].`
      const decoded = decodeTool(inner, string.required(inner, 'type', path), path)
      if (decoded.kind === 'hosted') return decoded
      const place = { space, name: decoded.name }
      return { ...decoded, name: flatName(names, decoded.name, namespace), extra: { ...decoded.extra, place } }
    })
  })
}

const functionFields: ReadonlySet<string> = new Set(['type', 'name', 'description', 'parameters', 'strict'])
const customFields: ReadonlySet<string> = new Set(['type', 'name', 'description', 'format'])

function decodeTool(tool: JsonObject, type: string, at: string): Tool {
  const named = (): { name: string; description?: string } => {
    const description = string.optional(tool, 'description', at)
    return { name: string.required(tool, 'name', at), ...(description !== undefined && { description }) }
  }
  if (type === 'function') {
    const parameters = object.optional(tool, 'parameters', at)
    const strict = boolean.optional(tool, 'strict', at)
    return {
      kind: 'function',
      ...named(),
      ...(parameters && { parameters }),
      ...(strict !== undefined && { strict }),
      ...extraOf(tool, functionFields),
    }
  }
  if (type === 'custom') {
    const format = object.optional(tool, 'format', at)
    return { kind: 'custom', ...named(), ...(format && { format: nested(format) }), ...extraOf(tool, customFields) }
  }
  return { kind: 'hosted', dialect: dialectName, name: type, definition: tool }
}

/** A grammar stands flat here and in an object of its own in the canonical form. */
function nested(format: JsonObject): JsonObject {
  if (format.type !== 'grammar' || isJsonObject(format.grammar)) return format
  const { type, ...grammar } = format
  return { type, grammar } as JsonObject
}

/** Whether the canonical form says all that a choice says. */
export function isPlainChoice(choice: Json | undefined): boolean {
  return !isJsonObject(choice) || choice.type === 'function' || choice.type === 'custom'
}

export function decodeToolChoice(body: JsonObject, names: Names): ToolChoice | undefined {
  const choice = body.tool_choice ?? undefined
  if (choice === undefined) return undefined
  if (typeof choice === 'string') return { mode: oneOf(body, 'tool_choice', ['none', 'auto', 'required'])! }
  if (!isJsonObject(choice)) refuse('tool_choice', `must be a word or an object, but it is ${typeName(choice)}`)
  const wire = choice as JsonObject
  const at = 'tool_choice.'
  const type = string.required(wire, 'type', at)
  if (type === 'allowed_tools') {
    const required = oneOf(wire, 'mode', ['auto', 'required'], at) === 'required'
    const tools = objects(wire, 'tools', at)
    return { mode: 'subset', names: tools.map((tool, i) => chosen(tool, names, `${at}tools[${i}].`)), required }
  }
  return { mode: 'one', name: chosen(wire, names, at), ...(type === 'custom' && { kind: 'custom' }) }
}

function chosen(wire: JsonObject, names: Names, at: string): string {
  const type = string.required(wire, 'type', at)
  if (type !== 'function' && type !== 'custom') return type
  return flatName(names, string.required(wire, 'name', at), string.optional(wire, 'namespace', at))
}
