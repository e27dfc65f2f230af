import {
  type AssistantPart,
  type CacheMarker,
  isJsonObject,
  type Json,
  type JsonObject,
  type Message,
  type TextPart,
  type ToolCall,
  type ToolResultPart,
  type UserPart,
} from '../../tokens/index.ts'
import { array, object, objects, oneOf, refuse, string, typeName } from '../fields.ts'
import { placeReasoning, unsealReasoning } from './reasoning-state.ts'
import { dialectName, filled, splitDataUrl } from './wire.ts'

const roles = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const

/** Every message, system messages included. @throws SluiceError `invalid_request` */
export function decodeMessages(body: JsonObject): Message[] {
  if (array.required(body, 'messages').length === 0) {
    refuse('messages', 'is empty; it must hold at least one message')
  }
  const messages: Message[] = []
  const functions = new FunctionIds()
  for (const [i, wire] of objects(body, 'messages').entries()) {
    const at = `messages[${i}].`
    const role = oneOf(wire, 'role', roles, at)
    if (role === undefined) refuse(`${at}role`, `is missing; it must be one of ${roles.join(', ')}`)
    const name = string.optional(wire, 'name', at)
    const named = name === undefined ? {} : { name }
    switch (role) {
      case 'developer':
      case 'system':
        messages.push({
          role: 'system',
          parts: textParts(wire, at),
          ...(role === 'developer' && { developer: true }),
          ...named,
        })
        break
      case 'user':
        messages.push({ role: 'user', parts: userParts(wire, at), ...named })
        break
      case 'assistant':
        messages.push({ role: 'assistant', parts: assistantParts(wire, at, functions), ...named })
        break
      case 'tool':
        addResult(messages, {
          type: 'tool-result',
          id: string.required(wire, 'tool_call_id', at),
          content: textParts(wire, at),
        })
        break
      default: {
        const id = functions.answer(string.required(wire, 'name', at))
        addResult(messages, { type: 'tool-result', id, content: textParts(wire, at) })
      }
    }
  }
  return messages
}

/** Functions of before tools have no ids: the calls are counted, and a result belongs to the oldest of its name. */
class FunctionIds {
  #count = 0
  readonly #waiting: Array<{ id: string; name: string }> = []

  call(name: string): string {
    const id = `call_function_${this.#count++}`
    this.#waiting.push({ id, name })
    return id
  }

  answer(name: string): string {
    const at = this.#waiting.findIndex((one) => one.name === name)
    return at === -1 ? `call_function_${this.#count++}` : this.#waiting.splice(at, 1)[0]!.id
  }
}

function addResult(messages: Message[], part: ToolResultPart): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') last.parts.push(part)
  else messages.push({ role: 'tool', parts: [part] })
}

function textParts(wire: JsonObject, at: string): TextPart[] {
  return contentParts(wire, at, (part, path) => {
    if (part.type !== 'text') refuse(`${path}type`, `must be text here, but it is ${JSON.stringify(part.type ?? null)}`)
    return textPart(part, path)
  })
}

/** `content` as parts: a text, a list of parts, or nothing. */
function contentParts<T>(wire: JsonObject, at: string, read: (part: JsonObject, at: string) => T): Array<T | TextPart> {
  const { content } = wire
  if (content === undefined || content === null)
    refuse(`${at}content`, 'is missing; it must be a string or a list of parts')
  return optionalParts(content, at, read)
}

function optionalParts<T>(
  content: Json | undefined,
  at: string,
  read: (part: JsonObject, at: string) => T,
): Array<T | TextPart> {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (!Array.isArray(content)) {
    refuse(`${at}content`, `must be a string or a list of parts, but it is ${typeName(content)}`)
  }
  return (content as Json[]).map((part, i) => {
    const path = `${at}content[${i}]`
    if (typeof part === 'string') return { type: 'text', text: part }
    if (!isJsonObject(part)) refuse(path, `must be an object, but it is ${typeName(part)}`)
    return read(part as JsonObject, `${path}.`)
  })
}

function textPart(part: JsonObject, at: string): TextPart {
  return { type: 'text', text: string.required(part, 'text', at), ...cacheOf(part) }
}

const ttls = ['5m', '30m', '1h', '12h'] as const

/** OpenAI's mark, or the one that OpenRouter takes over from Anthropic. */
function cacheOf(part: JsonObject): { cache?: CacheMarker } {
  const mark = isJsonObject(part.prompt_cache_breakpoint) ? part.prompt_cache_breakpoint : part.cache_control
  if (!isJsonObject(mark)) return {}
  const ttl = ttls.find((one) => one === mark.ttl)
  return { cache: ttl ? { ttl } : {} }
}

function userParts(wire: JsonObject, at: string): UserPart[] {
  return contentParts<UserPart>(wire, at, (part, path) => {
    switch (string.required(part, 'type', path)) {
      case 'text':
        return textPart(part, path)
      case 'image_url':
        return imagePart(part, path)
      case 'input_audio': {
        const audio = object.required(part, 'input_audio', path)
        const inner = `${path}input_audio.`
        const data = string.required(audio, 'data', inner)
        return { type: 'audio', data, format: string.required(audio, 'format', inner), ...cacheOf(part) }
      }
      case 'file':
        return filePart(part, path)
      default:
        return refuse(
          `${path}type`,
          `must be text, image_url, input_audio or file, but it is ${JSON.stringify(part.type).slice(0, 60)}`,
        )
    }
  })
}

function imagePart(part: JsonObject, path: string): UserPart {
  const plain = typeof part.image_url === 'string' ? part.image_url : undefined
  const wire = plain === undefined ? object.required(part, 'image_url', path) : {}
  const url = plain ?? string.required(wire, 'url', `${path}image_url.`)
  const detail = string.optional(wire, 'detail', `${path}image_url.`)
  const inline = splitDataUrl(url)
  if (!inline && url.startsWith('data:'))
    refuse(`${path}image_url.url`, 'must be a data URL in base64, but it is another')
  return {
    type: 'image',
    source: inline
      ? { kind: 'base64', mediaType: inline.mediaType || sniff(inline.data), data: inline.data }
      : { kind: 'url', url },
    ...(detail !== undefined && { detail }),
    ...cacheOf(part),
  }
}

function filePart(part: JsonObject, path: string): UserPart {
  const file = object.required(part, 'file', path)
  const inner = `${path}file.`
  const data = string.optional(file, 'file_data', inner)
  const id = string.optional(file, 'file_id', inner)
  const url = string.optional(file, 'file_url', inner)
  const filename = string.optional(file, 'filename', inner)
  const rest = { ...(filename !== undefined && { filename }), ...cacheOf(part) }
  if (data !== undefined) {
    const inline = splitDataUrl(data) ?? { mediaType: '', data }
    const mediaType = inline.mediaType || sniff(inline.data)
    return { type: 'file', source: { kind: 'base64', mediaType, data: inline.data }, ...rest }
  }
  if (id !== undefined) return { type: 'file', source: { kind: 'file', id }, ...rest }
  if (url !== undefined) return { type: 'file', source: { kind: 'url', url }, ...rest }
  return refuse(`${path}file`, 'says nothing; it must hold `file_data` or `file_id`')
}

/** The media type by the first bytes, for base64 that does not say it. */
function sniff(base64: string): string {
  for (const [start, mediaType] of signatures) if (base64.startsWith(start)) return mediaType
  return 'application/octet-stream'
}

const signatures: Array<[string, string]> = [
  ['JVBERi', 'application/pdf'],
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function assistantParts(wire: JsonObject, at: string, functions: FunctionIds): AssistantPart[] {
  const texts = optionalParts<TextPart>(wire.content, at, (part, path) => {
    if (part.type === 'refusal') return { type: 'text', text: string.required(part, 'refusal', path), refusal: true }
    if (part.type === 'text') return textPart(part, path)
    return refuse(`${path}type`, `must be text or refusal, but it is ${JSON.stringify(part.type ?? null).slice(0, 60)}`)
  })
  const refusal = string.optional(wire, 'refusal', at)
  if (refusal) texts.push({ type: 'text', text: refusal, refusal: true })
  const rest: AssistantPart[] = calls(wire, at, functions)
  const audio = object.optional(wire, 'audio', at)
  if (audio) rest.push({ type: 'hosted', dialect: dialectName, block: { type: 'audio', audio } })

  const state = unsealReasoning(array.optional(wire, 'reasoning_details', at) ?? [])
  for (const { call, part } of state) {
    const owner = call === undefined ? undefined : rest.find((one) => one.type === 'tool-call' && one.id === call)
    if (owner?.type !== 'tool-call') continue
    owner.opaque ??= []
    owner.opaque.push(part.opaque)
  }
  const found = state.filter((one) => one.call === undefined)
  if (found.length > 0) {
    // Texts that carry more than text keep their parts: what is inside them cannot be cut by position.
    const plain = texts.every((part) => !part.refusal && !part.cache)
    if (plain) return placeReasoning(found, texts.map((part) => part.text).join(''), rest)
    return [...found.map((one) => one.part), ...texts, ...rest]
  }
  const said = string.optional(wire, 'reasoning_content', at) ?? filled(wire.reasoning)
  return [...(said ? [{ type: 'reasoning' as const, text: said }] : []), ...texts, ...rest]
}

function calls(wire: JsonObject, at: string, functions: FunctionIds): ToolCall[] {
  const list = objects(wire, 'tool_calls', at).map((call, i): ToolCall => {
    const path = `${at}tool_calls[${i}].`
    const id = string.required(call, 'id', path)
    if (call.type === 'custom') {
      const custom = object.required(call, 'custom', path)
      const name = string.required(custom, 'name', `${path}custom.`)
      return {
        type: 'tool-call',
        id,
        name,
        kind: 'custom',
        arguments: string.optional(custom, 'input', `${path}custom.`) ?? '',
      }
    }
    const inner = object.required(call, 'function', path)
    return functionCall(inner, `${path}function.`, () => id)
  })
  const old = object.optional(wire, 'function_call', at)
  if (old) list.push(functionCall(old, `${at}function_call.`, (name) => functions.call(name)))
  return list
}

function functionCall(wire: JsonObject, at: string, id: (name: string) => string): ToolCall {
  const name = string.required(wire, 'name', at)
  // Some clients keep the arguments as the object that they have parsed.
  const text = isJsonObject(wire.arguments) ? JSON.stringify(wire.arguments) : string.optional(wire, 'arguments', at)
  return { type: 'tool-call', id: id(name), name, kind: 'function', arguments: text?.trim() ? text : '{}' }
}
