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
import { array, object, refuse, string, typeName, unknownFields } from '../fields.ts'
import { filled, splitDataUrl } from '../lenient.ts'
import { dialectName } from './wire.ts'

/** Content as parts, each with its path: a text, a list of parts, or nothing. */
function contentOf(content: Json | undefined, at: string): Array<[JsonObject, string]> {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return content === '' ? [] : [[{ type: 'input_text', text: content }, at]]
  if (!Array.isArray(content)) refuse(at, `must be a string or a list of parts, but it is ${typeName(content)}`)
  return (content as Json[]).map((part, index) => {
    const path = `${at}[${index}]`
    if (!isJsonObject(part)) refuse(path, `must be an object, but it is ${typeName(part)}`)
    return [part as JsonObject, path]
  })
}

const textTypes: ReadonlySet<unknown> = new Set(['input_text', 'output_text', 'text', 'summary_text'])
const textFields: ReadonlySet<string> = new Set(['type', 'text', 'annotations', 'logprobs'])
const refusalFields: ReadonlySet<string> = new Set(['type', 'refusal'])

function textPart(part: JsonObject, at: string): TextPart | undefined {
  if (part.type === 'refusal') {
    return {
      type: 'text',
      text: string.required(part, 'refusal', `${at}.`),
      refusal: true,
      ...extraOf(part, refusalFields),
    }
  }
  if (!textTypes.has(part.type)) return undefined
  const citations = array.optional(part, 'annotations', `${at}.`)
  return {
    type: 'text',
    text: string.required(part, 'text', `${at}.`),
    ...(citations && citations.length > 0 && { citations }),
    ...rest(part, textFields),
  }
}

/** Content that can only be text: instructions, and what the assistant has said. */
export function textParts(content: Json | undefined, at: string): TextPart[] {
  return contentOf(content, at).map(([part, path]) => {
    const read = textPart(part, path)
    if (!read)
      refuse(`${path}.type`, `must be a text here, but it is ${JSON.stringify(part.type ?? null).slice(0, 60)}`)
    return read as TextPart
  })
}

/** The content of a tool's result. */
export function resultParts(
  content: Json | undefined,
  at: string,
): Array<TextPart | ImagePart | FilePart | HostedPart> {
  return contentOf(content, at).map(([part, path]) => contentPart(part, path))
}

/** The content of a user's message. */
export function userParts(content: Json | undefined, at: string): Array<ReturnType<typeof contentPart> | AudioPart> {
  return contentOf(content, at).map(([part, path]) => {
    if (part.type !== 'input_audio') return contentPart(part, path)
    const audio = object.required(part, 'input_audio', `${path}.`)
    const data = string.required(audio, 'data', `${path}.input_audio.`)
    const format = string.required(audio, 'format', `${path}.input_audio.`)
    return { type: 'audio', data, format, ...extraOf(part, audioFields) }
  })
}

const audioFields: ReadonlySet<string> = new Set(['type', 'input_audio'])

/** One part. Of a type that is not known here it is kept as it is. */
function contentPart(part: JsonObject, at: string): TextPart | ImagePart | FilePart | HostedPart {
  const text = textPart(part, at)
  if (text) return text
  switch (string.required(part, 'type', `${at}.`)) {
    case 'input_image':
      return imagePart(part, at)
    case 'input_file':
      return filePart(part, at)
    default:
      return { type: 'hosted', dialect: dialectName, block: part }
  }
}

const imageFields: ReadonlySet<string> = new Set(['type', 'image_url', 'file_id', 'detail'])

function imagePart(part: JsonObject, at: string): ImagePart {
  const detail = string.optional(part, 'detail', `${at}.`)
  const more = { ...(detail !== undefined && { detail }), ...rest(part, imageFields) }
  // The other API of the vendor has an object in this place, and clients mix the two up.
  const url = isJsonObject(part.image_url)
    ? string.required(part.image_url, 'url', `${at}.image_url.`)
    : string.optional(part, 'image_url', `${at}.`)
  if (url === undefined) {
    const id = string.optional(part, 'file_id', `${at}.`)
    if (id === undefined) refuse(at, 'says nothing; it must hold `image_url` or `file_id`')
    return { type: 'image', source: { kind: 'file', id: id as string }, ...more }
  }
  const inline = splitDataUrl(url)
  if (!inline && url.startsWith('data:')) refuse(`${at}.image_url`, 'must be a data URL in base64, but it is another')
  if (!inline) return { type: 'image', source: { kind: 'url', url }, ...more }
  const mediaType = inline.mediaType || sniff(inline.data)
  return { type: 'image', source: { kind: 'base64', mediaType, data: inline.data }, ...more }
}

const fileFields: ReadonlySet<string> = new Set(['type', 'file_data', 'file_id', 'file_url', 'filename'])

function filePart(part: JsonObject, at: string): FilePart {
  const filename = string.optional(part, 'filename', `${at}.`)
  const more = { ...(filename !== undefined && { filename }), ...rest(part, fileFields) }
  const data = filled(string.optional(part, 'file_data', `${at}.`))
  if (data !== undefined) {
    const inline = splitDataUrl(data) ?? { mediaType: '', data }
    const mediaType = inline.mediaType || sniff(inline.data)
    return { type: 'file', source: { kind: 'base64', mediaType, data: inline.data }, ...more }
  }
  const url = filled(string.optional(part, 'file_url', `${at}.`))
  if (url !== undefined) return { type: 'file', source: { kind: 'url', url }, ...more }
  const id = filled(string.optional(part, 'file_id', `${at}.`))
  if (id === undefined) refuse(at, 'says nothing; it must hold `file_data`, `file_url` or `file_id`')
  return { type: 'file', source: { kind: 'file', id: id as string }, ...more }
}

/** The mark behind which the prompt is cached is kept in both forms: what it means, and how it was written. */
function rest(part: JsonObject, known: ReadonlySet<string>): { cache?: CacheMarker; extra?: PartExtra } {
  const mark = part.prompt_cache_breakpoint
  const ttl = isJsonObject(mark) ? cacheTtls.find((one) => one === mark.ttl) : undefined
  return { ...(isJsonObject(mark) && { cache: ttl ? { ttl } : {} }), ...extraOf(part, known) }
}

const cacheTtls = ['30m', '12h'] as const

/** What a part or an item holds beside what is read of it. */
export function extraOf(wire: JsonObject, known: ReadonlySet<string>): { extra?: PartExtra } {
  const extra = unknownFields(wire, known)
  for (const key of Object.keys(extra)) if (extra[key] === null) delete extra[key]
  return Object.keys(extra).length > 0 ? { extra } : {}
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
