import type {
  AssistantPart,
  FilePart,
  HostedPart,
  ImagePart,
  Json,
  JsonObject,
  Message,
  TextPart,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { object, refuse, string, unknownFields } from '../fields.ts'
import { CallIds } from './call-ids.ts'
import { base64, inner, repeated } from './proto.ts'
import { addSigned } from './thought-signature.ts'
import { dialect, hasData } from './wire.ts'

/** The turns. Results of functions stand in the user's turn here and in a turn of their own, before it, in the canonical form. */
export function decodeContents(body: JsonObject): Message[] {
  const contents = repeated(body, 'contents')
  if (contents.length === 0) refuse('contents', 'is missing or empty; it must hold at least one message')
  const ids = new CallIds()
  const messages: Message[] = []
  for (const [index, [content, at]] of contents.entries()) {
    const role = string.optional(content, 'role', `${at}.`)
    if (role !== 'model') {
      messages.push(...userTurns(content, role, at, index, ids))
      continue
    }
    // SDKs put every chunk of an answer into the history as a turn of its own.
    const last = messages.at(-1)
    const begun = last?.role === 'assistant' ? last.parts : []
    if (last?.role !== 'assistant') messages.push({ role: 'assistant', parts: begun })
    modelTurn(content, at, index, ids, begun)
  }
  return messages
}

function modelTurn(content: JsonObject, at: string, index: number, ids: CallIds, said: AssistantPart[]): void {
  for (const [position, [part, path]] of repeated(content, 'parts', `${at}.`).entries()) {
    const slot = string.optional(part, 'thoughtSignature', `${path}.`)
    const decoded = assistantPart(part, path, ids, `${index}_${position}`)
    if (position === 0 && !slot && goesOn(said, decoded)) continue
    addSigned(said, decoded, slot === '' ? undefined : slot)
  }
}

/** Joins the text of a chunk to that of the chunk before it, where the two are of one kind and neither is signed. */
function goesOn(said: AssistantPart[], part: AssistantPart): boolean {
  if (part.type !== 'text' && part.type !== 'reasoning') return false
  if ('extra' in part && part.extra) return false
  const before = said.at(-1)
  if (before && part.text === '') return true
  if (before?.type !== part.type || before.opaque || ('extra' in before && before.extra)) return false
  said[said.length - 1] = { ...before, text: before.text + part.text }
  return true
}

function userTurns(content: JsonObject, role: string | undefined, at: string, index: number, ids: CallIds): Message[] {
  const parts = repeated(content, 'parts', `${at}.`)
  if (role !== undefined && role !== 'user' && role !== 'function' && role !== '') {
    refuse(`${at}.role`, `must be user or model, but it is "${role.slice(0, 60)}"`)
  }
  const results: ToolResultPart[] = []
  const said: UserPart[] = []
  for (const [position, [part, path]] of parts.entries()) {
    const response = inner(part, 'functionResponse', `${path}.`)
    if (response) results.push(resultPart(response, `${path}.functionResponse.`, ids, `${index}_${position}`))
    else said.push(userPart(part, path))
  }
  const turns: Message[] = []
  if (results.length > 0) turns.push({ role: 'tool', parts: results })
  if (said.length > 0 || results.length === 0) turns.push({ role: 'user', parts: said })
  return turns
}

const textFields: ReadonlySet<string> = new Set(['text', 'thought', 'thoughtSignature'])

function textPart(part: JsonObject, path: string): TextPart {
  return { type: 'text', text: string.required(part, 'text', `${path}.`), ...extraOf(part, textFields) }
}

/** What a part says beside its one data field. */
function extraOf(part: JsonObject, known: ReadonlySet<string>): { extra?: JsonObject } {
  const extra = unknownFields(part, known)
  return Object.keys(extra).length > 0 ? { extra } : {}
}

function hosted(part: JsonObject): HostedPart {
  return { type: 'hosted', dialect, block: part }
}

export function systemParts(body: JsonObject): TextPart[] {
  const value = body.systemInstruction
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  const content = inner(body, 'systemInstruction')
  if (!content) return []
  return repeated(content, 'parts', 'systemInstruction.').map(([part, path]) => textPart(part, path))
}

function userPart(part: JsonObject, path: string): UserPart {
  if (part.text !== undefined && part.text !== null) return textPart(part, path)
  if (!hasData(part)) return { type: 'text', text: '' }
  return mediaPart(part, path) ?? hosted(part)
}

const mediaFields: ReadonlySet<string> = new Set(['inlineData', 'fileData'])

function mediaPart(part: JsonObject, path: string): UserPart | undefined {
  const more = extraOf(part, mediaFields)
  const inline = inner(part, 'inlineData', `${path}.`)
  if (inline) {
    const at = `${path}.inlineData.`
    const mediaType = string.required(inline, 'mimeType', at)
    const data = base64(string.required(inline, 'data', at))
    if (mediaType.startsWith('audio/')) return { type: 'audio', data, format: audioFormat(mediaType), ...more }
    return sourced({ kind: 'base64', mediaType, data }, mediaType, inline, more)
  }
  const file = inner(part, 'fileData', `${path}.`)
  if (!file) return undefined
  const uri = string.required(file, 'fileUri', `${path}.fileData.`)
  const mediaType = string.optional(file, 'mimeType', `${path}.fileData.`)
  const own = isOwnFile(uri)
  // The vendor wants the type back with the address.
  const named = { ...(more.extra ?? {}), ...(mediaType !== undefined && { mimeType: mediaType }) }
  return sourced(
    own ? { kind: 'file', id: uri } : { kind: 'url', url: uri },
    mediaType ?? typeOfAddress(uri),
    file,
    Object.keys(named).length > 0 ? { extra: named } : {},
  )
}

function sourced(
  source: ImagePart['source'],
  mediaType: string,
  { displayName }: JsonObject,
  more: { extra?: JsonObject },
): ImagePart | FilePart {
  if (mediaType.startsWith('image/')) return { type: 'image', source, ...more }
  return { type: 'file', source, ...(typeof displayName === 'string' && { filename: displayName }), ...more }
}

/** Files that the vendor keeps, which nobody else can read. */
function isOwnFile(uri: string): boolean {
  return /^(files\/|gs:)/.test(uri) || /^https:\/\/generativelanguage\.googleapis\.com\//.test(uri)
}

function typeOfAddress(uri: string): string {
  return /\.(png|jpe?g|webp|gif|heic|heif)([?#]|$)/i.test(uri) ? 'image/*' : ''
}

const audioFormats: ReadonlyMap<string, string> = new Map([
  ['mpeg', 'mp3'],
  ['x-wav', 'wav'],
  ['wave', 'wav'],
])

function audioFormat(mediaType: string): string {
  const [word = ''] = mediaType.slice('audio/'.length).toLowerCase().split(';')
  return audioFormats.get(word) ?? word
}

const callFields: ReadonlySet<string> = new Set(['functionCall', 'thoughtSignature', 'thought'])

function assistantPart(part: JsonObject, path: string, ids: CallIds, place: string): AssistantPart {
  if (typeof part.text === 'string' || !hasData(part)) {
    const text = string.optional(part, 'text', `${path}.`) ?? ''
    return part.thought === true ? { type: 'reasoning', text } : textPart({ ...part, text }, path)
  }
  const call = inner(part, 'functionCall', `${path}.`)
  if (!call) {
    const { thoughtSignature, ...block } = part
    return hosted(thoughtSignature === undefined ? block : part)
  }
  const at = `${path}.functionCall.`
  const name = string.required(call, 'name', at)
  return {
    type: 'tool-call',
    id: ids.called(name, string.optional(call, 'id', at), place),
    name,
    kind: 'function',
    arguments: JSON.stringify(object.optional(call, 'args', at) ?? {}),
    ...extraOf(part, callFields),
  }
}

/** The keys under which a result that is one text is usually put. */
const plainKeys = ['result', 'output', 'content'] as const

function resultPart(response: JsonObject, at: string, ids: CallIds, place: string): ToolResultPart {
  const name = string.required(response, 'name', at)
  const id = ids.answered(name, string.optional(response, 'id', at), place)
  const said = object.optional(response, 'response', at) ?? {}
  const content: ToolResultPart['content'] = []
  const isError = Object.keys(said).length === 1 && said.error !== undefined
  const text = textOf(isError ? { result: said.error } : said)
  content.push({ type: 'text', text })
  for (const [part, path] of repeated(response, 'parts', at)) {
    const media = mediaPart(part, path)
    if (media && (media.type === 'image' || media.type === 'file')) content.push(media)
    else content.push(hosted(part))
  }
  const extra = unknownFields(response, resultFields)
  return {
    type: 'tool-result',
    id,
    content,
    ...(isError && { isError }),
    extra: { ...extra, response: said },
  }
}

const resultFields: ReadonlySet<string> = new Set(['name', 'id', 'response', 'parts'])

/** A result as other APIs want it: its text where that is all there is, else the object as JSON. */
function textOf(said: JsonObject): string {
  const keys = Object.keys(said)
  const only: Json | undefined = keys.length === 1 ? said[plainKeys.find((key) => key === keys[0]) ?? ''] : undefined
  return typeof only === 'string' ? only : JSON.stringify(only ?? said)
}
