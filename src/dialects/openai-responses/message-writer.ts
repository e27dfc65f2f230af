import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import type { Citation, JsonObject, LogProb } from '../../tokens/index.ts'
import { hasPlace, toAnnotation } from './annotation.ts'
import { type ItemOutput, type ItemStatus, ItemWriter, inside } from './item-writer.ts'

interface Part {
  at: string
  deltaHead: string
  refusal: boolean
  text: string
  annotations: JsonObject[]
  /** Sources of other APIs, which cite what the block says and so wait for its end. */
  citations: Citation[]
  logprobs: LogProb[]
  closed: boolean
}

/** A message: every block of text is a part of it. It is closed when no part is open and something else begins. */
export class MessageWriter extends ItemWriter {
  readonly #fields: JsonObject
  readonly #parts = new Map<number, Part>()
  #openParts = 0

  constructor(out: ItemOutput, id: string, fields: JsonObject = {}) {
    super(out, id)
    this.#fields = fields
  }

  get idle(): boolean {
    return this.#openParts === 0
  }

  get itemId(): string {
    return this.id
  }

  start(block: number, refusal: boolean, emit: Emit<SseMessage>): void {
    const open = this.open ?? this.add({ ...this.#head(), status: 'in_progress', content: [] }, emit)
    const at = this.at(open, `,"content_index":${this.#parts.size}`)
    const part: Part = {
      at,
      deltaHead: `${at},"delta":"`,
      refusal,
      text: '',
      annotations: [],
      citations: [],
      logprobs: [],
      closed: false,
    }
    this.#parts.set(block, part)
    this.#openParts++
    this.out.send('response.content_part.added', `${at},"part":${JSON.stringify(partOf(part))}`, emit)
  }

  has(block: number): boolean {
    return this.#parts.get(block)?.closed === false
  }

  text(block: number, piece: string, logprobs: LogProb[] | undefined, emit: Emit<SseMessage>): void {
    const part = this.#parts.get(block)!
    part.text += piece
    this.out.wrote(piece.length)
    if (part.refusal) {
      this.out.delta('response.refusal.delta', part.deltaHead, inside(piece), '"', emit)
      return
    }
    if (logprobs) part.logprobs.push(...logprobs)
    const tail = logprobs ? `","logprobs":${JSON.stringify(logprobs.map(complete))}` : '","logprobs":[]'
    this.out.delta('response.output_text.delta', part.deltaHead, inside(piece), tail, emit)
  }

  cite(block: number, citation: Citation, emit: Emit<SseMessage>): boolean {
    const part = this.#parts.get(block)
    if (!part || part.refusal) return false
    const known = toAnnotation(citation, 0, 0)
    if (known === undefined) return false
    if (hasPlace(citation)) this.#annotate(part, known, emit)
    else part.citations.push(citation)
    return true
  }

  end(block: number, emit: Emit<SseMessage>): void {
    const part = this.#parts.get(block)
    if (!part || part.closed) return
    part.closed = true
    this.#openParts--
    for (const citation of part.citations) {
      const annotation = toAnnotation(citation, 0, part.text.length)
      if (annotation) this.#annotate(part, annotation, emit)
    }
    const said = JSON.stringify(part.text)
    if (part.refusal) {
      this.out.send('response.refusal.done', `${part.at},"refusal":${said}`, emit)
    } else {
      const logprobs = JSON.stringify(part.logprobs.map(complete))
      this.out.send('response.output_text.done', `${part.at},"text":${said},"logprobs":${logprobs}`, emit)
    }
    this.out.send('response.content_part.done', `${part.at},"part":${JSON.stringify(partOf(part))}`, emit)
  }

  close(status: ItemStatus, emit: Emit<SseMessage>): void {
    if (!this.open) return
    for (const block of this.#parts.keys()) this.end(block, emit)
    const content = [...this.#parts.values()].map(partOf)
    this.finish(JSON.stringify({ ...this.#head(), status, content }), emit)
    this.open = undefined
  }

  #head(): JsonObject {
    return { id: this.id, type: 'message', role: 'assistant', ...this.#fields }
  }

  #annotate(part: Part, annotation: JsonObject, emit: Emit<SseMessage>): void {
    const at = `${part.at},"annotation_index":${part.annotations.length}`
    part.annotations.push(annotation)
    this.out.send('response.output_text.annotation.added', `${at},"annotation":${JSON.stringify(annotation)}`, emit)
  }
}

function partOf({ refusal, text, annotations, logprobs }: Part): JsonObject {
  if (refusal) return { type: 'refusal', refusal: text }
  return { type: 'output_text', text, annotations, logprobs: logprobs.map(complete) }
}

/** Strict clients take the list of alternatives for granted. */
function complete(entry: LogProb): JsonObject {
  return { ...entry, top_logprobs: entry.top_logprobs ?? [] } as unknown as JsonObject
}
