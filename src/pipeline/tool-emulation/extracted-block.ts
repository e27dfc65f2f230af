import type { CitationToken, OpaqueToken, StreamToken, TextDelta, TextEnd, TextStart } from '../../tokens/index.ts'
import { HeldText } from '../transformers/text/held-text.ts'
import type { BlockNumbers } from '../transformers/think/block-numbers.ts'
import { CallScan, type CallScanOptions, callsFound } from './call-scan.ts'
import type { FoundCall } from './offered-tool.ts'

export interface ExtractedBlockOptions extends CallScanOptions {
  numbers: BlockNumbers
  /** The id that a call gets, or undefined where it may not be made. */
  admit: (call: FoundCall) => string | undefined
}

/** One text block of a stream on its way to become texts and calls. Each method gives what goes on. */
export class ExtractedBlock {
  readonly #start: TextStart
  readonly #options: ExtractedBlockOptions
  readonly #scan: CallScan
  readonly #held: HeldText<TextDelta>
  /** The number of the open text; -1: none is. A text opens when there is something to put into it. */
  #index = -1
  /** How many blocks, and texts, this one has become. */
  #blocks = 0
  #texts = 0
  /** What belongs to a text, while none is open. */
  #waiting: Array<OpaqueToken | CitationToken> = []
  /** Empty pieces at the beginning, which some servers send: a text has to follow before they are one. */
  #empty: TextDelta[] = []
  #out: StreamToken[] = []

  constructor(start: TextStart, options: ExtractedBlockOptions) {
    this.#start = start
    this.#options = options
    this.#scan = new CallScan(options)
    this.#held = new HeldText([this.#scan])
  }

  /** Part of a call has come. */
  get holding(): boolean {
    return this.#scan.inSection
  }

  push(delta: TextDelta): readonly StreamToken[] {
    if (this.#held.push(delta)) this.#text(delta)
    else this.#segments()
    return this.#take()
  }

  attach(token: OpaqueToken | CitationToken): readonly StreamToken[] {
    this.#waiting.push(token)
    if (this.#index !== -1) this.#attachAll()
    return this.#take()
  }

  end(token: TextEnd): readonly StreamToken[] {
    this.#rest()
    // A text that was empty stays one, and what belongs to a text is given one.
    if (this.#index === -1 && (this.#blocks === 0 || this.#waiting.length > 0)) this.#openText()
    if (this.#index === token.index) this.#out.push(token)
    else if (this.#index !== -1) this.#out.push({ ...token, index: this.#index })
    return this.#take()
  }

  /** The stream breaks: all that is held. */
  flush(): readonly StreamToken[] {
    this.#rest()
    return this.#take()
  }

  #rest(): void {
    this.#held.end()
    this.#segments()
  }

  #take(): readonly StreamToken[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #segments(): void {
    for (const segment of this.#held.take()) {
      if (typeof segment === 'string' || 'type' in segment) this.#text(segment)
      else if (segment.pattern === callsFound) for (const call of this.#scan.take()) this.#call(call)
    }
  }

  #call(call: FoundCall): void {
    const id = this.#options.admit(call)
    if (id === undefined) return
    const { choice } = this.#start
    if (this.#index !== -1) this.#out.push({ type: 'text-end', choice, index: this.#index })
    this.#index = -1
    const index = this.#number()
    this.#out.push({ type: 'tool-call-start', choice, index, id, name: call.name, kind: call.kind })
    if (call.arguments !== '') this.#out.push({ type: 'tool-call-delta', choice, index, arguments: call.arguments })
    this.#out.push({ type: 'tool-call-end', choice, index })
  }

  #text(segment: TextDelta | string): void {
    const text = typeof segment === 'string' ? segment : segment.text
    if (text === '' && this.#index === -1) {
      if (this.#blocks === 0 && typeof segment !== 'string') this.#empty.push(segment)
      return
    }
    if (this.#index === -1) this.#openText()
    const { choice } = this.#start
    if (typeof segment === 'string') this.#out.push({ type: 'text-delta', choice, index: this.#index, text })
    else this.#out.push(this.#here(segment))
  }

  #here<T extends TextDelta | OpaqueToken | CitationToken>(token: T): T {
    return token.index === this.#index ? token : { ...token, index: this.#index }
  }

  #openText(): void {
    const { choice, index } = this.#start
    this.#index = this.#number()
    // The id and what else is known about the block go with the first text.
    if (this.#texts > 0) this.#out.push({ type: 'text-start', choice, index: this.#index })
    else this.#out.push(this.#index === index ? this.#start : { ...this.#start, index: this.#index })
    this.#texts++
    this.#attachAll()
    if (this.#blocks === 1) this.#out.push(...this.#empty.map((delta) => this.#here(delta)))
    this.#empty = []
  }

  #attachAll(): void {
    for (const token of this.#waiting) this.#out.push(this.#here(token))
    this.#waiting = []
  }

  #number(): number {
    this.#blocks++
    return this.#options.numbers.take(this.#start, this.#blocks > 1)
  }
}
