import type { AssistantPart, JsonObject, Message, TextPart, ToolCall, ToolResultPart } from '../../tokens/index.ts'
import { functionCall, functionResponse, hostedPart, userPart } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { noSignature } from './wire.ts'

interface Content {
  role: 'user' | 'model'
  parts: JsonObject[]
}

/** A call that waits for its result. */
interface Waiting {
  id: string
  name: string
  response: JsonObject | undefined
  media: JsonObject[]
}

/**
 * The conversation by the rules of this API: turns of one role in a row are one turn, and a model's turn with calls is
 * followed by one turn that holds as many results, in the order of the calls. `from`: the first message that is no
 * instruction.
 */
export function encodeContents(encoding: Encoding, from: number): JsonObject[] {
  const contents = new Contents(encoding)
  for (const [index, message] of encoding.request.messages.entries()) {
    const at = `messages[${index}]`
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, 'the Gemini API has no names of speakers')
    }
    if (index >= from) contents.add(message, at)
  }
  return contents.finish()
}

class Contents {
  readonly #encoding: Encoding
  readonly #contents: Content[] = []
  /** The calls of the last model's turn. */
  #calls: Waiting[] = []

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  add(message: Message, at: string): void {
    switch (message.role) {
      case 'system':
        this.#system(message.parts, at)
        return
      case 'assistant':
        this.#assistant(message.parts, at)
        return
      case 'user':
        for (const [index, part] of message.parts.entries()) {
          this.#user(userPart(this.#encoding, part, `${at}.content[${index}]`))
        }
        return
      case 'tool':
        for (const [index, part] of message.parts.entries()) this.#result(part, `${at}.content[${index}]`)
    }
  }

  finish(): JsonObject[] {
    this.#settle()
    const [first] = this.#contents
    if (first?.role === 'model' && first.parts.some((part) => part.functionCall)) {
      this.#encoding.changed('messages', 'a turn of the user was added: the API takes no call without one before it')
      this.#contents.unshift({ role: 'user', parts: [{ text: 'Go on.' }] })
    }
    return this.#contents.map(({ role, parts }) => ({ role, parts }))
  }

  #assistant(parts: AssistantPart[], at: string): void {
    if (this.#contents.at(-1)?.role !== 'model') this.#settle()
    for (const [index, part] of parts.entries()) {
      const encoded = this.#said(part, `${at}.content[${index}]`)
      if (encoded) this.#turn('model').push(encoded)
    }
  }

  #said(part: AssistantPart, at: string): JsonObject | undefined {
    const encoding = this.#encoding
    switch (part.type) {
      case 'text': {
        const signature = encoding.signature(part.opaque)
        if (part.text === '' && signature === undefined) return undefined
        return { text: part.text, ...(encoding.own && part.extra), ...signed(signature) }
      }
      case 'reasoning': {
        // Thoughts without a signature need not come back; those of another vendor must not.
        const signature = encoding.signature(part.opaque && [part.opaque])
        if (signature === undefined) return undefined
        return part.text === ''
          ? { text: '', ...signed(signature) }
          : { text: part.text, thought: true, ...signed(signature) }
      }
      case 'tool-call':
        return this.#call(part, at)
      case 'hosted':
        return hostedPart(encoding, part, at)
    }
  }

  #call(part: ToolCall, at: string): JsonObject {
    const encoding = this.#encoding
    const encoded = functionCall(encoding, part, at)
    const first = this.#calls.length === 0
    this.#calls.push({ id: part.id, name: encoding.functionName(part.name), response: undefined, media: [] })
    const signature = encoding.signature(part.opaque)
    // Only the first call of a step carries one, so only there one is missed.
    const missed = first && encoding.target.traits.signedCalls === true
    return { ...encoded, ...signed(signature ?? (missed ? noSignature : undefined)) }
  }

  #user(part: JsonObject | undefined): void {
    if (part) this.#turn('user').push(part)
  }

  #result(part: ToolResultPart, at: string): void {
    const call = this.#calls.find((one) => one.id === part.id && one.response === undefined)
    const { part: response, media } = functionResponse(this.#encoding, part, call?.name ?? '', at)
    if (call) {
      call.response = response
      call.media = media
      this.#turn('user')
      return
    }
    this.#encoding.changed(at, 'a result without a call before it is sent as text of the user')
    const texts = part.content.flatMap((one) => (one.type === 'text' && one.text !== '' ? [one.text] : []))
    if (texts.length > 0) this.#user({ text: texts.join('\n') })
    for (const one of media) this.#user(one)
  }

  #system(parts: TextPart[], at: string): void {
    const text = parts.map((part) => part.text).join('\n\n')
    if (text === '') return
    this.#encoding.changed(at, 'a system message in the conversation is sent as marked text of the user')
    this.#user({ text: `<system>${text}</system>` })
  }

  /** The parts of the turn being written, if it is of that role, else of a new one. */
  #turn(role: Content['role']): JsonObject[] {
    const last = this.#contents.at(-1)
    if (last?.role === role) return last.parts
    const parts: JsonObject[] = []
    this.#contents.push({ role, parts })
    return parts
  }

  /** Nothing more comes for the calls of the last model's turn: puts their results where they belong. */
  #settle(): void {
    const calls = this.#calls
    if (calls.length === 0) return
    this.#calls = []
    const responses = calls.map(({ response, name }) => {
      if (response) return response
      this.#encoding.changed('messages', 'a function call had no result; one that says so was added')
      return { functionResponse: { name, response: { error: 'No result was given.' } } }
    })
    this.#turn('user').unshift(...responses, ...calls.flatMap(({ media }) => media))
  }
}

function signed(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { thoughtSignature: signature }
}
