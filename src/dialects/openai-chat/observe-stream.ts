import type { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import { type FinishReason, isJsonObject, type JsonObject, mergeUsage, type Usage } from '../../tokens/index.ts'
import type { ObserveOptions, StreamObserver } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { notJson } from './decode-stream.ts'
import { errorEvents } from './encode-stream.ts'
import { isError, streamError } from './error.ts'
import { brokenFinish, decodeFinish } from './finish.ts'
import { type Lane, laneOf, plainDelta } from './plain-delta.ts'
import { decodeUsage } from './usage.ts'

/** Reads along with a stream that goes to the client as it is. Most deltas are recognised without parsing them. */
export class ChatStreamObserver implements StreamObserver {
  readonly #options: ObserveOptions
  readonly #lanes: Lane[] = []
  readonly #words = new Map<number, string | undefined>()
  #calls = false
  content = false
  done = false
  error: SluiceError | undefined
  usage: Usage | undefined
  model: string | undefined
  deltas = 0

  constructor(options: ObserveOptions) {
    this.#options = options
  }

  get finished(): boolean {
    if (this.#words.size < (this.#options.choices ?? 1)) return false
    for (const word of this.#words.values()) if (word === undefined) return false
    return true
  }

  get finish(): FinishReason | undefined {
    for (const word of this.#words.values()) if (word !== undefined) return decodeFinish(word, this.#calls).reason
    return undefined
  }

  see(event: SseEvent): boolean {
    for (const lane of this.#lanes) {
      const text = lane.match(event.data)
      if (text === undefined) continue
      if (text !== '') this.#delta()
      return true
    }
    if (event.data.trim() === '[DONE]') {
      this.done = true
      return true
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(event.data)
    } catch (cause) {
      this.error = notJson(event.data, cause)
      return false
    }
    const chunk = Array.isArray(parsed) ? parsed[0] : parsed
    if (!isJsonObject(chunk)) return true
    if (isError(chunk, event.event)) {
      this.error = streamError(chunk)
      return false
    }
    return this.#chunk(chunk, event.data)
  }

  complete(): SseMessage[] {
    return this.done ? [] : [{ data: '[DONE]' }]
  }

  fail(error: SluiceError): SseMessage[] {
    return errorEvents(error)
  }

  #delta(): void {
    this.content = true
    this.deltas++
  }

  #chunk(chunk: JsonObject, data: string): boolean {
    this.model ??= filled(chunk.model)
    const choices = Array.isArray(chunk.choices) ? chunk.choices.filter(isJsonObject) : []
    const over = this.finished
    const before = this.deltas
    for (const choice of choices) this.#choice(choice)
    if (this.error) return false
    const groq = isJsonObject(chunk.x_groq) ? chunk.x_groq : {}
    for (const usage of [groq.usage, chunk.usage]) {
      if (isJsonObject(usage)) this.usage = mergeUsage(this.usage, decodeUsage(usage))
    }
    const plain = plainDelta(chunk)
    if (plain) laneOf(this.#lanes, plain.kind).learn(data, plain)
    if (isJsonObject(chunk.usage)) return !(this.#options.dropUsage && choices.length === 0)
    // A finish that is said again says nothing.
    return !(
      over &&
      choices.length > 0 &&
      this.deltas === before &&
      choices.every((choice) => filled(choice.finish_reason))
    )
  }

  #choice(choice: JsonObject): void {
    const index = Number.isInteger(choice.index) ? (choice.index as number) : 0
    const word = filled(choice.finish_reason)
    const broken = word === undefined ? undefined : brokenFinish(word)
    if (broken) {
      this.error = broken
      return
    }
    this.#words.set(index, word ?? this.#words.get(index))
    if (isJsonObject(choice.usage)) this.usage = mergeUsage(this.usage, decodeUsage(choice.usage))
    const delta = isJsonObject(choice.delta) ? choice.delta : isJsonObject(choice.message) ? choice.message : {}
    const calls = isJsonObject(delta.tool_calls) || (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0)
    if (calls || isJsonObject(delta.function_call)) this.#calls = true
    if (calls || Object.entries(delta).some(([key, value]) => key !== 'role' && saysSomething(value))) this.#delta()
    else if (word !== undefined) this.content = true
  }
}

function saysSomething(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null)
}
