import {
  type AssistantPart,
  type CacheMarker,
  type FilePart,
  type HostedPart,
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
import { isSealed, unseal } from '../envelope.ts'
import { array, boolean, object, refuse, string, typeName, unknownFields } from '../fields.ts'
import { dialect } from './wire.ts'

/** The turns. Tool results stand in the user's turn here and in a turn of their own, before it, in the canonical form. */
export function decodeMessages(body: JsonObject): Message[] {
  const list = array.required(body, 'messages')
  if (list.length === 0) refuse('messages', 'is empty; it must hold at least one message')
  return list.flatMap((value, index) => {
    const at = `messages[${index}]`
    if (!isJsonObject(value)) refuse(at, `must be an object, but it is ${typeName(value)}`)
    return decodeMessage(value, at)
  })
}

function decodeMessage(message: JsonObject, at: string): Message[] {
  const role = string.required(message, 'role', `${at}.`)
  const blocks = blocksOf(message.content, `${at}.content`)
  switch (role) {
    case 'system':
      return [{ role, parts: blocks.map(([block, path]) => textPart(block, path)) }]
    case 'assistant':
      return [{ role, parts: assistantParts(blocks) }]
    case 'user': {
      const results: ToolResultPart[] = []
      const parts: UserPart[] = []
      for (const [block, path] of blocks) {
        if (block.type === 'tool_result') results.push(resultPart(block, path))
        else parts.push(userPart(block, path))
      }
      const turns: Message[] = []
      if (results.length > 0) turns.push({ role: 'tool', parts: results })
      if (parts.length > 0 || results.length === 0) turns.push({ role, parts })
      return turns
    }
    default:
      return refuse(`${at}.role`, `must be user, assistant or system, but it is "${role.slice(0, 60)}"`)
  }
}

/** Content as blocks, each with its path. */
function blocksOf(content: Json | undefined, at: string): Array<[JsonObject, string]> {
  if (typeof content === 'string') return [[{ type: 'text', text: content }, at]]
  if (!Array.isArray(content)) refuse(at, `must be a string or a list of blocks, but it is ${typeName(content)}`)
  return content.map((block, index) => {
    const path = `${at}[${index}]`
    if (!isJsonObject(block)) refuse(path, `must be an object, but it is ${typeName(block)}`)
    string.required(block, 'type', `${path}.`)
    return [block, path]
  })
}

export function textParts(list: Json[], at: string): TextPart[] {
  return blocksOf(list, at).map(([block, path]) => textPart(block, path))
}

export function cacheOf(block: JsonObject, at: string): CacheMarker | undefined {
  const control = object.optional(block, 'cache_control', at)
  if (!control) return undefined
  const ttl = string.optional(control, 'ttl', `${at}cache_control.`)
  return ttl === '5m' || ttl === '1h' ? { ttl } : {}
}

/** What parts and tools have: a cache mark, and fields that only this dialect knows. `at` ends with a dot. */
export function common(
  block: JsonObject,
  at: string,
  known: ReadonlySet<string>,
): { cache?: CacheMarker; extra?: JsonObject } {
  const cache = cacheOf(block, at)
  const extra = unknownFields(block, known)
  // A mark that says more than a time to live is kept as it was written, too.
  const mark = block.cache_control
  if (isJsonObject(mark) && Object.keys(mark).some((key) => key !== 'type' && key !== 'ttl')) extra.cache_control = mark
  return { ...(cache && { cache }), ...(Object.keys(extra).length > 0 && { extra }) }
}

function hosted(block: JsonObject): HostedPart {
  return { type: 'hosted', dialect, block }
}

const textFields: ReadonlySet<string> = new Set(['type', 'text', 'citations', 'cache_control'])

function textPart(block: JsonObject, path: string): TextPart {
  if (block.type !== 'text') refuse(`${path}.type`, `must be text here, but it is "${String(block.type).slice(0, 60)}"`)
  const citations = array.optional(block, 'citations', `${path}.`)
  return {
    type: 'text',
    text: string.required(block, 'text', `${path}.`),
    ...(citations && citations.length > 0 && { citations }),
    ...common(block, `${path}.`, textFields),
  }
}

function userPart(block: JsonObject, path: string): UserPart {
  return contentPart(block, path) ?? hosted(block)
}

function contentPart(block: JsonObject, path: string): TextPart | ImagePart | FilePart | HostedPart | undefined {
  switch (block.type) {
    case 'text':
      return textPart(block, path)
    case 'image':
      return {
        type: 'image',
        source: mediaSource(object.required(block, 'source', `${path}.`), `${path}.source.`),
        ...common(block, `${path}.`, imageFields),
      }
    case 'document':
      return documentPart(block, path)
    case 'search_result':
      return searchResult(block, path)
    default:
      return undefined
  }
}

const imageFields: ReadonlySet<string> = new Set(['type', 'source', 'cache_control'])

function mediaSource(source: JsonObject, at: string): MediaSource {
  const type = string.required(source, 'type', at)
  switch (type) {
    case 'base64':
      return {
        kind: 'base64',
        mediaType: string.required(source, 'media_type', at),
        data: string.required(source, 'data', at),
      }
    case 'url':
      return { kind: 'url', url: string.required(source, 'url', at) }
    case 'file':
      return { kind: 'file', id: string.required(source, 'file_id', at) }
    default:
      return refuse(`${at}type`, `must be base64, url or file, but it is "${type.slice(0, 60)}"`)
  }
}

const documentFields: ReadonlySet<string> = new Set(['type', 'source', 'title', 'context', 'cache_control'])

function documentPart(block: JsonObject, path: string): FilePart | HostedPart {
  const source = object.required(block, 'source', `${path}.`)
  const title = string.optional(block, 'title', `${path}.`)
  const context = string.optional(block, 'context', `${path}.`)
  const shared = {
    type: 'file' as const,
    ...(title !== undefined && { title }),
    ...(context !== undefined && { context }),
  }
  const more = common(block, `${path}.`, documentFields)
  switch (string.required(source, 'type', `${path}.source.`)) {
    case 'text':
      return { ...shared, source: { kind: 'text', text: string.required(source, 'data', `${path}.source.`) }, ...more }
    case 'content': {
      const text = plainText(source.content, `${path}.source.content`)
      // Blocks keep their borders for this dialect; others get the text.
      if (text === undefined) return hosted(block)
      return { ...shared, source: { kind: 'text', text }, ...more, extra: { ...more.extra, source } }
    }
    default:
      return { ...shared, source: mediaSource(source, `${path}.source.`), ...more }
  }
}

/** Known to this dialect alone, but what it says is text: other dialects get a document. */
function searchResult(block: JsonObject, path: string): FilePart | HostedPart {
  const text = plainText(block.content, `${path}.content`)
  if (text === undefined) return hosted(block)
  return {
    type: 'file',
    source: { kind: 'text', text },
    title: string.optional(block, 'title', `${path}.`) ?? '',
    context: string.optional(block, 'source', `${path}.`) ?? '',
    extra: block,
  }
}

/** Text blocks as one text; undefined when there is anything else among them. */
function plainText(content: Json | undefined, at: string): string | undefined {
  const blocks = blocksOf(content, at)
  if (blocks.some(([block]) => typeof block.text !== 'string')) return undefined
  return blocks.map(([block]) => block.text).join('\n')
}

const resultFields: ReadonlySet<string> = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control'])

function resultPart(block: JsonObject, path: string): ToolResultPart {
  const content =
    block.content === undefined || block.content === null ? [] : blocksOf(block.content, `${path}.content`)
  const isError = boolean.optional(block, 'is_error', `${path}.`)
  return {
    type: 'tool-result',
    id: string.required(block, 'tool_use_id', `${path}.`),
    content: content.map(([inner, at]) => contentPart(inner, at) ?? hosted(inner)),
    ...(isError && { isError }),
    ...common(block, `${path}.`, resultFields),
  }
}

function assistantParts(blocks: Array<[JsonObject, string]>): AssistantPart[] {
  const parts: AssistantPart[] = []
  for (const [block, path] of blocks) {
    const part = assistantPart(block, path)
    const before = parts.at(-1)
    // A signature in a redacted block is the state of the call before it, which has no slot of its own.
    if (block.type === 'redacted_thinking' && part.type === 'reasoning' && before?.type === 'tool-call') {
      if (part.opaque?.kind === 'signature') {
        before.opaque = [...(before.opaque ?? []), part.opaque]
        continue
      }
    }
    parts.push(part)
  }
  return parts
}

function assistantPart(block: JsonObject, path: string): AssistantPart {
  const at = `${path}.`
  switch (block.type) {
    case 'text':
      return textPart(block, path)
    case 'thinking':
      return reasoning(
        string.required(block, 'thinking', at),
        opaqueOf(string.optional(block, 'signature', at) ?? '', 'signature'),
      )
    case 'redacted_thinking':
      return reasoning('', opaqueOf(string.required(block, 'data', at), 'redacted'))
    case 'tool_use':
      return toolCall(block, path)
    default:
      return hosted(block)
  }
}

function reasoning(text: string, opaque: Opaque | undefined): ReasoningPart {
  return { type: 'reasoning', text, ...(opaque && { opaque }) }
}

/** An envelope is opened. A damaged one is worth nothing to anybody; a bare value is its vendor's, whoever that is. */
function opaqueOf(value: string, kind: Opaque['kind']): Opaque | undefined {
  if (value === '') return undefined
  return isSealed(value) ? unseal(value) : { kind, value }
}

const callFields: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input', 'cache_control'])

function toolCall(block: JsonObject, path: string): ToolCall {
  const at = `${path}.`
  return {
    type: 'tool-call',
    id: string.required(block, 'id', at),
    name: string.required(block, 'name', at),
    kind: 'function',
    arguments: JSON.stringify(object.optional(block, 'input', at) ?? {}),
    ...common(block, `${path}.`, callFields),
  }
}
