import type {
  FilePart,
  ImagePart,
  Json,
  JsonObject,
  MediaSource,
  TextPart,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import type { Traits } from '../dialect.ts'
import { type Encoding, unsupported } from './encoding.ts'
import { dialectName } from './wire.ts'

/**
 * Texts as the content of a message: one plain string, the form that every server knows. Where a list of parts is
 * known too, several texts keep their borders. That must not depend on a mark: a client moves its mark from turn to
 * turn, and what was sent before has to stay the same for the provider's cache to find it.
 */
export function textContent(parts: TextPart[], encoding: Encoding): Json {
  if (encoding.target.traits.parts === false) return parts.map((part) => part.text).join('\n\n')
  const wire = parts.map((part) => textPart(part, encoding))
  const lists = encoding.own || markField(encoding) !== undefined
  const plain = wire.every((part) => Object.keys(part).length === 2)
  if (plain && (parts.length < 2 || !lists)) return parts.map((part) => part.text).join('\n\n')
  return wire
}

function textPart(part: TextPart, encoding: Encoding): JsonObject {
  return { type: 'text', text: part.text, ...extras(part, encoding) }
}

/** What a part holds beside its content: as the client wrote it, or else the mark in the words of the target. */
function extras(part: { cache?: { ttl?: string }; extra?: JsonObject }, encoding: Encoding): JsonObject {
  if (encoding.own) return part.extra ?? {}
  const field = markField(encoding)
  if (!part.cache || !field) return {}
  const { ttl } = part.cache
  if (field === 'cache_control')
    return { cache_control: { type: 'ephemeral', ...((ttl === '1h' || ttl === '5m') && { ttl }) } }
  return { prompt_cache_breakpoint: { mode: 'explicit', ...((ttl === '30m' || ttl === '12h') && { ttl }) } }
}

function markField({ target: { traits } }: Encoding): Traits['cacheField'] {
  return traits.cacheField ?? (traits.openaiExtras ? 'prompt_cache_breakpoint' : undefined)
}

/** A text, or a document that is plain text, under its title. */
export function inlineText(part: UserPart | ToolResultPart['content'][number]): TextPart | undefined {
  if (part.type === 'text') return part
  if (part.type !== 'file' || part.source.kind !== 'text') return undefined
  const title = part.title ?? part.filename
  const head = [title, part.context].filter((line) => line !== undefined)
  return { type: 'text', text: [...head, part.source.text].join('\n\n'), ...(part.cache && { cache: part.cache }) }
}

export function userContent(parts: UserPart[], encoding: Encoding): Json {
  const texts = parts.map(inlineText)
  if (texts.every((part) => part !== undefined)) return textContent(texts, encoding)
  return parts.map((part) => userPart(part, encoding))
}

export function userPart(part: UserPart, encoding: Encoding): JsonObject {
  const text = inlineText(part)
  if (text) return textPart(text, encoding)
  const { parts, uploads } = encoding.target.traits
  if (parts === false && !uploads) {
    unsupported('messages', `this model reads text only, and the conversation holds a part of type ${part.type}`)
  }
  switch (part.type) {
    case 'image':
      return imagePart(part, encoding)
    case 'audio': {
      const { data, format } = part
      return { type: 'input_audio', input_audio: { data, format }, ...extras(part, encoding) }
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

export function foreignBlock(): never {
  return unsupported('messages', 'the conversation holds the work of a tool that ran at another vendor')
}

function imagePart(part: ImagePart, encoding: Encoding): JsonObject {
  const url = address(part.source)
  if (url === undefined) unsupported('messages', 'an image is given by a file id, which this API does not take')
  const { detail } = part
  return {
    type: 'image_url',
    image_url: { url: url as string, ...(detail !== undefined && { detail }) },
    ...extras(part, encoding),
  }
}

function address(source: MediaSource): string | undefined {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined
}

function filePart(part: FilePart, encoding: Encoding): JsonObject {
  return { type: 'file', file: fileOf(part, encoding), ...extras(part, encoding) }
}

function fileOf({ source, filename, title }: FilePart, { own, target }: Encoding): JsonObject {
  const name = filename ?? title ?? (own ? undefined : 'document')
  const named = name === undefined ? {} : { filename: name }
  if (source.kind === 'base64') return { ...named, file_data: `data:${source.mediaType};base64,${source.data}` }
  if (own && source.kind === 'file') return { ...named, file_id: source.id }
  if ((own || target.traits.uploads) && source.kind === 'url') return { ...named, file_url: source.url }
  return unsupported(
    'messages',
    source.kind === 'file'
      ? 'a file is given by an id that only another vendor can read'
      : 'a file is given by its address, and this API wants its bytes',
  )
}
