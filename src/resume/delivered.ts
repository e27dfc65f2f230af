import { mergeUsage, type StreamToken, type Usage } from '../tokens/index.ts'

/** A block that has been opened towards the client and not closed. */
export interface OpenBlock {
  kind: 'text' | 'reasoning' | 'tool-call' | 'hosted-call' | 'media'
  index: number
}

export interface DeliveredOptions {
  /** More text than this is not gone on from, in UTF-16 code units. Default 256 Ki. */
  mostText?: number
}

/**
 * What the client has been given of an answer: as much as another model has to know to go on from there. It is shown
 * every token that goes to the encoder, and holds the text alone.
 */
export class Delivered {
  readonly #mostText: number
  readonly #pieces: string[] = []
  #length = 0
  #open: OpenBlock | undefined
  #next = 0
  #hindrance: string | undefined
  #signed = false
  #usage: Usage | undefined
  /** Whoever goes on was given it as the beginning of an answer, and repeats nothing of it. */
  prefilled = false

  constructor({ mostText = 256 * 1024 }: DeliveredOptions = {}) {
    this.#mostText = mostText
  }

  push(token: StreamToken): void {
    if ('choice' in token && token.choice !== undefined && token.choice > 0) this.#hindrance = 'it has several choices'
    switch (token.type) {
      case 'text-delta':
        this.#length += token.text.length
        if (this.#length <= this.#mostText) this.#pieces.push(token.text)
        else this.#hindrance = 'its text is too long to be sent along'
        return
      case 'text-start':
        if (token.refusal) this.#hindrance = 'it is a refusal'
        this.#begin('text', token.index)
        return
      case 'reasoning-start':
        this.#begin('reasoning', token.index)
        return
      case 'opaque':
        if (this.#open?.kind === 'reasoning') this.#signed = true
        return
      case 'tool-call-start':
        this.#hindrance = 'it had called a tool'
        this.#begin('tool-call', token.index)
        return
      case 'hosted-call-start':
        this.#hindrance = 'a tool of its provider was at work'
        this.#begin('hosted-call', token.index)
        return
      case 'hosted-result':
        this.#hindrance = 'a tool of its provider was at work'
        this.#next = Math.max(this.#next, token.index + 1)
        return
      case 'media-start':
        this.#hindrance = 'it had come to sounds or pictures'
        this.#begin('media', token.index)
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
        if (this.#open?.index === token.index) this.#open = undefined
        return
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'finish':
        this.#hindrance = 'it was complete'
        return
    }
  }

  /** What the answer says so far, without its reasoning. */
  get text(): string {
    return this.#pieces.join('')
  }

  /** The block that is open; of several the latest. */
  get open(): OpenBlock | undefined {
    return this.#open
  }

  /** The first index that no block has had. */
  get nextIndex(): number {
    return this.#next
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  /** Why nobody can go on from here, in words that follow "the answer cannot be gone on with:"; undefined: they can. */
  hindrance(signsReasoning: boolean): string | undefined {
    if (this.#hindrance !== undefined) return this.#hindrance
    // What was begun under one vendor's seal no other one can complete.
    if (this.#open?.kind === 'reasoning' && (this.#signed || signsReasoning))
      return 'it was in the middle of its reasoning'
    return undefined
  }

  #begin(kind: OpenBlock['kind'], index: number): void {
    this.#open = { kind, index }
    this.#signed = false
    this.#next = Math.max(this.#next, index + 1)
  }
}
