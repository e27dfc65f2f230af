import {
  type AssistantPart,
  isJsonObject,
  type JsonObject,
  type Message,
  type ToolResultPart,
} from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { reasoningBlock, textBlock, toolResultBlock, toolUseBlock, userBlock } from './encode-parts.ts'
import { type Encoding, refuse } from './encoding.ts'
import { callIdRule, dialect } from './wire.ts'

interface Turn {
  role: 'user' | 'assistant'
  content: JsonObject[]
}

/**
 * The conversation by the rules of this API: it begins with the user, the two sides take turns, and every call has its
 * result at the head of the turn behind it, in the order of the calls. `from`: the first message that is no instruction.
 */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = new Turns(encoding)
  for (const [index, message] of encoding.request.messages.entries()) {
    const at = `messages[${index}]`
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, 'the Converse API has no names of speakers')
    }
    if (index >= from) turns.add(message, at)
  }
  return turns.finish()
}

class Turns {
  readonly #encoding: Encoding
  readonly #turns: Turn[] = []
  /** The calls of the last assistant's turn, by their id on the wire, with their results as they come. */
  #calls = new Map<string, JsonObject[] | undefined>()
  #lastMessage = ''

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(message: Message, at: string): void {
    this.#lastMessage = at
    switch (message.role) {
      case 'system':
        this.#encoding.changed(at, 'a system message in the conversation is sent as marked text of the user')
        for (const { text, cache } of message.parts) {
          if (text.trim() !== '')
            this.#push('user', { text: `<system>${text}</system>` }, this.#encoding.cachePoint(cache))
        }
        return
      case 'assistant':
        this.#assistant(message.parts, at)
        return
      case 'user':
        for (const [index, part] of message.parts.entries()) {
          const block = userBlock(this.#encoding, part, `${at}.content[${index}]`)
          if (block) this.#push('user', block, 'cache' in part ? this.#encoding.cachePoint(part.cache) : [])
        }
        return
      case 'tool':
        for (const [index, part] of message.parts.entries()) this.#result(part, `${at}.content[${index}]`)
    }
  }

  finish(): JsonObject[] {
    this.#settle()
    const last = this.#turns.at(-1)
    if (last?.role === 'assistant') {
      if (this.#encoding.target.traits.prefill === false) {
        refuse(
          this.#lastMessage,
          'is the beginning of an answer, which the model does not take; end with a user message',
        )
      }
      trimEnd(last.content)
    }
    if (this.#turns[0]?.role === 'assistant') {
      this.#encoding.changed('messages', 'a turn of the user was added: the conversation began with the assistant')
      this.#turns.unshift({ role: 'user', content: [{ text: '(The conversation goes on.)' }] })
    }
    for (const { content } of this.#turns) withText(content)
    return this.#turns.map(({ role, content }) => ({ role, content }))
  }

  #assistant(parts: AssistantPart[], at: string): void {
    if (this.#turns.at(-1)?.role !== 'assistant') this.#settle()
    for (const [index, part] of parts.entries()) {
      const block = this.#assistantBlock(part, `${at}.content[${index}]`)
      if (!block) continue
      this.#push('assistant', block, 'cache' in part ? this.#encoding.cachePoint(part.cache) : [])
      if (isJsonObject(block.toolUse)) this.#calls.set(block.toolUse.toolUseId as string, undefined)
    }
  }

  #assistantBlock(part: AssistantPart, at: string): JsonObject | undefined {
    switch (part.type) {
      case 'text':
        if (part.opaque) this.#encoding.foreignOpaque += part.opaque.length
        return textBlock(part.text)
      case 'reasoning':
        return reasoningBlock(this.#encoding, part)
      case 'tool-call':
        return toolUseBlock(this.#encoding, part, at)
      case 'hosted':
        if (part.dialect === dialect) return part.block
        this.#encoding.dropped(at, `a block of type ${String(part.block.type)} that only ${part.dialect} knows`)
        return undefined
    }
  }

  #result(part: ToolResultPart, at: string): void {
    const id = callId(part.id, callIdRule)
    const block = toolResultBlock(this.#encoding, part, at)
    if (this.#calls.has(id) && this.#calls.get(id) === undefined) {
      this.#calls.set(id, [block, ...this.#encoding.cachePoint(part.cache)])
      this.#turn('user')
      return
    }
    this.#encoding.changed(at, 'a result without a call before it is sent as text of the user')
    const { content } = block.toolResult as { content: JsonObject[] }
    for (const one of content) this.#push('user', one, [])
  }

  #push(role: Turn['role'], block: JsonObject, mark: JsonObject[]): void {
    this.#turn(role).content.push(block, ...mark)
  }

  /** The turn being written, if it is of that role, else a new one. */
  #turn(role: Turn['role']): Turn {
    const last = this.#turns.at(-1)
    if (last?.role === role) return last
    const turn: Turn = { role, content: [] }
    this.#turns.push(turn)
    return turn
  }

  /** Nothing more comes for the calls of the last assistant's turn: puts their results where they belong. */
  #settle(): void {
    if (this.#calls.size === 0) return
    const results: JsonObject[] = []
    for (const [toolUseId, result] of this.#calls) {
      if (!result) this.#encoding.changed('messages', 'a tool call had no result; one that says so was added')
      const missing = { toolUseId, content: [{ text: 'No result was given.' }], status: 'error' }
      results.push(...(result ?? [{ toolResult: missing }]))
    }
    this.#calls = new Map()
    this.#turn('user').content.unshift(...results)
  }
}

/** The API refuses an answer to go on from white space. */
function trimEnd(content: JsonObject[]): void {
  const end = content.at(-1)
  if (typeof end?.text === 'string') content[content.length - 1] = { text: end.text.trimEnd() }
}

/** The API takes a document only beside a text. The document's name says nothing that is not there already. */
function withText(content: JsonObject[]): void {
  const document = content.find((block) => isJsonObject(block.document))?.document as JsonObject | undefined
  if (document && !content.some((block) => block.text !== undefined)) content.push({ text: String(document.name) })
}
