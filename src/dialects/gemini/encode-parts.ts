import {
  type FilePart,
  type ImagePart,
  isJsonObject,
  type JsonObject,
  type MediaSource,
  type ToolCall,
  type ToolResultPart,
  type UserPart,
} from '../../tokens/index.ts'
import { parse } from '../lenient.ts'
import { refuse } from '../request-encoding.ts'
import type { Encoding } from './encoding.ts'
import { inventedId } from './wire.ts'

/** A part of a user's turn; undefined for one that says nothing. */
export function userPart(encoding: Encoding, part: UserPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return part.text === '' ? undefined : { text: part.text, ...(encoding.own && part.extra) }
    case 'image':
    case 'file':
      return mediaPart(encoding, part, at)
    case 'audio':
      return {
        inlineData: { mimeType: `audio/${part.format}`, data: part.data },
        ...(encoding.own && part.extra),
      }
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

function mediaPart(encoding: Encoding, part: ImagePart | FilePart, at: string): JsonObject {
  const { source } = part
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto') {
    encoding.dropped(`${at}.detail`, 'the Gemini API has no such field for a part')
  }
  const name = part.type === 'file' ? (part.title ?? part.filename) : undefined
  if (source.kind === 'text') return { text: named(source.text, name) }
  const { mimeType, ...extra } = (encoding.own && part.extra) || {}
  return { ...dataOf(encoding, source, part.type, mimeType, at), ...extra }
}

function named(text: string, name: string | undefined): string {
  return name ? `${name}\n\n${text}` : text
}

function dataOf(
  encoding: Encoding,
  source: MediaSource,
  type: 'image' | 'file',
  known: JsonObject[string],
  at: string,
): JsonObject {
  if (source.kind === 'base64') {
    const mimeType = source.mediaType || (type === 'image' ? 'image/png' : 'application/octet-stream')
    return { inlineData: { mimeType, data: source.data } }
  }
  if (source.kind === 'file' && !encoding.own) {
    refuse(at, 'names a file by an id that only another vendor can read; send the data or an address')
  }
  const fileUri = source.kind === 'file' ? source.id : source.url
  const mimeType = typeof known === 'string' ? known : guessed(fileUri, type)
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } }
}

const endings: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
])

/** The type by the end of the address, where the API wants to know it and the client did not say. */
function guessed(uri: string, type: 'image' | 'file'): string | undefined {
  const ending = /\.(\w+)(?:[?#].*)?$/.exec(uri)?.[1]?.toLowerCase() ?? ''
  return endings.get(ending) ?? (type === 'image' ? 'image/jpeg' : undefined)
}

/** A call without its signature. */
export function functionCall(encoding: Encoding, part: ToolCall, at: string): JsonObject {
  return {
    functionCall: {
      ...idOf(encoding, part.id),
      name: encoding.functionName(part.name),
      args: encoding.argumentsOf(part, at),
    },
    ...(encoding.own && part.extra),
  }
}

/** An id that was made up where the vendor gave none is not sent: a vendor that gives none may refuse them. */
export function idOf({ target }: Encoding, id: string): JsonObject {
  return target.traits.functionIds === false || id === '' || id.startsWith(inventedId) ? {} : { id }
}

/** One result: the part itself, and the media that go behind all results, since most models take none inside. */
export function functionResponse(
  encoding: Encoding,
  part: ToolResultPart,
  name: string,
  at: string,
): { part: JsonObject; media: JsonObject[] } {
  const texts: string[] = []
  const media: JsonObject[] = []
  for (const [index, one] of part.content.entries()) {
    const inside = userPart(encoding, one, `${at}.content[${index}]`)
    if (!inside) continue
    if (typeof inside.text === 'string') texts.push(inside.text)
    else media.push(inside)
  }
  const { response, ...extra } = (encoding.own && part.extra) || {}
  const within = encoding.own && media.length > 0
  if (!encoding.own && media.length > 0 && texts.length === 0) texts.push('The result follows behind the results.')
  const said = isJsonObject(response) ? response : responseOf(texts.join('\n'), part.isError === true)
  return {
    part: {
      functionResponse: { ...idOf(encoding, part.id), name, response: said, ...(within && { parts: media }), ...extra },
    },
    media: within ? [] : media,
  }
}

function responseOf(text: string, isError: boolean): JsonObject {
  if (isError) return { error: text }
  const value = text.startsWith('{') ? parse(text) : undefined
  return isJsonObject(value) ? value : { result: text }
}
