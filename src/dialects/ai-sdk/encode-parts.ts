import type {
  FilePart,
  ImagePart,
  JsonObject,
  MediaSource,
  ToolCall,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { isOurs, readState } from './state.ts'
import { callIdRule } from './wire.ts'

/** A part of a user's turn, or of a tool's result; none for what has nothing to see. */
export function userPart(encoding: Encoding, part: UserPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? undefined : { type: 'text', text: part.text, ...encoding.options(part.cache) }
    case 'image':
      return imagePart(encoding, part, at)
    case 'file':
      return filePart(encoding, part, at)
    case 'audio': {
      const mediaType = part.format === 'mp3' ? 'audio/mpeg' : `audio/${part.format}`
      return file(mediaType, { type: 'data', data: part.data }, encoding.options(part.cache))
    }
    case 'hosted':
      return encoding.foreign(part, at)
  }
}

function file(mediaType: string, data: JsonObject, more: JsonObject): JsonObject {
  return { type: 'file', mediaType, data, ...more }
}

function imagePart(encoding: Encoding, { source, detail, cache }: ImagePart, at: string): JsonObject {
  if (detail !== undefined && detail !== 'auto') encoding.dropped(`${at}.detail`, 'the AI SDK has no such option')
  const mediaType = source.kind === 'base64' ? plainType(source.mediaType) : 'image/*'
  return file(mediaType || 'image/*', dataOf(source, at), encoding.options(cache))
}

function filePart(encoding: Encoding, part: FilePart, at: string): JsonObject | undefined {
  const { source, cache } = part
  const filename = part.filename ?? part.title
  if (source.kind === 'text') {
    // Not every package takes files of text; every one takes texts.
    const head = [filename, part.context].filter((line) => line !== undefined && line !== '').join('\n')
    const text = head === '' ? source.text : `${head}\n\n${source.text}`
    return userPart(encoding, { type: 'text', text, ...(cache && { cache }) }, at)
  }
  if (part.context) encoding.dropped(`${at}.context`, 'the AI SDK has no such option')
  const mediaType = source.kind === 'base64' ? plainType(source.mediaType) : typeOfName(filename ?? '')
  const more = { ...(filename !== undefined && { filename }), ...encoding.options(cache) }
  return file(mediaType || 'application/octet-stream', dataOf(source, at), more)
}

function dataOf(source: MediaSource, at: string): JsonObject {
  if (source.kind === 'base64') return { type: 'data', data: source.data }
  if (source.kind === 'file') refuse(at, 'names a file by an id that only its vendor can read; send the data')
  if (!URL.canParse(source.url)) refuse(at, 'is no address; send the data')
  return { type: 'url', url: source.url }
}

function typeOfName(name: string): string {
  return name === '' || /\.pdf$/i.test(name) ? 'application/pdf' : 'application/octet-stream'
}

function plainType(type: string): string {
  return (type.split(';')[0] ?? '').trim().toLowerCase()
}

export function toolCallPart(encoding: Encoding, part: ToolCall, at: string): JsonObject {
  const state = ownState(encoding, part.opaque)
  return {
    type: 'tool-call',
    toolCallId: callId(part.id, callIdRule),
    toolName: encoding.toolName(part.name),
    input: encoding.argumentsOf(part, at),
    ...encoding.options(part.cache, state),
  }
}

/** The state of a block out of its opaque values; the rest stays behind. */
export function ownState(encoding: Encoding, opaque: ToolCall['opaque'] = []): JsonObject | undefined {
  encoding.foreignOpaque += opaque.filter((one) => !isOurs(one, encoding.target)).length
  return opaque.map((one) => readState(one, encoding.target)).find((state) => state !== undefined)?.options
}

/** What a tool gave back: a text, and the files that go beside it. */
export interface Result {
  output: JsonObject
  media: JsonObject[]
}

/**
 * Of a result only the text stands in it. Packages for APIs whose results are text write files into that text, base64
 * and all, so they follow in a message of the user, which all of them read.
 */
export function resultOf(encoding: Encoding, part: ToolResultPart, at: string): Result {
  const texts: string[] = []
  const media: JsonObject[] = []
  for (const [index, one] of part.content.entries()) {
    const encoded = userPart(encoding, one, `${at}.content[${index}]`)
    if (encoded?.type === 'text') texts.push(String(encoded.text))
    else if (encoded) media.push(encoded)
  }
  // An empty text is refused by some vendors.
  const value = texts.join('\n') || (media.length > 0 ? '(The result follows.)' : '(no output)')
  return { output: { type: part.isError ? 'error-text' : 'text', value }, media }
}
