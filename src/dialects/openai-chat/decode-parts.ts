import {
  type AudioPart,
  type CacheMarker,
  type FilePart,
  type HostedPart,
  type ImagePart,
  isJsonObject,
  type Json,
  type JsonObject,
  type PartExtra,
  type TextPart,
} from '../../tokens/index.ts'
import { object, refuse, string, typeName, unknownFields } from '../fields.ts'
import { splitDataUrl } from '../lenient.ts'
import { dialectName } from './wire.ts'

/** `content` as parts: a text, a list of parts, or nothing. */
export function readContent<T>(
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

const textFields = new Set(['type', 'text'])

export function textPart(part: JsonObject, at: string): TextPart {
  if (part.type !== 'text') refuse(`${at}type`, `must be text here, but it is ${shown(part.type)}`)
  return { type: 'text', text: string.required(part, 'text', at), ...rest(part, textFields) }
}

const refusalFields = new Set(['type', 'refusal'])

export function assistantText(part: JsonObject, at: string): TextPart {
  if (part.type === 'refusal') {
    return { type: 'text', text: string.required(part, 'refusal', at), refusal: true, ...rest(part, refusalFields) }
  }
  if (part.type === 'text') return textPart(part, at)
  return refuse(`${at}type`, `must be text or refusal, but it is ${shown(part.type)}`)
}

/** A part of a user's message or of a tool's result. Of a type that the API does not have it is kept as it is. */
export function contentPart(part: JsonObject, at: string): TextPart | ImagePart | FilePart | HostedPart {
  switch (string.required(part, 'type', at)) {
    case 'text':
      return textPart(part, at)
    case 'image_url':
      return imagePart(part, at)
    case 'file':
      return filePart(part, at)
    default:
      return { type: 'hosted', dialect: dialectName, block: part }
  }
}

export function userPart(part: JsonObject, at: string): ReturnType<typeof contentPart> | AudioPart {
  if (part.type !== 'input_audio') return contentPart(part, at)
  const audio = object.required(part, 'input_audio', at)
  const inner = `${at}input_audio.`
  const data = string.required(audio, 'data', inner)
  return { type: 'audio', data, format: string.required(audio, 'format', inner), ...rest(part, audioFields) }
}

const audioFields = new Set(['type', 'input_audio'])

function shown(type: Json | undefined): string {
  return JSON.stringify(type ?? null).slice(0, 60)
}

/** What a part or a message holds beside what is read of it. */
export function extraOf(wire: JsonObject, known: ReadonlySet<string>): { extra?: PartExtra } {
  const extra = unknownFields(wire, known)
  for (const key of Object.keys(extra)) if (extra[key] === null) delete extra[key]
  return Object.keys(extra).length > 0 ? { extra } : {}
}

/** The mark is kept in both forms: what it means, and how it was written. */
function rest(part: JsonObject, known: ReadonlySet<string>): { cache?: CacheMarker; extra?: PartExtra } {
  return { ...cacheOf(part), ...extraOf(part, known) }
}

const ttls = ['5m', '30m', '1h', '12h'] as const

/** OpenAI's mark, or the one that OpenRouter takes over from Anthropic. */
export function cacheOf(part: JsonObject): { cache?: CacheMarker } {
  const mark = isJsonObject(part.prompt_cache_breakpoint) ? part.prompt_cache_breakpoint : part.cache_control
  if (!isJsonObject(mark)) return {}
  const ttl = ttls.find((one) => one === mark.ttl)
  return { cache: ttl ? { ttl } : {} }
}

const imageFields = new Set(['type', 'image_url'])

function imagePart(part: JsonObject, path: string): ImagePart {
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
    ...rest(part, imageFields),
  }
}

const fileFields = new Set(['type', 'file'])

function filePart(part: JsonObject, path: string): FilePart {
  const file = object.required(part, 'file', path)
  const inner = `${path}file.`
  const data = string.optional(file, 'file_data', inner)
  const id = string.optional(file, 'file_id', inner)
  const url = string.optional(file, 'file_url', inner)
  const filename = string.optional(file, 'filename', inner)
  const more = { ...(filename !== undefined && { filename }), ...rest(part, fileFields) }
  if (data !== undefined) {
    const inline = splitDataUrl(data) ?? { mediaType: '', data }
    const mediaType = inline.mediaType || sniff(inline.data)
    return { type: 'file', source: { kind: 'base64', mediaType, data: inline.data }, ...more }
  }
  if (id !== undefined) return { type: 'file', source: { kind: 'file', id }, ...more }
  if (url !== undefined) return { type: 'file', source: { kind: 'url', url }, ...more }
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
