import { SluiceError } from '../../errors/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { isJsonObject, type JsonObject, mergeUsage, type StreamToken, type Usage } from '../../tokens/index.ts'
import type { EncodeOptions } from '../dialect.ts'
import { ChoiceEncoder } from './choice-encoder.ts'
import { encodeErrorBody } from './error.ts'
import { encodeUsage, hasCounts } from './usage.ts'
import { dialectName } from './wire.ts'

/** Facts that stand on every chunk; any other is told once, on the next one. */
const sticky = new Set(['service_tier', 'system_fingerprint'])

/** Facts without those that stand in a delta. */
function known({ delta: _, ...fields }: JsonObject): JsonObject {
  return fields
}

/** The events that say an error and end the stream. */
export function errorEvents(error: SluiceError): SseMessage[] {
  return [{ data: JSON.stringify(encodeErrorBody(error)) }, { data: '[DONE]' }]
}

/**
 * Tokens as chunks. What is the same on all chunks of a stream is made into text once; a delta costs the escaping of
 * its own text and one concatenation.
 */
export class ChatStreamEncoder implements Stage<StreamToken, SseMessage> {
  readonly #options: EncodeOptions
  /** The client knows the fields of OpenAI's own deltas and no others. */
  readonly #strict: boolean
  readonly #choices = new Map<number, ChoiceEncoder>()
  readonly #warned = new Set<string>()
  readonly #usageFacts: JsonObject = {}
  #head: JsonObject
  #prefix = ''
  #suffix: string
  #once: JsonObject | undefined
  #usage: Usage | undefined
  #over = false

  constructor(options: EncodeOptions) {
    this.#options = options
    this.#strict = options.reasoningFields === 'none'
    this.#head = {
      id: `chatcmpl-${options.requestId}`,
      object: 'chat.completion.chunk',
      created: options.created,
      model: options.model,
    }
    this.#suffix = options.includeUsage ? '],"usage":null}' : ']}'
    this.#renew()
  }

  push(token: StreamToken, emit: Emit<SseMessage>): void {
    if (this.#over) return
    switch (token.type) {
      case 'message-start': {
        const { id, model, created } = token
        if (id !== undefined) this.#head.id = id
        if (model !== undefined) this.#head.model = model
        if (created !== undefined) this.#head.created = created
        this.#renew()
        this.#choice(0, emit)
        return
      }
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'metadata':
        if (token.dialect === dialectName)
          this.#facts(this.#strict ? known(token.fields) : token.fields, token.choice, emit)
        return
      case 'raw':
        if (token.dialect === dialectName) this.#raw(token.data, emit)
        else this.#warn(token.event ?? 'event', `an event that only ${token.dialect} knows`)
        return
      case 'error':
        this.fail(token.error, emit)
        return
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
      case 'opaque':
        if (!this.#strict) this.#choice(token.choice, emit).push(token, emit)
        return
      default:
        this.#choice(token.choice, emit).push(token, emit)
    }
  }

  end(emit: Emit<SseMessage>): void {
    if (this.#over) return
    const choices = [...this.#choices.values()]
    if (choices.length === 0 || choices.some((choice) => !choice.finished)) {
      const problem = 'the answer is not whole: it ended before every choice was finished'
      this.fail(new SluiceError('upstream_truncated', problem), emit)
      return
    }
    this.#over = true
    if (this.#options.includeUsage && this.#usage && hasCounts(this.#usage)) {
      const usage = encodeUsage(this.#usage, this.#usageFacts)
      emit({ data: `${this.#take()}],"usage":${JSON.stringify(usage)}}` })
    } else if (this.#once) {
      emit({ data: this.#take() + this.#suffix })
    }
    emit({ data: '[DONE]' })
  }

  fail(error: SluiceError, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#over = true
    for (const event of errorEvents(error)) emit(event)
  }

  #choice(index: number, emit: Emit<SseMessage>): ChoiceEncoder {
    let choice = this.#choices.get(index)
    if (!choice) {
      choice = new ChoiceEncoder(
        index,
        (body, out) => out({ data: this.#take() + body + this.#suffix, json: true }),
        (field, reason) => this.#warn(field, reason),
        this.#options.reasoningFields,
      )
      this.#choices.set(index, choice)
      choice.role(emit)
    }
    return choice
  }

  /** What stands before the choices, with the facts that wait for the next chunk. */
  #take(): string {
    if (!this.#once) return this.#prefix
    const facts = JSON.stringify(this.#once).slice(1, -1)
    this.#once = undefined
    return this.#prefix.replace(/"choices":\[$/, () => `${facts},"choices":[`)
  }

  #renew(): void {
    this.#prefix = `${JSON.stringify(this.#head).slice(0, -1)},"choices":[`
  }

  #facts(fields: JsonObject, choice: number | undefined, emit: Emit<SseMessage>): void {
    if (choice !== undefined) {
      this.#choice(choice, emit).facts(fields, emit)
      return
    }
    for (const [key, value] of Object.entries(fields)) {
      if (key === 'usage') {
        if (isJsonObject(value)) Object.assign(this.#usageFacts, value)
      } else if (sticky.has(key)) {
        this.#head[key] = value
        this.#renew()
      } else if (!(key in this.#head) && key !== 'choices') {
        this.#once = { ...this.#once, [key]: value }
      }
    }
  }

  /** Readers expect `choices` on every chunk, so nothing else is let through. */
  #raw(data: string, emit: Emit<SseMessage>): void {
    try {
      const chunk: unknown = JSON.parse(data)
      if (!isJsonObject(chunk) || !Array.isArray(chunk.choices)) return
      emit({ data: JSON.stringify({ ...this.#head, ...chunk, id: this.#head.id }) })
    } catch {}
  }

  #warn(field: string, reason: string): void {
    if (this.#warned.has(field)) return
    this.#warned.add(field)
    this.#options.onWarning?.({ field, action: 'dropped', reason })
  }
}
