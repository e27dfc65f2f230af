import type {
  CacheMarker,
  FilePart,
  ImagePart,
  Json,
  JsonObject,
  PartExtra,
  TextPart,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { dialectName } from './wire.ts'

/** The content of a message of the user, or of a result: one plain text as a string, anything else as parts. */
export function userContent(parts: Array<UserPart | ToolResultPart['content'][number]>, encoding: Encoding): Json {
  const wire = parts.map((part) => userPart(part, encoding))
  const only = wire.length === 1 ? wire[0] : undefined
  if (only?.type === 'input_text' && Object.keys(only).length === 2) return only.text as string
  return wire
}

export function userPart(part: UserPart, encoding: Encoding): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text, ...beside(part, encoding) }
    case 'image':
      return imagePart(part, encoding)
    case 'file':
      return filePart(part, encoding)
    case 'audio':
      return refuse('input', 'holds audio, which the Responses API does not take')
    case 'hosted':
      if (part.dialect === dialectName) return part.block
      return refuse('input', 'holds the work of a tool that ran at another vendor')
  }
}

/**
 * What a part holds beside its content: as the client wrote it, or else the mark behind which the prompt is cached,
 * which is OpenAI's own and may be refused by others.
 */
function beside(part: { cache?: CacheMarker; extra?: PartExtra }, { own, extras }: Encoding): JsonObject {
  if (own) return part.extra ?? {}
  if (!part.cache || !extras) return {}
  const { ttl } = part.cache
  return { prompt_cache_breakpoint: { mode: 'explicit', ...((ttl === '30m' || ttl === '12h') && { ttl }) } }
}

function imagePart(part: ImagePart, encoding: Encoding): JsonObject {
  const { source, detail } = part
  const more = { detail: detail ?? 'auto', ...beside(part, encoding) }
  switch (source.kind) {
    case 'url':
      return { type: 'input_image', image_url: source.url, ...more }
    case 'base64':
      return { type: 'input_image', image_url: `data:${source.mediaType};base64,${source.data}`, ...more }
    case 'file':
      return { type: 'input_image', file_id: ownFile(source.id, encoding), ...more }
  }
}

function filePart(part: FilePart, encoding: Encoding): JsonObject {
  const { source, filename, title, context } = part
  const more = beside(part, encoding)
  switch (source.kind) {
    case 'text': {
      const head = [title ?? filename, context].filter((line) => line !== undefined && line !== '')
      return { type: 'input_text', text: [...head, source.text].join('\n\n'), ...more }
    }
    case 'url':
      // A name beside an address is refused.
      return { type: 'input_file', file_url: source.url, ...more }
    case 'base64': {
      const name = filename ?? title ?? (encoding.own ? undefined : 'document')
      const data = `data:${source.mediaType};base64,${source.data}`
      return { type: 'input_file', ...(name !== undefined && { filename: name }), file_data: data, ...more }
    }
    case 'file':
      return { type: 'input_file', file_id: ownFile(source.id, encoding), ...more }
  }
}

function ownFile(id: string, { own }: Encoding): string {
  return own ? id : refuse('input', 'names a file by an id that only another vendor can read')
}

/** Texts of the assistant, as the parts of one message. */
export function assistantParts(texts: TextPart[], { own }: Encoding): JsonObject[] {
  return texts.map((part) => {
    const { item: _, ...more } = (own && part.extra) || {}
    if (part.refusal) return { type: 'refusal', refusal: part.text, ...more }
    const annotations = own ? ((part.citations as Json[] | undefined) ?? []) : []
    return { type: 'output_text', text: part.text, annotations, ...more }
  })
}
