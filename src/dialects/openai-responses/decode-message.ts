import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type Json, type JsonObject, type LogProb, type StreamToken } from '../../tokens/index.ts'
import { filled, rest, text } from '../lenient.ts'
import { DeltaShape } from './delta-shape.ts'
import type { Item, ItemOptions } from './item.ts'
import { doesNotExtend, Told } from './told.ts'
import { dialectName } from './wire.ts'

interface Part {
  index: number
  shape: DeltaShape
  told: Told
  refusal: boolean
  annotations: number
  closed: boolean
}

const messageFields: ReadonlySet<string> = new Set(['type', 'id', 'role', 'status', 'content'])

/** A message: each of its parts is a block of text. */
export class MessageItem implements Item {
  readonly #options: ItemOptions
  readonly #id: string | undefined
  readonly #fields: JsonObject | undefined
  readonly #parts = new Map<number, Part>()
  #current: Part | undefined
  #miscounted = false

  constructor(item: JsonObject, options: ItemOptions) {
    this.#options = options
    this.#id = filled(item.id)
    this.#fields = rest(item, messageFields)
  }

  get shape(): DeltaShape | undefined {
    return this.#current?.shape
  }

  start(): void {}

  delta(piece: string, emit: Emit<StreamToken>): void {
    const part = this.#current ?? this.#open(0, false, emit)
    if (piece === '') return
    part.told.add(piece)
    emit({ type: 'text-delta', choice: 0, index: part.index, text: piece })
  }

  read(event: JsonObject, emit: Emit<StreamToken>): boolean {
    const at = typeof event.content_index === 'number' ? event.content_index : 0
    switch (event.type) {
      case 'response.content_part.added': {
        const part = isJsonObject(event.part) ? event.part : {}
        if (part.type === 'output_text' || part.type === 'refusal') this.#part(at, part, emit)
        return true
      }
      case 'response.output_text.delta':
      case 'response.refusal.delta': {
        const piece = text(event, 'delta')
        if (piece === undefined) return false
        const part = this.#open(at, event.type === 'response.refusal.delta', emit)
        const logprobs = logProbs(event.logprobs)
        if (piece === '' && !logprobs) return true
        part.told.add(piece)
        emit({ type: 'text-delta', choice: 0, index: part.index, text: piece, ...(logprobs && { logprobs }) })
        return true
      }
      case 'response.output_text.done':
      case 'response.refusal.done': {
        const refusal = event.type === 'response.refusal.done'
        const whole = text(event, refusal ? 'refusal' : 'text')
        this.#part(at, refusal ? { type: 'refusal', refusal: whole ?? null } : { text: whole ?? null }, emit)
        return true
      }
      case 'response.output_text.annotation.added': {
        const part = this.#parts.get(at) ?? this.#open(at, false, emit)
        if (isJsonObject(event.annotation)) this.#annotate(part, event.annotation, emit)
        return true
      }
      case 'response.content_part.done':
        if (isJsonObject(event.part)) this.#part(at, event.part, emit)
        this.#close(at, emit)
        return true
      default:
        return false
    }
  }

  finish(item: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#miscounted) return
    const content = Array.isArray(item.content) ? item.content : []
    for (const [at, part] of content.entries()) if (isJsonObject(part)) this.#part(at, part, emit)
  }

  end(emit: Emit<StreamToken>): void {
    for (const at of this.#parts.keys()) this.#close(at, emit)
  }

  /** A part with all that is known of it, much or little. */
  #part(at: number, wire: JsonObject, emit: Emit<StreamToken>): void {
    const refusal = wire.type === 'refusal'
    const whole = text(wire, refusal ? 'refusal' : 'text')
    if (whole === undefined || this.#parts.get(at)?.closed) return
    const part = this.#open(at, refusal, emit)
    const logprobs = part.told.length === 0 ? logProbs(wire.logprobs) : undefined
    this.#rest(part, whole, emit, logprobs)
    const annotations = Array.isArray(wire.annotations) ? wire.annotations : []
    for (const one of annotations.slice(part.annotations)) if (isJsonObject(one)) this.#annotate(part, one, emit)
  }

  #rest(part: Part, whole: string, emit: Emit<StreamToken>, logprobs: LogProb[] | undefined): void {
    const piece = part.told.missing(whole)
    if (piece === undefined) throw doesNotExtend('text')
    if (piece === '') return
    part.told.add(piece)
    emit({ type: 'text-delta', choice: 0, index: part.index, text: piece, ...(logprobs && { logprobs }) })
  }

  #annotate(part: Part, annotation: JsonObject, emit: Emit<StreamToken>): void {
    if (part.closed) return
    part.annotations++
    emit({ type: 'citation', choice: 0, index: part.index, dialect: dialectName, citation: annotation })
  }

  #open(at: number, refusal: boolean, emit: Emit<StreamToken>): Part {
    const known = this.#parts.get(at)
    if (known && !known.closed) {
      this.#current = known
      return known
    }
    // The server counts its parts wrongly: what it says of them as a whole cannot be compared any more.
    if (known) this.#miscounted = true
    const part: Part = {
      index: this.#options.nextBlock(),
      shape: new DeltaShape(),
      told: new Told(),
      refusal,
      annotations: 0,
      closed: false,
    }
    this.#parts.set(at, part)
    this.#current = part
    emit({
      type: 'text-start',
      choice: 0,
      index: part.index,
      ...(refusal && { refusal }),
      ...(this.#id !== undefined && { id: this.#id }),
      ...(this.#fields && { meta: { [dialectName]: this.#fields } }),
    })
    return part
  }

  #close(at: number, emit: Emit<StreamToken>): void {
    const part = this.#parts.get(at)
    if (!part || part.closed) return
    part.closed = true
    if (this.#current === part) this.#current = undefined
    emit({ type: 'text-end', choice: 0, index: part.index })
  }
}

function logProbs(list: Json | undefined): LogProb[] | undefined {
  if (!Array.isArray(list)) return undefined
  const entries = list.filter((one) => isJsonObject(one) && typeof one.token === 'string')
  return entries.length === 0 ? undefined : (entries as unknown as LogProb[])
}
