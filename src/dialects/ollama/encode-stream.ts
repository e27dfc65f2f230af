import { SluiceError } from '../../errors/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import {
  type Finish,
  isContent,
  isJsonObject,
  type JsonObject,
  mergeUsage,
  type StreamToken,
  type Usage,
} from '../../tokens/index.ts'
import { argumentsObject } from '../arguments-object.ts'
import { wrapInput } from '../custom-input.ts'
import type { EncodeOptions } from '../dialect.ts'
import { errorBody } from './error.ts'
import { encodeFinish } from './finish.ts'
import { encodeUsage } from './usage.ts'
import { dialectName, durations, generateForm } from './wire.ts'

/** The line that says an error and ends the stream. */
export function errorLine(error: SluiceError): SseMessage {
  return { data: JSON.stringify(errorBody(error)) }
}

interface Call {
  id: string
  name: string
  kind: 'function' | 'custom'
  /** Arguments are an object here, so they wait for their end. */
  pieces: string[]
  ended: boolean
}

/**
 * Tokens as lines. Texts of blocks that overlap go out as they come, since a line says which of the two kinds of text it
 * holds and no more. The finish waits for the end: counts may come behind it, and its line is the last.
 */
export class OllamaEncoder implements Stage<StreamToken, SseMessage> {
  readonly #options: EncodeOptions
  readonly #now: () => number
  readonly #generate: boolean
  readonly #warned = new Set<string>()
  readonly #calls = new Map<number, Call>()
  /** Calls whose arguments are no object: whether they were cut off is told by the finish. */
  readonly #broken: Call[] = []
  readonly #facts: JsonObject = {}
  /** What stands before the content, made anew when the time or the model changes. */
  #head = ''
  #headAt = Number.NaN
  #model: string
  #usage: Usage | undefined
  #finish: Finish | undefined
  #firstAt: number | undefined
  #count = 0
  #over = false

  constructor(options: EncodeOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#model = options.model
    this.#generate = options.form === generateForm
  }

  push(token: StreamToken, emit: Emit<SseMessage>): void {
    if (this.#over) return
    if ('choice' in token && token.choice !== undefined && token.choice !== 0) {
      this.#warn('n', 'this API has one answer')
      return
    }
    if (this.#firstAt === undefined && isContent(token)) this.#firstAt = this.#now()
    switch (token.type) {
      case 'text-delta':
        if (token.logprobs) this.#say(token.text, `,"logprobs":${JSON.stringify(token.logprobs)}`, emit)
        else if (token.text !== '') this.#say(token.text, '', emit)
        return
      case 'reasoning-delta':
        if (token.text !== '') this.#think(token.text, emit)
        return
      case 'tool-call-start': {
        const { id, name, kind } = token
        this.#calls.set(token.index, { id, name, kind, pieces: [], ended: false })
        return
      }
      case 'tool-call-delta':
        this.#calls.get(token.index)?.pieces.push(token.arguments)
        return
      case 'tool-call-end': {
        const call = this.#calls.get(token.index)
        if (call) call.ended = true
        this.#sendEnded(emit)
        return
      }
      case 'message-start':
        if (token.model !== undefined) this.#rename(token.model)
        return
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'metadata':
        if (token.dialect === dialectName) this.#merge(token.fields)
        return
      case 'raw':
        if (token.dialect === dialectName) emit({ data: token.data })
        else this.#warn(token.event ?? 'event', `an event that only ${token.dialect} knows`)
        return
      case 'finish':
        this.#finish = token
        return
      case 'error':
        this.fail(token.error, emit)
        return
      case 'media-start':
        this.#warn(token.kind, 'this API answers with texts and calls')
        return
      case 'media-delta':
        // Of what is spoken the words are left.
        if (token.transcript) this.#say(token.transcript, '', emit)
        return
      case 'hosted-call-start':
      case 'hosted-result':
        this.#warn('hosted tools', 'this API has no place for calls of tools that run at the provider')
        return
      case 'citation':
        this.#warn('citations', 'this API has no place for sources')
        return
      // Blocks have no borders on the wire, and state has no slot.
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'hosted-call-delta':
      case 'hosted-call-end':
      case 'media-end':
      case 'opaque':
        return
      default:
        token satisfies never
    }
  }

  end(emit: Emit<SseMessage>): void {
    if (this.#over) return
    const finish = this.#finish
    if (!finish) {
      this.fail(new SluiceError('upstream_truncated', 'the answer is not whole: it ended before it was finished'), emit)
      return
    }
    for (const call of [...this.#broken, ...this.#calls.values()]) this.#sendBroken(call, finish, emit)
    this.#over = true
    if (finish.reason === 'malformed_call') {
      this.#warn('tool_calls', 'the model broke off a tool call that cannot be run')
    }
    const { message, ...facts } = this.#facts
    const content: JsonObject = this.#generate
      ? { response: '' }
      : { message: { role: 'assistant', content: '', ...(isJsonObject(message) && message) } }
    const last = {
      ...content,
      done: true,
      done_reason: encodeFinish(finish),
      ...this.#times(),
      ...encodeUsage(this.#usage),
      ...facts,
    }
    emit({ data: `${this.#before()}${JSON.stringify(last).slice(1)}` })
  }

  fail(error: SluiceError, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#over = true
    emit(errorLine(error))
  }

  #say(text: string, more: string, emit: Emit<SseMessage>): void {
    const said = JSON.stringify(text)
    const content = this.#generate ? `"response":${said}` : `"message":{"role":"assistant","content":${said}}`
    emit({ data: `${this.#before()}${content}${more},"done":false}` })
  }

  #think(text: string, emit: Emit<SseMessage>): void {
    const said = JSON.stringify(text)
    const content = this.#generate
      ? `"response":"","thinking":${said}`
      : `"message":{"role":"assistant","content":"","thinking":${said}}`
    emit({ data: `${this.#before()}${content},"done":false}` })
  }

  /** In the order in which they began, which is all that clients without ids go by. */
  #sendEnded(emit: Emit<SseMessage>): void {
    for (const [index, call] of this.#calls) {
      if (!call.ended) return
      this.#calls.delete(index)
      this.#call(call, emit)
    }
  }

  #call(call: Call, emit: Emit<SseMessage>): void {
    const text = call.pieces.join('')
    const json = call.kind === 'custom' ? wrapInput(text) : text
    // As it was written, so that no number loses a digit.
    if (!argumentsObject(json).whole) this.#broken.push(call)
    else this.#sendCall(call, json.trim() === '' ? '{}' : json, emit)
  }

  /** A call that the end of the room cut off must not be run. Any other shows what it holds. */
  #sendBroken(call: Call, { reason }: Finish, emit: Emit<SseMessage>): void {
    const text = call.pieces.join('')
    if (reason !== 'stop' && reason !== 'tool_calls') {
      this.#warn('tool_calls', 'a tool call was cut off, so it is left out')
      return
    }
    this.#warn('tool_calls', 'the arguments of a tool call are no JSON object')
    this.#sendCall(call, JSON.stringify(argumentsObject(text).value), emit)
  }

  #sendCall({ id, name }: Call, json: string, emit: Emit<SseMessage>): void {
    const inner = `{"index":${this.#count++},"name":${JSON.stringify(name)},"arguments":${json}}`
    const calls = `"tool_calls":[{"id":${JSON.stringify(id)},"function":${inner}}]`
    const content = this.#generate ? `"response":"",${calls}` : `"message":{"role":"assistant","content":"",${calls}}`
    emit({ data: `${this.#before()}${content},"done":false}` })
  }

  #before(): string {
    const now = this.#now()
    if (now !== this.#headAt) {
      this.#headAt = now
      const time = new Date(now).toISOString()
      this.#head = `{"model":${JSON.stringify(this.#model)},"created_at":"${time}",`
    }
    return this.#head
  }

  #rename(model: string): void {
    this.#model = model
    this.#headAt = Number.NaN
  }

  /** Those of a provider of this API, or what was measured here: until the first content, and from there on. */
  #times(): JsonObject {
    if (durations.some((field) => this.#facts[field] !== undefined)) return {}
    const { startedAt } = this.#options
    if (startedAt === undefined) return {}
    const now = this.#now()
    const first = this.#firstAt ?? now
    const times = {
      total_duration: now - startedAt,
      prompt_eval_duration: first - startedAt,
      eval_duration: now - first,
    }
    // In nanoseconds, and without those that are nothing.
    return Object.fromEntries(
      Object.entries(times).flatMap(([field, ms]) => (ms > 0 ? [[field, Math.round(ms * 1e6)]] : [])),
    )
  }

  #merge(fields: JsonObject): void {
    const { message, ...others } = fields
    Object.assign(this.#facts, others)
    if (isJsonObject(message)) this.#facts.message = { ...(this.#facts.message as JsonObject | undefined), ...message }
  }

  #warn(field: string, reason: string): void {
    if (this.#warned.has(field)) return
    this.#warned.add(field)
    this.#options.onWarning?.({ field, action: 'dropped', reason })
  }
}
