import type { Emit } from '../../flow/index.ts'
import type { Json, JsonObject, StreamToken } from '../../tokens/index.ts'
import { filled, text } from '../lenient.ts'
import { DeltaShape } from './delta-shape.ts'
import type { Item, ItemOptions } from './item.ts'
import { reasoningOf, stateOf } from './reasoning-state.ts'
import { Told } from './told.ts'
import { dialectName, type ReasoningForm } from './wire.ts'

/** Reasoning: one block, whether it is shown as a summary in several parts, in full, or not at all. */
export class ReasoningItem implements Item {
  shape = new DeltaShape()
  readonly #options: ItemOptions
  readonly #item: JsonObject
  readonly #told = new Told()
  #form: ReasoningForm | undefined
  #part = 0
  #partial = false
  #index: number | undefined
  #closed = false

  constructor(item: JsonObject, options: ItemOptions) {
    this.#options = options
    this.#item = item
  }

  start(): void {}

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (piece === '' || this.#closed) return
    const index = this.#open(emit)
    this.#partial = true
    this.#told.add(piece)
    emit({ type: 'reasoning-delta', choice: 0, index, text: piece })
  }

  read(event: JsonObject, emit: Emit<StreamToken>): boolean {
    switch (event.type) {
      case 'response.reasoning_summary_text.delta':
        this.#piece('summary', event.summary_index, text(event, 'delta') ?? '', emit)
        return true
      case 'response.reasoning_text.delta':
        this.#piece('content', event.content_index, text(event, 'delta') ?? '', emit)
        return true
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
      case 'response.content_part.added':
      case 'response.content_part.done':
        // What they hold stands in the item at its end, too.
        return true
      default:
        return false
    }
  }

  finish(item: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#closed) return
    const summary = Array.isArray(item.summary) && item.summary.length > 0
    const form = this.#form ?? (summary ? 'summary' : 'content')
    const said = reasoningOf(form === 'summary' ? { summary: item.summary ?? null } : { content: item.content ?? null })
    // No answer fails for how its reasoning is summed up.
    const piece = this.#told.missing(said)
    if (piece) {
      this.#form = form
      this.delta(piece, emit)
    }
    const state = stateOf({ ...item, id: filled(this.#item.id) ?? item.id ?? null }, this.#form)
    const { vendor, family } = this.#options
    if (state === undefined) {
      // Reasoning that shows nothing is an item of its own all the same: its provider knows it by its id.
      if (filled(this.#item.id) !== undefined) this.#open(emit)
      return
    }
    emit({ type: 'opaque', choice: 0, index: this.#open(emit), vendor, family, kind: 'encrypted', value: state })
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#index !== undefined) emit({ type: 'reasoning-end', choice: 0, index: this.#index })
  }

  /** One form of the text is told: the one that came first. Parts of a summary are paragraphs. */
  #piece(form: ReasoningForm, at: Json | undefined, piece: string, emit: Emit<StreamToken>): void {
    this.#form ??= form
    if (this.#form !== form) return
    const part = typeof at === 'number' ? at : 0
    const border = part !== this.#part && this.#partial && form === 'summary' ? '\n\n' : ''
    if (part !== this.#part) {
      this.#partial = false
      this.shape = new DeltaShape()
    }
    this.#part = part
    this.delta(border + piece, emit)
  }

  #open(emit: Emit<StreamToken>): number {
    if (this.#index !== undefined) return this.#index
    this.#index = this.#options.nextBlock()
    const id = filled(this.#item.id)
    emit({
      type: 'reasoning-start',
      choice: 0,
      index: this.#index,
      ...(id !== undefined && { id }),
      ...(this.#form === 'content' && { meta: { [dialectName]: { form: 'content' } } }),
    })
    return this.#index
  }
}
