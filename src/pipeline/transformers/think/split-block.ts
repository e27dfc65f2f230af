import type { TextDelta, TextEnd } from '../../../tokens/index.ts'
import { type Found, HeldText } from '../text/held-text.ts'
import { LiteralScan } from '../text/literal-scan.ts'
import type { LiteralSet } from '../text/literal-set.ts'
import type { Pieces } from '../text/pieces.ts'
import type { SplitText } from '../text/split-texts.ts'

export interface SplitBlockOptions {
  /** Openings, then the closings in the same order. */
  set: LiteralSet
  anywhere: boolean
  opened: boolean
}

/** White space before a first tag. */
const longestLead = 64

/** One text block of a stream on its way to become reasoning and text. */
export class SplitBlock implements SplitText {
  readonly pieces: Pieces
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

  constructor(pieces: Pieces, options: SplitBlockOptions) {
    this.pieces = pieces
    this.#options = options
    this.#held = new HeldText([new LiteralScan(options.set)])
    this.#mode = options.opened ? 'reasoning' : 'lead'
    this.#trim = options.opened
  }

  get passes(): boolean {
    return this.#held === undefined && !this.#trim && this.pieces.same
  }

  push(delta: TextDelta): void {
    if (!this.#held || this.#held.push(delta)) this.#text(delta)
    else this.#segments(this.#held)
    // Where no tag can follow, nothing need be held.
    if (this.#mode === 'text' && !this.#options.anywhere) this.#release()
  }

  end(token: TextEnd): void {
    this.flush()
    // A text that was empty stays one; one that held nothing but tags does not.
    this.pieces.end(token, !this.#hadTag)
  }

  flush(): void {
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
      if (opening && !this.#hadTag && this.#tag === -1 && this.pieces.none) this.#tag = pattern
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
    this.pieces.close()
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
    if (this.#mode === 'reasoning') this.pieces.reasoning(textIn(rest))
    else this.pieces.text(rest)
  }

  #trimmed(segment: TextDelta | string): TextDelta | string | undefined {
    const text = textIn(segment)
    const rest = text.replace(/^[\r\n]+/, '')
    if (rest === '') return undefined
    this.#trim = false
    return rest.length === text.length ? segment : rest
  }
}

function textIn(segment: TextDelta | string): string {
  return typeof segment === 'string' ? segment : segment.text
}
