import type {
  AssistantPart,
  ImagePart,
  JsonObject,
  Message,
  PartExtra,
  TextPart,
  ToolCall,
  ToolResultPart,
} from '../../tokens/index.ts'
import { array, object, objects, oneOf, refuse, string, typeName, unknownFields } from '../fields.ts'
import { filled } from '../lenient.ts'

const roles = ['system', 'user', 'assistant', 'tool'] as const

const plainFields = new Set(['role', 'content', 'images'])
const assistantFields = new Set([...plainFields, 'thinking', 'tool_calls'])
const resultFields = new Set([...plainFields, 'tool_name', 'tool_call_id', 'name'])

/** Every message, system messages included. @throws SluiceError `invalid_request` */
export function decodeMessages(body: JsonObject): Message[] {
  if (array.required(body, 'messages').length === 0) refuse('messages', 'is empty; it must hold at least one message')
  const messages: Message[] = []
  const ids = new CallIds()
  for (const [i, wire] of objects(body, 'messages').entries()) {
    const at = `messages[${i}].`
    const role = oneOf(wire, 'role', roles, at)
    if (role === undefined) refuse(`${at}role`, `is missing; it must be one of ${roles.join(', ')}`)
    switch (role) {
      case 'system':
        messages.push({ role, parts: texts(wire, at), ...extraOf(wire, plainFields) })
        break
      case 'user':
        messages.push({ role, parts: [...images(wire, at), ...texts(wire, at)], ...extraOf(wire, plainFields) })
        break
      case 'assistant':
        messages.push({ role, parts: assistantParts(wire, at, ids), ...extraOf(wire, assistantFields) })
        break
      default:
        addResult(messages, {
          type: 'tool-result',
          id: ids.answer(filled(wire.tool_call_id), filled(wire.tool_name) ?? filled(wire.name)),
          content: [...texts(wire, at), ...images(wire, at)],
          ...extraOf(wire, resultFields),
        })
    }
  }
  return messages
}

/**
 * Calls of servers and clients without ids are counted, which gives the same ids in every turn. A result names its call
 * by id, or its tool, or neither: then it answers the oldest call that waits.
 */
class CallIds {
  #count = 0
  #waiting: Array<{ id: string; name: string }> = []

  call(given: string | undefined, name: string): string {
    const id = given ?? `call_ollama_${this.#count++}`
    this.#waiting.push({ id, name })
    return id
  }

  answer(given: string | undefined, name: string | undefined): string {
    const byId = this.#waiting.findIndex(({ id }) => id === given)
    if (byId !== -1 || given !== undefined) {
      if (byId !== -1) this.#waiting.splice(byId, 1)
      return given as string
    }
    const at = name === undefined ? 0 : this.#waiting.findIndex((one) => one.name === name)
    return this.#waiting.splice(at, at === -1 ? 0 : 1)[0]?.id ?? `call_ollama_${this.#count++}`
  }
}

function addResult(messages: Message[], part: ToolResultPart): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') last.parts.push(part)
  else messages.push({ role: 'tool', parts: [part] })
}

function texts(wire: JsonObject, at: string): TextPart[] {
  const text = string.optional(wire, 'content', at)
  return text ? [{ type: 'text', text }] : []
}

function extraOf(wire: JsonObject, fields: ReadonlySet<string>): { extra?: PartExtra } {
  const extra = unknownFields(wire, fields)
  return Object.keys(extra).length > 0 ? { extra } : {}
}

/** Bare base64, of which only the first bytes tell the type. */
export function images(wire: JsonObject, at: string): ImagePart[] {
  return (array.optional(wire, 'images', at) ?? []).map((image, i) => {
    if (typeof image !== 'string') refuse(`${at}images[${i}]`, `must be base64, but it is ${typeName(image)}`)
    // Some clients leave the head of the data URL that they have made for themselves.
    const [, mediaType, data = image as string] = /^data:([^;,]*);base64,(.*)$/s.exec(image as string) ?? []
    return { type: 'image', source: { kind: 'base64', mediaType: mediaType || sniff(data), data } }
  })
}

function sniff(base64: string): string {
  for (const [start, mediaType] of signatures) if (base64.startsWith(start)) return mediaType
  return 'application/octet-stream'
}

const signatures: Array<[string, string]> = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function assistantParts(wire: JsonObject, at: string, ids: CallIds): AssistantPart[] {
  const thinking = string.optional(wire, 'thinking', at)
  const calls = objects(wire, 'tool_calls', at).map((call, i): ToolCall => {
    const path = `${at}tool_calls[${i}].`
    const inner = object.required(call, 'function', path)
    const name = string.required(inner, 'name', `${path}function.`)
    return {
      type: 'tool-call',
      id: ids.call(filled(call.id), name),
      name,
      kind: 'function',
      arguments: argumentsText(inner, `${path}function.`),
    }
  })
  if (array.optional(wire, 'images', at)?.length) {
    refuse(`${at}images`, 'stands in a message of the assistant; send images in messages of the user')
  }
  return [...(thinking ? [{ type: 'reasoning' as const, text: thinking }] : []), ...texts(wire, at), ...calls]
}

/** An object; some clients send the text of one. */
function argumentsText(wire: JsonObject, at: string): string {
  if (typeof wire.arguments === 'string') return wire.arguments.trim() === '' ? '{}' : wire.arguments
  return JSON.stringify(object.optional(wire, 'arguments', at) ?? {})
}
