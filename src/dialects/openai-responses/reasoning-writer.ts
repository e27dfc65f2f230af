import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import type { JsonObject, Opaque } from '../../tokens/index.ts'
import { type ItemOutput, type ItemStatus, ItemWriter, inside, type Open } from './item-writer.ts'
import { encryptedContent, homemade, reasoningText, summaryText } from './reasoning-state.ts'
import type { ReasoningForm } from './wire.ts'

/** Reasoning: an item with one part. State that does not fit into its slot stands in items of its own behind it. */
export class ReasoningWriter extends ItemWriter {
  readonly #form: ReasoningForm
  #text = ''
  #deltaHead = ''
  #at = ''
  #opaque: Opaque | undefined
  #closed = false

  constructor(out: ItemOutput, id: string, form: ReasoningForm) {
    super(out, id)
    this.#form = form
  }

  text(piece: string, emit: Emit<SseMessage>): void {
    if (piece === '') return
    const summary = this.#form === 'summary'
    if (this.#deltaHead === '') {
      const open = this.#begin(emit)
      this.#at = this.at(open, summary ? ',"summary_index":0' : ',"content_index":0')
      this.#deltaHead = `${this.#at},"delta":"`
      const type = summary ? 'response.reasoning_summary_part.added' : 'response.content_part.added'
      this.out.send(type, `${this.#at},"part":${JSON.stringify(this.#part())}`, emit)
    }
    this.#text += piece
    this.out.wrote(piece.length)
    const type = summary ? 'response.reasoning_summary_text.delta' : 'response.reasoning_text.delta'
    this.out.delta(type, this.#deltaHead, inside(piece), '"', emit)
  }

  /** False: the slot is taken. */
  state(opaque: Opaque): boolean {
    if (this.#opaque) return false
    this.#opaque = opaque
    return true
  }

  close(status: ItemStatus, emit: Emit<SseMessage>, call?: string): void {
    if (!this.open && !this.#opaque && this.id.startsWith(homemade)) return
    if (this.#closed) return
    this.#closed = true
    this.#begin(emit)
    const summary = this.#form === 'summary'
    const said = this.#deltaHead === '' ? [] : [this.#part()]
    if (said.length > 0) {
      const text = `${this.#at},"text":${JSON.stringify(this.#text)}`
      this.out.send(summary ? 'response.reasoning_summary_text.done' : 'response.reasoning_text.done', text, emit)
      const done = summary ? 'response.reasoning_summary_part.done' : 'response.content_part.done'
      this.out.send(done, `${this.#at},"part":${JSON.stringify(this.#part())}`, emit)
    }
    const item: JsonObject = { id: this.id, type: 'reasoning', summary: summary ? said : [] }
    if (!summary) item.content = said
    if (this.#opaque) item.encrypted_content = encryptedContent(this.#opaque, call)
    if (status === 'incomplete') item.status = status
    this.finish(JSON.stringify(item), emit)
    this.open = undefined
  }

  #begin(emit: Emit<SseMessage>): Open {
    return this.open ?? this.add({ id: this.id, type: 'reasoning', summary: [] }, emit)
  }

  #part(): JsonObject {
    return this.#form === 'summary' ? summaryText(this.#text) : reasoningText(this.#text)
  }
}
