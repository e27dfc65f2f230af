import type { AssistantPart, JsonObject, Message, ReasoningPart, ToolCall, ToolResultPart } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { isTextMark } from '../kept-text.ts'
import { ownState, type Result, resultOf, toolCallPart, userPart } from './encode-parts.ts'
import { type Encoding, refuse } from './encoding.ts'
import { isOurs, readState } from './state.ts'
import { callIdRule } from './wire.ts'

interface Turn {
  role: 'user' | 'assistant' | 'tool' | 'system'
  content: JsonObject[]
}

interface OpenCall {
  name: string
  result?: Result
}

/**
 * The conversation as every package takes it: the turns of one side are one, and every call has its result right behind
 * its turn, in the order of the calls. `from`: the first message that is no instruction.
 */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = new Turns(encoding)
  for (const [index, message] of encoding.request.messages.entries()) {
    const at = `messages[${index}]`
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, 'the AI SDK has no names of speakers')
    }
    if (index >= from) turns.add(message, at)
  }
  return turns.finish()
}

class Turns {
  readonly #encoding: Encoding
  readonly #turns: Turn[] = []
  /** The calls of the last assistant's turn, by their id on the wire, with their results as they come. */
  #calls = new Map<string, OpenCall>()
  /** What follows their results in a message of the user. */
  #beside: JsonObject[] = []
  #lastMessage = ''

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(message: Message, at: string): void {
    this.#lastMessage = at
    switch (message.role) {
      case 'system':
        this.#settle()
        this.#instruct(message.parts.map(({ text }) => text).join('\n\n'), at)
        return
      case 'assistant':
        this.#assistant(message.parts, at)
        return
      case 'user':
        this.#settle()
        for (const [index, part] of message.parts.entries()) {
          const encoded = userPart(this.#encoding, part, `${at}.content[${index}]`)
          if (encoded) this.#turn('user').content.push(encoded)
        }
        return
      case 'tool':
        for (const [index, part] of message.parts.entries()) this.#result(part, `${at}.content[${index}]`)
    }
  }

  finish(): JsonObject[] {
    this.#settle()
    const last = this.#turns.at(-1)
    if (last?.role === 'assistant' && this.#encoding.target.traits.prefill === false) {
      refuse(this.#lastMessage, 'is the beginning of an answer, which the model does not take; end with a user message')
    }
    const end = last?.role === 'user' ? last.content.at(-1) : undefined
    if (end && end.providerOptions === undefined)
      Object.assign(end, this.#encoding.options(this.#encoding.request.cache))
    return this.#turns.map(({ role, content }) => ({
      role,
      content: role === 'system' ? content.map(({ text }) => text).join('\n\n') : content,
    }))
  }

  /** Most packages refuse instructions behind the beginning. */
  #instruct(text: string, at: string): void {
    if (text.trim() === '') return
    if (this.#encoding.target.traits.midSystem) {
      this.#turn('system').content.push({ type: 'text', text })
      return
    }
    this.#encoding.changed(at, 'a system message in the conversation is sent as marked text of the user')
    this.#turn('user').content.push({ type: 'text', text: `<system>${text}</system>` })
  }

  #assistant(parts: AssistantPart[], at: string): void {
    // A turn that is cut in two has its results behind both halves.
    const goesOn = this.#turns.at(-1)?.role === 'assistant' && [...this.#calls.values()].every(({ result }) => !result)
    if (!goesOn) this.#settle()
    for (const [index, part] of parts.entries()) this.#assistantPart(part, `${at}.content[${index}]`)
  }

  #assistantPart(part: AssistantPart, at: string): void {
    switch (part.type) {
      case 'text': {
        const state = ownState(this.#encoding, part.opaque)
        if (part.text.trim() === '') return
        const options = this.#encoding.options(part.cache, state)
        this.#turn('assistant').content.push({ type: 'text', text: part.text, ...options })
        return
      }
      case 'reasoning':
        this.#reasoning(part)
        return
      case 'tool-call':
        this.#call(part, at)
        return
      case 'hosted':
        this.#encoding.dropped(at, `a block of type ${String(part.block.type)} that only ${part.dialect} knows`)
    }
  }

  /** Reasoning that the target wrote itself; any other stays behind, since it would mean nothing or be refused. */
  #reasoning({ text, opaque }: ReasoningPart): void {
    const { target } = this.#encoding
    if (!opaque || !isOurs(opaque, target)) {
      this.#encoding.foreignOpaque++
      return
    }
    if (isTextMark(opaque)) {
      if (text !== '') this.#turn('assistant').content.push({ type: 'reasoning', text })
      return
    }
    const state = readState(opaque, target)
    if (!state) return
    const { on, options: providerOptions } = state
    if (on === 'reasoning') {
      this.#turn('assistant').content.push({ type: 'reasoning', text, providerOptions })
      return
    }
    // A client has given the state of another block a block of its own, behind that one.
    const type = on === 'call' ? 'tool-call' : 'text'
    const owner = this.#turn('assistant').content.findLast((one) => one.type === type)
    if (owner && owner.providerOptions === undefined) owner.providerOptions = providerOptions
  }

  #call(part: ToolCall, at: string): void {
    const encoded = toolCallPart(this.#encoding, part, at)
    this.#turn('assistant').content.push(encoded)
    this.#calls.set(encoded.toolCallId as string, { name: encoded.toolName as string })
  }

  #result(part: ToolResultPart, at: string): void {
    const call = this.#calls.get(callId(part.id, callIdRule))
    const result = resultOf(this.#encoding, part, at)
    if (call && !call.result) {
      call.result = result
      if (part.cache) Object.assign(result.output, this.#encoding.options(part.cache))
      return
    }
    this.#encoding.changed(at, 'a result without a call before it is sent as text of the user')
    this.#beside.push({ type: 'text', text: String(result.output.value) }, ...result.media)
    if (this.#calls.size === 0) this.#settle()
  }

  /** The turn being written, if it is of that role, else a new one. */
  #turn(role: Turn['role']): Turn {
    const last = this.#turns.at(-1)
    if (last?.role === role) return last
    const turn: Turn = { role, content: [] }
    this.#turns.push(turn)
    return turn
  }

  /** Nothing more comes for the calls of the last assistant's turn: writes their results, and then what goes beside. */
  #settle(): void {
    const media: JsonObject[] = []
    for (const [toolCallId, { name: toolName, result }] of this.#calls) {
      if (!result) this.#encoding.changed('messages', 'a tool call had no result; one that says so was added')
      const { providerOptions, ...output } = result?.output ?? { type: 'error-text', value: 'No result was given.' }
      const options = providerOptions !== undefined && { providerOptions }
      this.#turn('tool').content.push({ type: 'tool-result', toolCallId, toolName, output, ...options })
      media.push(...(result?.media ?? []))
    }
    media.push(...this.#beside)
    this.#beside = []
    this.#calls = new Map()
    if (media.length > 0) this.#turn('user').content.push(...media)
  }
}
