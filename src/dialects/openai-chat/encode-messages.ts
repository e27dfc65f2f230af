import {
  type AssistantPart,
  type ChatRequest,
  type FilePart,
  type ImagePart,
  isJsonObject,
  type Json,
  type JsonObject,
  type MediaSource,
  type Message,
  type Opaque,
  type ReasoningPart,
  type TextPart,
  type ToolCall,
  type ToolResultPart,
  type UserPart,
} from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { type Encoding, toolName, unsupported } from './encoding.ts'
import { dialectName } from './wire.ts'

/** @throws SluiceError `unsupported` */
export function encodeMessages(request: ChatRequest, encoding: Encoding): JsonObject[] {
  const out: JsonObject[] = []
  const { messages } = request
  if (request.system.length > 0) out.push(system(request.system, true, undefined, encoding))
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!
    switch (message.role) {
      case 'system':
        out.push(system(message.parts, message.developer === true, message.name, encoding))
        break
      case 'user':
        out.push(user(message.parts, message.name, encoding))
        break
      case 'assistant': {
        out.push(assistant(message.parts, message.name, encoding))
        const calls = message.parts.filter((part) => part.type === 'tool-call')
        const results: ToolResultPart[] = []
        for (let next = messages[i + 1]; next?.role === 'tool'; next = messages[i + 1]) {
          results.push(...next.parts)
          i++
        }
        if (calls.length > 0 || results.length > 0) answer(calls, results, encoding, out)
        break
      }
      case 'tool':
        answer([], message.parts, encoding, out)
        break
      default:
        message satisfies never
    }
  }
  if (encoding.target.traits.prefill === false) refusePrefill(messages)
  return out
}

function refusePrefill(messages: Message[]): void {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || last.parts.some((part) => part.type === 'tool-call')) return
  unsupported('messages', "the last message is the assistant's, and this model does not go on from a beginning")
}

/** `first`: the instructions before the conversation, which have no role of their own in the canonical model. */
function system(parts: TextPart[], developer: boolean, name: string | undefined, encoding: Encoding): JsonObject {
  const role = developer && encoding.target.traits.openaiExtras === true ? 'developer' : 'system'
  return { role, content: texts(parts, encoding), ...(name !== undefined && { name }) }
}

/** A plain string unless a mark has to stand on a part: many servers know no other form. */
function texts(parts: TextPart[], encoding: Encoding): Json {
  if (marks(parts, encoding)) return parts.map((part) => textPart(part, encoding))
  return parts.map((part) => part.text).join('\n\n')
}

function marks(parts: Array<{ cache?: unknown }>, encoding: Encoding): boolean {
  return encoding.target.traits.openaiExtras === true && parts.some((part) => part.cache !== undefined)
}

function textPart(part: TextPart, encoding: Encoding): JsonObject {
  return { type: 'text', text: part.text, ...cacheMark(part, encoding) }
}

function cacheMark(part: { cache?: { ttl?: string } }, encoding: Encoding): JsonObject {
  if (!part.cache || encoding.target.traits.openaiExtras !== true) return {}
  const { ttl } = part.cache
  return { prompt_cache_breakpoint: { mode: 'explicit', ...((ttl === '30m' || ttl === '12h') && { ttl }) } }
}

function user(parts: UserPart[], name: string | undefined, encoding: Encoding): JsonObject {
  const named = name === undefined ? {} : { name }
  const plain = parts.map(inlineText)
  if (plain.every((part) => part !== undefined)) return { role: 'user', content: texts(plain, encoding), ...named }
  return { role: 'user', content: parts.map((part) => userPart(part, encoding)), ...named }
}

/** A text, or a document that is plain text, under its title. */
function inlineText(part: UserPart | ToolResultPart['content'][number]): TextPart | undefined {
  if (part.type === 'text') return part
  if (part.type !== 'file' || part.source.kind !== 'text') return undefined
  const title = part.title ?? part.filename
  const head = [title, part.context].filter((line) => line !== undefined)
  return { type: 'text', text: [...head, part.source.text].join('\n\n'), ...(part.cache && { cache: part.cache }) }
}

function userPart(part: UserPart, encoding: Encoding): JsonObject {
  const text = inlineText(part)
  if (text) return textPart(text, encoding)
  switch (part.type) {
    case 'image':
      return imagePart(part, encoding)
    case 'audio': {
      const { data, format } = part
      return { type: 'input_audio', input_audio: { data, format }, ...cacheMark(part, encoding) }
    }
    case 'file':
      return filePart(part, encoding)
    case 'hosted':
      if (part.dialect === dialectName) return part.block
      return foreignBlock()
    default:
      // Texts were taken above.
      return { type: 'text', text: part.text }
  }
}

function foreignBlock(): never {
  return unsupported('messages', 'the conversation holds the work of a tool that ran at another vendor')
}

function imagePart(part: ImagePart, encoding: Encoding): JsonObject {
  const url = address(part.source)
  if (url === undefined) unsupported('messages', 'an image is given by a file id, which this API does not take')
  const { detail } = part
  return {
    type: 'image_url',
    image_url: { url: url as string, ...(detail !== undefined && { detail }) },
    ...cacheMark(part, encoding),
  }
}

function address(source: MediaSource): string | undefined {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined
}

function filePart(part: FilePart, encoding: Encoding): JsonObject {
  const { source } = part
  const mark = cacheMark(part, encoding)
  if (source.kind === 'file') {
    if (!encoding.own) unsupported('messages', 'a file is given by an id that only another vendor can read')
    return { type: 'file', file: { file_id: source.id }, ...mark }
  }
  const data = source.kind === 'base64' ? address(source) : undefined
  if (data === undefined) return unsupported('messages', 'a file is given by its address, and this API wants its bytes')
  const filename = part.filename ?? part.title ?? 'document'
  return { type: 'file', file: { filename, file_data: data }, ...mark }
}

function assistant(parts: AssistantPart[], name: string | undefined, encoding: Encoding): JsonObject {
  let content = ''
  let refusal = ''
  let reasoning = ''
  const details: Json[] = []
  let state: JsonObject = {}
  const calls: Json[] = []
  let audio: Json | undefined
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        if (part.refusal && encoding.extras) refusal += part.text
        else content += part.text
        break
      case 'reasoning':
        reasoning += part.text
        for (const entry of stateEntries(part, encoding)) {
          if ('reasoning_opaque' in entry) state = entry
          else details.push(entry)
        }
        break
      case 'tool-call':
        calls.push(toolCall(part, encoding))
        break
      case 'hosted':
        if (part.dialect !== dialectName) foreignBlock()
        if (part.block.type === 'audio') audio = part.block.audio
        break
      default:
        part satisfies never
    }
  }
  const field = encoding.target.traits.reasoningField
  const silent = content === '' && (calls.length > 0 || refusal !== '' || audio !== undefined)
  return {
    role: 'assistant',
    content: silent ? null : content,
    ...(refusal !== '' && { refusal }),
    ...(field !== undefined && reasoning !== '' && { [field]: reasoning }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...state,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(audio !== undefined && { audio }),
    ...(name !== undefined && { name }),
  }
}

/** State goes back as the entries or the field it came as, and only to the vendor and family that made it. */
function stateEntries(part: ReasoningPart, encoding: Encoding): JsonObject[] {
  const { opaque } = part
  if (!opaque) return []
  const entries = isOurs(opaque, encoding) ? detailEntries(opaque.value) : undefined
  if (!entries) {
    encoding.foreignOpaque++
    return []
  }
  return entries.map((entry) => {
    if (part.text === '') return entry
    if (entry.type === 'reasoning.text') return { ...entry, text: part.text }
    return entry.type === 'reasoning.summary' ? { ...entry, summary: part.text } : entry
  })
}

function detailEntries(value: string): JsonObject[] | undefined {
  const parsed = parseJson(value)
  const entries: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  const known = entries.every(
    (one) =>
      isJsonObject(one) && (String(one.type).startsWith('reasoning.') || typeof one.reasoning_opaque === 'string'),
  )
  return known ? (entries as JsonObject[]) : undefined
}

function toolCall(call: ToolCall, encoding: Encoding): JsonObject {
  const id = legalId(call.id, encoding)
  const name = toolName(encoding, call.name)
  const state = callState(call, encoding)
  if (call.kind === 'custom' && encoding.extras) {
    return { id, type: 'custom', custom: { name, input: call.arguments }, ...state }
  }
  const text = call.kind === 'custom' ? JSON.stringify({ input: call.arguments }) : call.arguments
  return { id, type: 'function', function: { name, arguments: text.trim() === '' ? '{}' : text }, ...state }
}

/** State that hangs on a call, as the fields it came in. */
function callState(call: ToolCall, encoding: Encoding): JsonObject {
  const fields: JsonObject = {}
  for (const opaque of call.opaque ?? []) {
    const entry = isOurs(opaque, encoding) ? parseJson(opaque.value) : undefined
    if (isJsonObject(entry) && isJsonObject(entry.extra_content)) fields.extra_content = entry.extra_content
    else encoding.foreignOpaque++
  }
  return fields
}

function isOurs(opaque: Opaque, { target }: Encoding): boolean {
  return opaque.vendor === target.vendor && opaque.family === target.family
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An id that this dialect brought is the provider's own and goes back as it was: some want odd ones back. */
function legalId(id: string, encoding: Encoding): string {
  return callId(id, { max: 40, allowed: encoding.own ? /^[\s\S]+$/ : /^[A-Za-z0-9_-]+$/ })
}

/**
 * The results of the calls just made, in the order of the calls, each exactly once: without that the provider refuses
 * the conversation. Images have no place in a result and follow in a message of the user.
 */
function answer(calls: ToolCall[], results: ToolResultPart[], encoding: Encoding, out: JsonObject[]): void {
  const open = new Map(results.map((result) => [result.id, result] as const))
  const late: Json[] = []
  for (const call of calls) {
    const result = open.get(call.id)
    open.delete(call.id)
    if (result) {
      out.push(toolMessage(result, legalId(call.id, encoding), late, encoding))
      continue
    }
    const reason = 'a tool call had no result, so an error stands in for it'
    encoding.warnings.push({ field: 'messages', action: 'changed', reason })
    out.push({
      role: 'tool',
      tool_call_id: legalId(call.id, encoding),
      content: 'Error: no result was given for this call.',
    })
  }
  for (const result of open.values()) {
    const reason = 'a tool result without its call became a text of the user'
    encoding.warnings.push({ field: 'messages', action: 'changed', reason })
    const { content } = toolMessage(result, result.id, late, encoding)
    late.push({ type: 'text', text: `Result of the tool call ${result.id}:\n\n${content}` })
  }
  if (late.length === 0) return
  const plain = late.map((part) => (isJsonObject(part) && part.type === 'text' ? String(part.text) : undefined))
  out.push({ role: 'user', content: plain.includes(undefined) ? late : plain.join('\n\n') })
}

function toolMessage(result: ToolResultPart, id: string, late: Json[], encoding: Encoding): JsonObject {
  const texts: string[] = []
  for (const part of result.content) {
    const text = inlineText(part)
    if (text) {
      texts.push(text.text)
    } else if (part.type === 'image') {
      texts.push('[image: it follows in the next message]')
      late.push(imagePart(part, encoding))
    } else if (part.type === 'file') {
      texts.push('[file: it follows in the next message]')
      late.push(filePart(part, encoding))
    } else {
      foreignBlock()
    }
  }
  const content = texts.join('\n\n')
  return { role: 'tool', tool_call_id: id, content: result.isError ? `Error: ${content}` : content }
}
