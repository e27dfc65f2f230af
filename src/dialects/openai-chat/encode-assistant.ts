import {
  type AssistantPart,
  isJsonObject,
  type Json,
  type JsonObject,
  type Message,
  type Opaque,
  type ReasoningPart,
  type TextPart,
  type ToolCall,
} from '../../tokens/index.ts'
import { wrapInput } from '../custom-input.ts'
import { isTextMark } from '../kept-text.ts'
import { textContent } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { dialectName } from './wire.ts'

/** A message of the assistant; undefined when nothing of it can be said here. */
export function assistantMessage(
  { parts, name, extra }: Extract<Message, { role: 'assistant' }>,
  encoding: Encoding,
): JsonObject | undefined {
  const said = new Said(encoding)
  for (const part of parts) said.add(part)
  const own = (encoding.own && extra) || {}
  const { texts, refusal, reasoning, calls, audio } = said
  const beside = calls.length > 0 || refusal !== '' || audio !== undefined
  if (texts.length === 0 && !beside && !encoding.own) return undefined
  const details = [...(Array.isArray(own.reasoning_details) ? own.reasoning_details : []), ...said.details]
  const field = encoding.target.traits.reasoningField
  return {
    role: 'assistant',
    content: texts.length === 0 && beside ? null : assistantContent(texts, encoding),
    ...(refusal !== '' && { refusal }),
    ...(field !== undefined && reasoning !== '' && { [field]: reasoning }),
    ...said.state,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(audio !== undefined && { audio }),
    ...(name !== undefined && { name }),
    ...own,
    ...(details.length > 0 && { reasoning_details: details }),
  }
}

/** One answer was one text, whatever stood between its pieces: they are joined as they are. */
function assistantContent(texts: TextPart[], encoding: Encoding): Json {
  const lists = encoding.own && encoding.target.traits.parts !== false
  if (lists && texts.some((part) => part.extra)) return textContent(texts, encoding)
  return texts.map((part) => part.text).join('')
}

/** The parts of an answer, sorted into the fields of its message. */
class Said {
  readonly #encoding: Encoding
  readonly texts: TextPart[] = []
  refusal = ''
  reasoning = ''
  readonly details: Json[] = []
  state: JsonObject = {}
  readonly calls: Json[] = []
  audio: Json | undefined

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(part: AssistantPart): void {
    switch (part.type) {
      case 'text':
        if (part.refusal && this.#encoding.extras) this.refusal += part.text
        else if (part.text !== '') this.texts.push(part)
        return
      case 'reasoning':
        this.reasoning += part.text
        for (const entry of stateEntries(part, this.#encoding)) {
          if ('reasoning_opaque' in entry) this.state = entry
          else this.details.push(entry)
        }
        return
      case 'tool-call':
        this.calls.push(toolCall(part, this.#encoding))
        return
      case 'hosted':
        if (part.dialect !== dialectName)
          this.#encoding.dropped('messages', 'the work of a tool that ran at another vendor')
        else if (part.block.type === 'audio') this.audio = part.block.audio
        return
      default:
        part satisfies never
    }
  }
}

/** State goes back as the entries or the field it came as, and only to the vendor and family that made it. */
function stateEntries(part: ReasoningPart, encoding: Encoding): JsonObject[] {
  const { opaque } = part
  if (!opaque || isTextMark(opaque)) return []
  const entries = isOurs(opaque, encoding) ? detailEntries(opaque.value) : undefined
  if (!entries) {
    encoding.foreignOpaque++
    return []
  }
  return entries.map((entry) => {
    if (part.text === '') return entry
    if (entry.type === 'reasoning.text') return { ...entry, text: part.text }
    return entry.type === 'reasoning.summary' ? { ...entry, summary: part.text } : entry
  })
}

function detailEntries(value: string): JsonObject[] | undefined {
  const parsed = parseJson(value)
  const entries: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  const known = entries.every(
    (one) =>
      isJsonObject(one) && (String(one.type).startsWith('reasoning.') || typeof one.reasoning_opaque === 'string'),
  )
  return known ? (entries as JsonObject[]) : undefined
}

function toolCall(call: ToolCall, encoding: Encoding): JsonObject {
  const id = encoding.callId(call.id)
  const name = encoding.toolName(call.name)
  const more = { ...(encoding.own && call.extra), ...callState(call, encoding) }
  if (call.kind === 'custom' && encoding.extras) {
    return { id, type: 'custom', custom: { name, input: call.arguments }, ...more }
  }
  const text = call.kind === 'custom' ? wrapInput(call.arguments) : call.arguments
  return { id, type: 'function', function: { name, arguments: text.trim() === '' ? '{}' : text }, ...more }
}

/** State that hangs on a call, as the fields it came in. */
function callState(call: ToolCall, encoding: Encoding): JsonObject {
  const fields: JsonObject = {}
  for (const opaque of call.opaque ?? []) {
    const entry = isOurs(opaque, encoding) ? parseJson(opaque.value) : undefined
    if (isJsonObject(entry) && isJsonObject(entry.extra_content)) fields.extra_content = entry.extra_content
    else encoding.foreignOpaque++
  }
  return fields
}

function isOurs(opaque: Opaque, { target }: Encoding): boolean {
  return opaque.vendor === target.vendor && opaque.family === target.family
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
