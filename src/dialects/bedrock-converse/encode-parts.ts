import type {
  FilePart,
  ImagePart,
  JsonObject,
  MediaSource,
  ReasoningPart,
  ToolCall,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { callIdRule, documentFormats, imageFormats } from './wire.ts'

/** The API refuses a text without anything to see: undefined for one. */
export function textBlock(text: string): JsonObject | undefined {
  return text.trim() === '' ? undefined : { text }
}

/** A part of a user's turn or of a tool's result. */
export function userBlock(encoding: Encoding, part: UserPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return textBlock(part.text)
    case 'image':
      return imageBlock(encoding, part, at)
    case 'file':
      return documentBlock(encoding, part, at)
    case 'audio':
      return refuse(at, 'is audio, which the Converse API does not take here')
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

function imageBlock(encoding: Encoding, { source, detail }: ImagePart, at: string): JsonObject {
  if (detail !== undefined && detail !== 'auto') encoding.dropped(`${at}.detail`, 'the Converse API has no such field')
  const type = source.kind === 'base64' ? plainType(source.mediaType) : typeOfAddress(source)
  const format = imageFormats.get(type)
  if (source.kind !== 'base64') return { image: { format: format ?? 'png', source: place(source, at) } }
  if (!format) refuse(at, `is an image of type ${type || 'unknown'}; the Converse API takes PNG, JPEG, GIF and WebP`)
  return { image: { format, source: { bytes: source.data } } }
}

function documentBlock(encoding: Encoding, part: FilePart, at: string): JsonObject {
  const { source } = part
  const named = part.filename ?? part.title ?? ''
  const document = (format: string, from: JsonObject): JsonObject => ({
    document: {
      format,
      name: encoding.documentName(part.title ?? part.filename ?? 'document'),
      source: from,
      ...(part.context && { context: part.context }),
    },
  })
  if (source.kind === 'text') return document('txt', { bytes: base64(source.text) })
  if (source.kind !== 'base64') return document(formatOfName(named || address(source)), place(source, at))
  const type = plainType(source.mediaType)
  const image = imageFormats.get(type)
  if (image) return { image: { format: image, source: { bytes: source.data } } }
  const format = documentFormats.get(type) ?? (type.startsWith('text/') ? 'txt' : undefined)
  if (format) return document(format, { bytes: source.data })
  return refuse(
    at,
    `is a file of type ${type || 'unknown'}; the Converse API takes PDF, Word, Excel, CSV, HTML, Markdown and text`,
  )
}

/** The API reads only what it is given, or what lies in S3. */
function place(source: Exclude<MediaSource, { kind: 'base64' }>, at: string): JsonObject {
  const uri = address(source)
  if (uri.startsWith('s3://')) return { s3Location: { uri } }
  return source.kind === 'url'
    ? refuse(at, 'is an address, which the Converse API does not read; send the data, or an address in S3')
    : refuse(at, 'names a file by an id that only another vendor can read; send the data')
}

function address(source: Exclude<MediaSource, { kind: 'base64' }>): string {
  return source.kind === 'url' ? source.url : source.id
}

function typeOfAddress(source: Exclude<MediaSource, { kind: 'base64' }>): string {
  return `image/${extension(address(source))}`
}

function formatOfName(name: string): string {
  const ending = extension(name)
  return [...documentFormats.values()].includes(ending) ? ending : 'pdf'
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}

function plainType(type: string): string {
  return (type.split(';')[0] ?? '').trim().toLowerCase()
}

function base64(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Reasoning that the target wrote itself, as it was; undefined for any other, which it would refuse. */
export function reasoningBlock(encoding: Encoding, { text, opaque }: ReasoningPart): JsonObject | undefined {
  const { vendor, family } = encoding.target
  if (opaque && opaque.vendor === vendor && opaque.family === family) {
    if (opaque.kind === 'signature') {
      return { reasoningContent: { reasoningText: { text, signature: opaque.value } } }
    }
    if (opaque.kind === 'redacted') return { reasoningContent: { redactedContent: opaque.value } }
  }
  encoding.foreignOpaque++
  return undefined
}

export function toolUseBlock(encoding: Encoding, part: ToolCall, at: string): JsonObject {
  if (part.opaque) encoding.foreignOpaque += part.opaque.length
  return {
    toolUse: {
      toolUseId: callId(part.id, callIdRule),
      name: encoding.toolName(part.name),
      input: encoding.argumentsOf(part, at),
    },
  }
}

/** Neither a blank text nor no content at all is taken. */
export function resultContent(encoding: Encoding, part: ToolResultPart, at: string): JsonObject[] {
  const content = part.content
    .map((one, index) => userBlock(encoding, one, `${at}.content[${index}]`))
    .filter((block) => block !== undefined)
  return content.length > 0 ? content : [{ text: '(no output)' }]
}

export function toolResultBlock(encoding: Encoding, part: ToolResultPart, at: string): JsonObject {
  return {
    toolResult: {
      toolUseId: callId(part.id, callIdRule),
      content: resultContent(encoding, part, at),
      ...(part.isError && { status: 'error' }),
    },
  }
}
