import type { CitationToken, OpaqueToken, StreamToken, TextDelta, TextEnd, TextStart } from '../../../tokens/index.ts'
import type { BlockNumbers } from './block-numbers.ts'

/**
 * The blocks that one text block becomes, with their numbers. One is open at a time, and a text opens when there is
 * something to put into it.
 */
export class Pieces {
  readonly #start: TextStart
  readonly #numbers: BlockNumbers
  #open: 'text' | 'reasoning' | undefined
  #index = -1
  #blocks = 0
  #texts = 0
  /** What belongs to a text, while none is open. */
  #waiting: Array<OpaqueToken | CitationToken> = []
  #out: StreamToken[] = []

  constructor(start: TextStart, numbers: BlockNumbers) {
    this.#start = start
    this.#numbers = numbers
  }

  get open(): 'text' | 'reasoning' | undefined {
    return this.#open
  }

  /** It has become nothing yet. */
  get none(): boolean {
    return this.#blocks === 0
  }

  /** The open block is the text as it came: nothing has moved. */
  get same(): boolean {
    return this.#open === 'text' && this.#index === this.#start.index
  }

  /** What was written since the last time. */
  take(): readonly StreamToken[] {
    const out = this.#out
    this.#out = []
    return out
  }

  attach(token: OpaqueToken | CitationToken): void {
    this.#waiting.push(token)
    if (this.#open === 'text') this.#attachAll()
  }

  text(segment: TextDelta | string): void {
    this.openText()
    const { choice } = this.#start
    if (typeof segment === 'string') this.#out.push({ type: 'text-delta', choice, index: this.#index, text: segment })
    else this.#out.push(this.#here(segment))
  }

  openText(): void {
    if (this.#open === 'text') return
    this.close()
    const { choice } = this.#start
    this.#index = this.#number()
    this.#open = 'text'
    // The id and what else is known about the block go with the first text.
    if (this.#texts > 0) this.#out.push({ type: 'text-start', choice, index: this.#index })
    else this.#out.push(this.#here(this.#start))
    this.#texts++
    this.#attachAll()
  }

  reasoning(text: string): void {
    const { choice } = this.#start
    if (this.#open !== 'reasoning') {
      this.close()
      this.#index = this.#number()
      this.#open = 'reasoning'
      this.#out.push({ type: 'reasoning-start', choice, index: this.#index })
    }
    this.#out.push({ type: 'reasoning-delta', choice, index: this.#index, text })
  }

  /** A block of another kind, whole. */
  block(tokens: (place: { choice: number; index: number }) => StreamToken[]): void {
    this.close()
    this.#out.push(...tokens({ choice: this.#start.choice, index: this.#number() }))
  }

  close(): void {
    if (this.#open === undefined) return
    this.#out.push({ type: `${this.#open}-end`, choice: this.#start.choice, index: this.#index })
    this.#open = undefined
  }

  /** The text has ended. `stays`: it is an empty one where it has become nothing. */
  end(token: TextEnd, stays: boolean): void {
    if (this.#open === 'reasoning') this.close()
    // What belongs to a text is given one.
    if ((this.none && stays) || this.#waiting.length > 0) this.openText()
    if (this.#open === 'text') this.#out.push(this.#here(token))
    else if (this.none) this.#numbers.none(token)
  }

  #here<T extends TextStart | TextDelta | TextEnd | OpaqueToken | CitationToken>(token: T): T {
    return token.index === this.#index ? token : { ...token, index: this.#index }
  }

  #attachAll(): void {
    for (const token of this.#waiting) this.#out.push(this.#here(token))
    this.#waiting = []
  }

  #number(): number {
    this.#blocks++
    return this.#numbers.take(this.#start, this.#blocks > 1)
  }
}
