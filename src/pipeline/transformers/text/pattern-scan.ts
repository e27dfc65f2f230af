import { SluiceError } from '../../../errors/index.ts'
import { CharacterSet } from './character-set.ts'
import type { Match, TextScan, TextWindow } from './scan.ts'

/** A regular expression that can be looked for in a text that comes in pieces. */
export interface PatternOptions {
  /** May look back over one character and forward within `longest`. Flags `g`, `y` and `d` do not matter. */
  pattern: RegExp
  /** The longest match in UTF-16 code units, what it looks ahead at included. As much, less one, may be held back. */
  longest: number
  /** A character that a match can begin with, e.g. `/\d/`. While there is none, nothing is held back. Default: any. */
  begins?: RegExp
  /** A character that a match can be made of. Whatever waits goes on at the first other one. Default: any. */
  within?: RegExp
  /** One character that every match has, such as the `@` of an address: text without it is not searched. */
  needs?: string
  /** Whether what the expression found is meant: a check digit, say. */
  accept?: (match: string) => boolean
}

/** The options, checked and compiled once for all streams. */
export class Pattern {
  readonly expression: RegExp
  readonly longest: number
  readonly begins: CharacterSet | undefined
  readonly within: CharacterSet | undefined
  readonly needs: number
  readonly accept: ((match: string) => boolean) | undefined

  /** @throws SluiceError `config_invalid` */
  constructor({ pattern, longest, begins, within, needs, accept }: PatternOptions) {
    if (!Number.isInteger(longest) || longest < 1 || longest > 65_536) {
      throw new SluiceError(
        'config_invalid',
        `cannot look for ${pattern}: \`longest\` is ${longest}; write the length of its longest match, 1 to 65536`,
      )
    }
    this.expression = new RegExp(pattern.source, `${pattern.flags.replace(/[gyd]/g, '')}g`)
    this.longest = longest
    this.begins = begins && new CharacterSet(begins)
    this.within = within && new CharacterSet(within)
    this.needs = needs === undefined ? -1 : needs.charCodeAt(0)
    this.accept = accept
  }
}

/**
 * Reads one text with a `Pattern`. The expression runs only over stretches that can hold a match: begun by `begins`,
 * unbroken in `within`, with `needs` in them; and when they are complete, so over each character about once. Where a
 * stretch is longer than `longest` it runs for each delta over the end of the stretch.
 */
export class PatternScan implements TextScan {
  readonly #pattern: Pattern
  readonly #number: number
  /** Where the stretch at the end of the text begins that a match could come out of; -1: there is none. */
  #from = -1
  /** Where `needs` was last seen. */
  #neededAt = -1
  /** Nothing more will be found that begins before this place. */
  #decided = 0

  constructor(pattern: Pattern, number: number) {
    this.#pattern = pattern
    this.#number = number
  }

  read(text: string, at: number, window: TextWindow, found: Match[]): number {
    const { longest } = this.#pattern
    const end = at + text.length
    let search = this.#follow(text, at)
    let limit = this.#from === -1 ? end : this.#from
    if (limit < end - longest + 1) {
      search ||= this.#hasNeeded(this.#from)
      // Nothing goes on in the middle of a character of two code units.
      limit = end - longest + 1
      if (isPair(window.slice(limit - 1, limit + 1))) limit--
      this.#from = limit
    }
    this.#settle(search, limit, end, window, found)
    return this.#decided
  }

  end(at: number, window: TextWindow, found: Match[]): void {
    this.#settle(this.#from !== -1 && this.#hasNeeded(this.#from), at, at, window, found)
    this.#from = -1
  }

  /** Moves `#from` on over a text. True when a stretch that may hold a match ended in it. */
  #follow(text: string, at: number): boolean {
    const { begins, within, needs } = this.#pattern
    if (!begins && !within && needs === -1) {
      if (this.#from === -1 && text !== '') this.#from = at
      return false
    }
    let ended = false
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (this.#from !== -1 && within && !within.has(unit)) {
        ended ||= this.#hasNeeded(this.#from)
        this.#from = -1
      }
      if (this.#from === -1 && (begins ?? within)?.has(unit) !== false) this.#from = at + i
      if (unit === needs) this.#neededAt = at + i
    }
    return ended
  }

  #hasNeeded(from: number): boolean {
    return this.#pattern.needs === -1 || this.#neededAt >= from
  }

  /** Decides all that begins before `limit`. */
  #settle(search: boolean, limit: number, end: number, window: TextWindow, found: Match[]): void {
    let decided = Math.max(limit, this.#decided)
    if (search && this.#decided < limit) {
      const first = Math.max(0, this.#decided - 1)
      const text = window.slice(first, end)
      const { expression } = this.#pattern
      expression.lastIndex = this.#decided - first
      for (;;) {
        const from = this.#next(text)
        if (from === -1 || first + from >= limit) break
        const to = expression.lastIndex
        found.push({ from: first + from, to: first + to, pattern: this.#number })
        decided = Math.max(limit, first + to)
      }
    }
    this.#decided = decided
    if (this.#from !== -1 && this.#from < decided) this.#from = decided < end ? decided : -1
  }

  /** The place of the next match, `lastIndex` being its end; -1: none. */
  #next(text: string): number {
    const { expression, longest, accept } = this.#pattern
    for (;;) {
      let match = expression.exec(text)
      if (!match) return -1
      const from = match.index
      if (match[0].length > longest) {
        // Longer than was said: in another cut of the text only so much of it would have been seen.
        expression.lastIndex = from
        match = expression.exec(text.slice(0, from + longest))
        if (match?.index !== from) match = null
      }
      if (match && match[0] !== '' && (!accept || accept(match[0]))) {
        // Streams share the expression, and `accept` may have used it.
        expression.lastIndex = from + match[0].length
        return from
      }
      // Not into the middle of a pair: with the flag `u` the engine would step back out of it, for ever.
      expression.lastIndex = from + (isPair(text.slice(from, from + 2)) ? 2 : 1)
    }
  }
}

function isPair(text: string): boolean {
  return text.length === 2 && text.codePointAt(0)! > 0xffff
}
