import {
  type AssistantPart,
  isJsonObject,
  type JsonObject,
  type Message,
  type TextPart,
  type ToolCall,
  type ToolResultPart,
} from '../../tokens/index.ts'
import { wrapInput } from '../custom-input.ts'
import { assistantParts, userContent, userPart } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { itemOf } from './reasoning-state.ts'
import { dialectName } from './wire.ts'

/** The conversation as items. @throws SluiceError `unsupported` */
export function encodeItems(encoding: Encoding): JsonObject[] {
  const items = new Items(encoding)
  for (const [index, message] of encoding.request.messages.entries()) items.add(message, `messages[${index}]`)
  return items.finish()
}

/** Calls whose results have not come yet, by their id on the wire. */
type Open = Map<string, ToolCall>

class Items {
  readonly #encoding: Encoding
  readonly #items: JsonObject[] = []
  readonly #open: Open = new Map()
  readonly #kinds = new Map<string, ToolCall['kind']>()

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(message: Message, at: string): void {
    const encoding = this.#encoding
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, 'the Responses API has no names of speakers')
    }
    switch (message.role) {
      case 'system':
        this.#items.push({
          type: 'message',
          role: message.developer ? 'developer' : 'system',
          content: userContent(message.parts, encoding),
          ...(encoding.own && message.extra),
        })
        return
      case 'user':
        this.#settle()
        this.#items.push({
          type: 'message',
          role: 'user',
          content: userContent(message.parts, encoding),
          ...(encoding.own && message.extra),
        })
        return
      case 'assistant':
        this.#settle()
        this.#assistant(message.parts)
        return
      case 'tool':
        for (const part of message.parts) this.#result(part, at)
    }
  }

  finish(): JsonObject[] {
    this.#settle()
    return this.#items
  }

  #assistant(parts: AssistantPart[]): void {
    let texts: TextPart[] = []
    const flush = (): void => {
      if (texts.length > 0) this.#items.push(this.#said(texts))
      texts = []
    }
    for (const part of parts) {
      if (part.type === 'text') {
        if (part.extra?.item) flush()
        if (part.text !== '' || this.#encoding.own) texts.push(part)
        continue
      }
      flush()
      const item = this.#item(part)
      if (item) this.#items.push(item)
    }
    flush()
  }

  #said(texts: TextPart[]): JsonObject {
    const item = this.#encoding.own ? texts[0]?.extra?.item : undefined
    const content = assistantParts(texts, this.#encoding)
    return { type: 'message', role: 'assistant', content, ...(isJsonObject(item) && item) }
  }

  #item(part: Exclude<AssistantPart, TextPart>): JsonObject | undefined {
    const encoding = this.#encoding
    switch (part.type) {
      case 'tool-call':
        return this.#call(part)
      case 'hosted':
        if (part.dialect === dialectName) return part.block
        encoding.dropped('input', 'the work of a tool that ran at another vendor')
        return undefined
      case 'reasoning': {
        const { opaque, text } = part
        const { vendor, family } = encoding.target
        const ours = opaque?.vendor === undefined ? encoding.own : opaque.vendor === vendor && opaque.family === family
        const item = opaque && ours ? itemOf(opaque.value, text) : undefined
        if (!item) encoding.foreignOpaque++
        return item
      }
    }
  }

  #call(call: ToolCall): JsonObject {
    const encoding = this.#encoding
    if (call.opaque) encoding.foreignOpaque += call.opaque.length
    const call_id = encoding.callId(call.id)
    this.#open.set(call_id, call)
    this.#kinds.set(call_id, call.kind)
    const { place, ...more } = (encoding.own && call.extra) || {}
    const named = isJsonObject(place) ? place : { name: encoding.toolName(call.name) }
    if (call.kind === 'custom' && encoding.extras) {
      return { type: 'custom_tool_call', call_id, ...named, input: call.arguments, ...more }
    }
    const written = call.kind === 'custom' ? wrapInput(call.arguments) : call.arguments
    return { type: 'function_call', call_id, ...named, arguments: written.trim() === '' ? '{}' : written, ...more }
  }

  #result(result: ToolResultPart, at: string): void {
    const encoding = this.#encoding
    const call_id = encoding.callId(result.id)
    const { type, ...more } = (encoding.own && result.extra) || {}
    // The call may stand in an earlier answer that the provider keeps.
    if (!this.#open.delete(call_id) && !encoding.own) {
      encoding.changed(at, 'a tool result without its call became a text of the user')
      const content = result.content.map((part) => userPart(part, encoding))
      const head = { type: 'input_text', text: `Result of the tool call ${result.id}:` }
      this.#items.push({ type: 'message', role: 'user', content: [head, ...content] })
      return
    }
    const custom = type === 'custom_tool_call_output' || (this.#kinds.get(call_id) === 'custom' && encoding.extras)
    this.#items.push({
      type: custom ? 'custom_tool_call_output' : 'function_call_output',
      call_id,
      output: this.#output(result),
      ...more,
    })
  }

  /** One text where there is nothing but texts: what a list means in this place differs from server to server. */
  #output({ content, isError }: ToolResultPart): JsonObject[string] {
    if (this.#encoding.own) return userContent(content, this.#encoding)
    const wire = content.map((part) => userPart(part, this.#encoding))
    const mark = isError ? 'Error: ' : ''
    if (wire.every((part) => part.type === 'input_text')) return mark + wire.map((part) => part.text).join('\n\n')
    return isError ? [{ type: 'input_text', text: 'Error:' }, ...wire] : wire
  }

  /** Nothing more comes for the calls before: each without a result gets one, or the provider refuses them all. */
  #settle(): void {
    for (const [call_id, call] of this.#open) {
      if (this.#encoding.own) break
      this.#encoding.changed('messages', 'a tool call had no result, so an error stands in for it')
      const custom = call.kind === 'custom' && this.#encoding.extras
      this.#items.push({
        type: custom ? 'custom_tool_call_output' : 'function_call_output',
        call_id,
        output: 'Error: no result was given for this call.',
      })
    }
    this.#open.clear()
  }
}
