import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import type { ItemOutput } from './item-writer.ts'

/** The events of one stream, each with its number, and the items in them, each with its place. */
export class Output implements ItemOutput {
  /** How many characters of content went out. */
  chars = 0
  readonly #items: string[] = []
  #places = 0
  #number = 0

  send(type: string, body: string, emit: Emit<SseMessage>): void {
    emit({ event: type, data: `{"type":"${type}",${body},"sequence_number":${this.#number++}}`, json: true })
  }

  delta(type: string, head: string, text: string, tail: string, emit: Emit<SseMessage>): void {
    const data = `{"type":"${type}",${head}${text}${tail},"sequence_number":${this.#number++}}`
    emit({ event: type, data, json: true })
  }

  place(): number {
    return this.#places++
  }

  done(place: number, json: string): void {
    this.#items[place] = json
  }

  wrote(length: number): void {
    this.chars += length
  }

  /** The items that are done, as JSON texts, in their places. */
  get items(): string[] {
    return this.#items.filter((item) => item !== undefined)
  }
}
