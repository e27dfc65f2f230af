import type { CitationToken, OpaqueToken, StreamToken, TextDelta, TextEnd, TextStart } from '../../../tokens/index.ts'
import { type Found, HeldText } from '../text/held-text.ts'
import { LiteralScan } from '../text/literal-scan.ts'
import type { LiteralSet } from '../text/literal-set.ts'
import type { BlockNumbers } from './block-numbers.ts'

export interface SplitBlockOptions {
  /** Openings, then the closings in the same order. */
  set: LiteralSet
  anywhere: boolean
  opened: boolean
  numbers: BlockNumbers
}

/** White space before a first tag. */
const longestLead = 64

/** One text block of a stream on its way to become reasoning and text. Each method gives what goes on. */
export class SplitBlock {
  readonly #start: TextStart
  readonly #options: SplitBlockOptions
  /** Undefined: all that follows is text. */
  #held: HeldText<TextDelta> | undefined
  #mode: 'lead' | 'text' | 'reasoning'
  /** Which tag is open; -1: one that was not written. */
  #tag = -1
  #hadTag = false
  /** White space that is text only if no tag follows. */
  #lead: Array<TextDelta | string> = []
  #leadLength = 0
  /** Line breaks behind a tag are left out. */
  #trim: boolean
  /** The number of the open block; -1: none is. A block opens when there is something to put into it. */
  #index = -1
  /** How many blocks, and text blocks, this one has become. */
  #blocks = 0
  #texts = 0
  /** What belongs to a text, while none is open. */
  #waiting: Array<OpaqueToken | CitationToken> = []
  #out: StreamToken[] = []

  constructor(start: TextStart, options: SplitBlockOptions) {
    this.#start = start
    this.#options = options
    this.#held = new HeldText([new LiteralScan(options.set)])
    this.#mode = options.opened ? 'reasoning' : 'lead'
    this.#trim = options.opened
  }

  /** Deltas go on as they are: no tag can come any more, and nothing has moved. */
  get passes(): boolean {
    return this.#held === undefined && !this.#trim && this.#index === this.#start.index && this.#mode === 'text'
  }

  push(delta: TextDelta): readonly StreamToken[] {
    if (!this.#held || this.#held.push(delta)) this.#text(delta)
    else this.#segments(this.#held)
    // Where no tag can follow, nothing need be held.
    if (this.#mode === 'text' && !this.#options.anywhere) this.#release()
    return this.#take()
  }

  attach(token: OpaqueToken | CitationToken): readonly StreamToken[] {
    this.#waiting.push(token)
    if (this.#mode === 'text' && this.#index !== -1) this.#attachAll()
    return this.#take()
  }

  end(token: TextEnd): readonly StreamToken[] {
    this.#rest()
    if (this.#mode === 'reasoning') this.#close()
    // A text that was empty stays one, and what belongs to a text is given one.
    const empty = this.#blocks === 0 && !this.#hadTag
    if (this.#index === -1 && (empty || this.#waiting.length > 0)) this.#openText()
    if (this.#index === token.index) this.#out.push(token)
    else if (this.#index !== -1) this.#out.push({ ...token, index: this.#index })
    if (this.#blocks === 0) this.#options.numbers.none(token)
    return this.#take()
  }

  /** The stream breaks: all that is held. */
  flush(): readonly StreamToken[] {
    this.#rest()
    return this.#take()
  }

  #take(): readonly StreamToken[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #rest(): void {
    this.#release()
    if (this.#mode === 'lead' && this.#lead.length > 0) this.#becomeText()
  }

  #release(): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    held.end()
    this.#segments(held)
  }

  #segments(held: HeldText<TextDelta>): void {
    for (const segment of held.take()) {
      if (typeof segment === 'string' || 'type' in segment) this.#text(segment)
      else this.#found(segment)
    }
  }

  #found({ pattern, text }: Found): void {
    const tags = this.#options.set.literals.length / 2
    const opening = pattern < tags
    if (this.#mode === 'reasoning') {
      // An opening that was taken as given may be written after all.
      if (opening && !this.#hadTag && this.#tag === -1 && this.#index === -1) this.#tag = pattern
      else if (!opening && (this.#tag === -1 || pattern === this.#tag + tags)) this.#switch('text')
      else this.#text(text)
    } else if (opening && (this.#mode === 'lead' || this.#options.anywhere)) {
      this.#lead = []
      this.#tag = pattern
      this.#switch('reasoning')
    } else {
      this.#text(text)
    }
  }

  #switch(mode: 'text' | 'reasoning'): void {
    this.#close()
    this.#mode = mode
    this.#hadTag = true
    this.#trim = true
  }

  #becomeText(): void {
    this.#mode = 'text'
    for (const segment of this.#lead) this.#text(segment)
    this.#lead = []
  }

  #text(segment: TextDelta | string): void {
    if (this.#mode === 'lead') {
      const text = textIn(segment)
      if (text === '' && (typeof segment === 'string' || !segment.logprobs)) return
      this.#lead.push(segment)
      this.#leadLength += text.length
      if (this.#leadLength > longestLead || text.trim() !== '') this.#becomeText()
      return
    }
    const rest = this.#trim ? this.#trimmed(segment) : segment
    if (rest === undefined) return
    const { choice } = this.#start
    if (this.#mode === 'reasoning') {
      if (this.#index === -1) {
        this.#index = this.#number()
        this.#out.push({ type: 'reasoning-start', choice, index: this.#index })
      }
      this.#out.push({ type: 'reasoning-delta', choice, index: this.#index, text: textIn(rest) })
      return
    }
    if (this.#index === -1) this.#openText()
    if (typeof rest === 'string') this.#out.push({ type: 'text-delta', choice, index: this.#index, text: rest })
    else this.#out.push(rest.index === this.#index ? rest : { ...rest, index: this.#index })
  }

  #trimmed(segment: TextDelta | string): TextDelta | string | undefined {
    const text = textIn(segment)
    const rest = text.replace(/^[\r\n]+/, '')
    if (rest === '') return undefined
    this.#trim = false
    return rest.length === text.length ? segment : rest
  }

  #openText(): void {
    const { choice, index } = this.#start
    this.#index = this.#number()
    // The id and what else is known about the block go with the first text.
    if (this.#texts > 0) this.#out.push({ type: 'text-start', choice, index: this.#index })
    else this.#out.push(this.#index === index ? this.#start : { ...this.#start, index: this.#index })
    this.#texts++
    this.#attachAll()
  }

  #attachAll(): void {
    for (const token of this.#waiting) {
      this.#out.push(token.index === this.#index ? token : { ...token, index: this.#index })
    }
    this.#waiting = []
  }

  #close(): void {
    if (this.#index === -1) return
    const { choice } = this.#start
    const type = this.#mode === 'reasoning' ? 'reasoning-end' : 'text-end'
    this.#out.push({ type, choice, index: this.#index })
    this.#index = -1
  }

  #number(): number {
    this.#blocks++
    return this.#options.numbers.take(this.#start, this.#blocks > 1)
  }
}

function textIn(segment: TextDelta | string): string {
  return typeof segment === 'string' ? segment : segment.text
}
