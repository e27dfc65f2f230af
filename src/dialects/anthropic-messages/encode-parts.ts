import type {
  FilePart,
  ImagePart,
  JsonObject,
  Opaque,
  ReasoningPart,
  TextPart,
  ToolCall,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { refuse } from '../request-encoding.ts'
import { cacheControl, type Encoding } from './encoding.ts'
import { callIdRule, imageTypes } from './wire.ts'

/**
 * One text block; undefined for one that the API refuses, which is one without anything to see. A client of the same
 * dialect is held to the letter only: beside another text the API takes a blank one.
 */
export function textBlock(encoding: Encoding, part: TextPart): JsonObject | undefined {
  if (part.text === '' || (!encoding.own && part.text.trim() === '')) return undefined
  return {
    type: 'text',
    text: part.text,
    ...(encoding.own && part.citations && { citations: part.citations as JsonObject[] }),
    ...cacheControl(part.cache),
    ...(encoding.own && part.extra),
  }
}

/** A part of a user's turn or of a tool's result. */
export function userBlock(encoding: Encoding, part: UserPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return textBlock(encoding, part)
    case 'image':
      return imageBlock(encoding, part, at)
    case 'file':
      return documentBlock(encoding, part, at)
    case 'audio':
      return refuse(at, 'is audio, which the Messages API does not take')
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

function imageBlock(encoding: Encoding, part: ImagePart, at: string): JsonObject {
  const { source, detail } = part
  if (detail !== undefined && detail !== 'auto') encoding.dropped(`${at}.detail`, 'the Messages API has no such field')
  const more = { ...cacheControl(part.cache), ...(encoding.own && part.extra) }
  switch (source.kind) {
    case 'url':
      return { type: 'image', source: { type: 'url', url: source.url }, ...more }
    case 'file':
      return { type: 'image', source: fileSource(encoding, source.id, at), ...more }
    case 'base64': {
      const type = mediaType(source.mediaType)
      if (!imageTypes.has(type)) {
        refuse(at, `is an image of type ${type}; the Messages API takes PNG, JPEG, GIF and WebP`)
      }
      return { type: 'image', source: { type: 'base64', media_type: type, data: source.data }, ...more }
    }
  }
}

function documentBlock(encoding: Encoding, part: FilePart, at: string): JsonObject {
  // It came as a search result, and goes back as what it was.
  if (encoding.own && part.extra?.type === 'search_result') return part.extra
  const { source } = part
  const title = part.title ?? part.filename
  const more = {
    ...(title !== undefined && title !== '' && { title }),
    ...(part.context !== undefined && part.context !== '' && { context: part.context }),
    ...cacheControl(part.cache),
    ...(encoding.own && part.extra),
  }
  switch (source.kind) {
    case 'text':
      return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: source.text }, ...more }
    case 'url':
      return { type: 'document', source: { type: 'url', url: source.url }, ...more }
    case 'file':
      return { type: 'document', source: fileSource(encoding, source.id, at), ...more }
    case 'base64': {
      const type = mediaType(source.mediaType)
      if (imageTypes.has(type)) {
        return {
          type: 'image',
          source: { type: 'base64', media_type: type, data: source.data },
          ...cacheControl(part.cache),
        }
      }
      if (type.startsWith('text/')) {
        return {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: decodeText(source.data, at) },
          ...more,
        }
      }
      if (type !== 'application/pdf') {
        refuse(at, `is a file of type ${type || 'unknown'}; the Messages API takes PDF, plain text and images`)
      }
      return { type: 'document', source: { type: 'base64', media_type: type, data: source.data }, ...more }
    }
  }
}

function mediaType(type: string): string {
  const plain = (type.split(';')[0] ?? '').trim().toLowerCase()
  return plain === 'image/jpg' ? 'image/jpeg' : plain
}

function decodeText(data: string, at: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)))
  } catch {
    return refuse(at, 'is a file whose data is not base64')
  }
}

function fileSource(encoding: Encoding, id: string, at: string): JsonObject {
  if (!encoding.own) refuse(at, 'names a file by an id that only another vendor can read; send the data or an address')
  return { type: 'file', file_id: id }
}

/** Thinking that the target wrote itself, as it was; undefined for any other, which it would refuse. */
export function reasoningBlock(encoding: Encoding, part: ReasoningPart): JsonObject | undefined {
  const { opaque, text } = part
  if (opaque && readable(encoding, opaque)) {
    if (opaque.kind === 'signature') return { type: 'thinking', thinking: text, signature: opaque.value }
    if (opaque.kind === 'redacted') return { type: 'redacted_thinking', data: opaque.value }
  }
  encoding.foreignOpaque++
  return undefined
}

function readable(encoding: Encoding, opaque: Opaque): boolean {
  const { vendor, family } = encoding.target
  if (opaque.vendor === undefined) return encoding.own
  return opaque.vendor === vendor && opaque.family === family
}

export function toolUseBlock(encoding: Encoding, part: ToolCall, at: string): JsonObject {
  if (part.opaque) encoding.foreignOpaque += part.opaque.length
  return {
    type: 'tool_use',
    id: callId(part.id, callIdRule),
    name: encoding.toolName(part.name),
    input: encoding.argumentsOf(part, at),
    ...cacheControl(part.cache),
    ...(encoding.own && part.extra),
  }
}

export function resultContent(encoding: Encoding, { content }: ToolResultPart, at: string): JsonObject[] {
  return content
    .map((one, index) => userBlock(encoding, one, `${at}.content[${index}]`))
    .filter((block) => block !== undefined)
}

export function toolResultBlock(encoding: Encoding, part: ToolResultPart, at: string): JsonObject {
  const blocks = resultContent(encoding, part, at)
  const only = blocks.length === 1 ? blocks[0] : undefined
  // A lone text as a string, which every compatible server takes.
  const content = only && Object.keys(only).length === 2 && only.type === 'text' ? only.text : blocks
  return {
    type: 'tool_result',
    tool_use_id: callId(part.id, callIdRule),
    ...(blocks.length > 0 && { content }),
    ...(part.isError && { is_error: true }),
    ...cacheControl(part.cache),
    ...(encoding.own && part.extra),
  }
}
