import type { AssistantPart, JsonObject, Message, TextPart, ToolResultPart } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { hostedBlock, reasoningBlock, textBlock, toolResultBlock, toolUseBlock, userBlock } from './encode-parts.ts'
import { type Encoding, refuse } from './encoding.ts'
import { callIdRule } from './wire.ts'

interface Turn {
  role: 'user' | 'assistant' | 'system'
  content: JsonObject[]
}

/**
 * The conversation by the rules of this API: turns of one role in a row are one turn, and every call of an assistant's
 * turn has its result at the head of the user's turn behind it, in the order of the calls. `from`: the first message that is no instruction.
 */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = new Turns(encoding)
  for (const [index, message] of encoding.request.messages.entries()) {
    const at = `messages[${index}]`
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, 'the Messages API has no names of speakers')
    }
    if (index >= from) turns.add(message, at)
  }
  return turns.finish()
}

class Turns {
  readonly #encoding: Encoding
  readonly #turns: Turn[] = []
  /** The calls of the last assistant's turn, by their id on the wire, with their results as they come. */
  #calls = new Map<string, JsonObject | undefined>()
  #lastMessage = ''

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(message: Message, at: string): void {
    this.#lastMessage = at
    switch (message.role) {
      case 'system':
        this.#system(message.parts, at)
        return
      case 'assistant':
        this.#assistant(message.parts, at)
        return
      case 'user':
        for (const [index, part] of message.parts.entries()) {
          this.#user(userBlock(this.#encoding, part, `${at}.content[${index}]`))
        }
        return
      case 'tool':
        for (const [index, part] of message.parts.entries()) this.#result(part, `${at}.content[${index}]`)
    }
  }

  finish(): JsonObject[] {
    this.#settle()
    const last = this.#turns.at(-1)
    if (last?.role === 'assistant') this.#trimPrefill(last)
    if (last?.role === 'assistant' && this.#encoding.target.traits.prefill === false && !resumes(last)) {
      refuse(this.#lastMessage, 'is the beginning of an answer, which the model does not take; end with a user message')
    }
    return this.#turns.map(({ role, content }) => ({ role, content: plain(content) }))
  }

  /** The API refuses an answer to go on from white space. */
  #trimPrefill({ content }: Turn): void {
    const end = content.at(-1)
    if (this.#encoding.own || end?.type !== 'text') return
    const text = (end.text as string).trimEnd()
    if (text === end.text) return
    this.#encoding.changed(this.#lastMessage, 'white space at the end of a begun answer is left out')
    content[content.length - 1] = { ...end, text }
  }

  #assistant(parts: AssistantPart[], at: string): void {
    const before = this.#turns.at(-1)?.role
    if (before !== 'assistant') this.#settle()
    for (const [index, part] of parts.entries()) {
      const block = this.#assistantBlock(part, `${at}.content[${index}]`)
      if (!block) continue
      this.#turn('assistant').content.push(block)
      if (block.type === 'tool_use') this.#calls.set(block.id as string, undefined)
    }
  }

  #assistantBlock(part: AssistantPart, at: string): JsonObject | undefined {
    switch (part.type) {
      case 'text':
        return textBlock(this.#encoding, part)
      case 'reasoning':
        return reasoningBlock(this.#encoding, part)
      case 'tool-call':
        return toolUseBlock(this.#encoding, part, at)
      case 'hosted':
        return hostedBlock(this.#encoding, part, at)
    }
  }

  #user(block: JsonObject | undefined): void {
    if (block) this.#turn('user').content.push(block)
  }

  #result(part: ToolResultPart, at: string): void {
    const id = callId(part.id, callIdRule)
    const block = toolResultBlock(this.#encoding, part, at)
    if (this.#calls.has(id) && this.#calls.get(id) === undefined) {
      this.#calls.set(id, block)
      this.#turn('user')
      return
    }
    this.#encoding.changed(at, 'a result without a call before it is sent as text of the user')
    const { content } = block
    if (typeof content === 'string') this.#user({ type: 'text', text: content })
    else if (Array.isArray(content)) for (const one of content) this.#user(one as JsonObject)
  }

  #system(parts: TextPart[], at: string): void {
    const blocks = parts.map((part) => textBlock(this.#encoding, part)).filter((block) => block !== undefined)
    if (blocks.length === 0) return
    // A turn between calls and their results is not allowed, whatever the model takes elsewhere.
    const between = [...this.#calls.values()].includes(undefined)
    if (this.#encoding.target.traits.midSystem && !between) {
      this.#settle()
      this.#turn('system').content.push(...blocks)
      return
    }
    this.#encoding.changed(at, 'a system message in the conversation is sent as marked text of the user')
    for (const block of blocks) this.#user({ ...block, text: `<system>${block.text as string}</system>` })
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
    for (const [id, result] of this.#calls) {
      if (!result) this.#encoding.changed('messages', 'a tool call had no result; one that says so was added')
      results.push(result ?? { type: 'tool_result', tool_use_id: id, content: 'No result was given.', is_error: true })
    }
    this.#calls = new Map()
    this.#turn('user').content.unshift(...results)
  }
}

/** A turn that was paused in the middle of a hosted tool goes on from where it was: that is no prefill. */
function resumes(turn: Turn): boolean {
  return turn.content.some((block) => block.type === 'server_tool_use')
}

/** A lone text as a string, which every compatible server takes. */
function plain(content: JsonObject[]): string | JsonObject[] {
  const only = content.length === 1 ? content[0] : undefined
  return only?.type === 'text' && Object.keys(only).length === 2 ? (only.text as string) : content
}
