import { dead, final, type LiteralSet } from './literal-set.ts'
import type { Match, TextScan, TextWindow } from './scan.ts'

/**
 * Reads one text with a `LiteralSet`. It keeps a state, not the text: every character is read once, and again only
 * behind a match for which a longer one was awaited in vain.
 */
export class LiteralScan implements TextScan {
  readonly #set: LiteralSet
  #row = 0
  /** The end of a match that a longer one may still replace, or -1. */
  #candidateTo = -1
  #candidate = -1
  decided = 0

  constructor(set: LiteralSet) {
    this.#set = set
  }

  read(text: string, at: number, window: TextWindow, found: Match[]): void {
    if (this.#row === 0 && this.#beginsNothing(text)) {
      this.decided = at + text.length
      return
    }
    this.#run(text, at, window, found)
    const row = this.#row
    this.decided = at + text.length - (row === 0 ? 0 : this.#set.depths[row / this.#set.width]!)
  }

  end(at: number, window: TextWindow, found: Match[]): void {
    while (this.#candidateTo !== -1) {
      const to = this.#candidateTo
      this.#settle(found)
      this.#run(window.slice(to, at), to, window, found)
    }
    this.#row = 0
    this.decided = at
  }

  /** Most pieces of most texts: seen in half the time that it takes to follow states. */
  #beginsNothing(text: string): boolean {
    const { first } = this.#set
    const used = first.length
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < used && first[unit] !== 0) return false
    }
    return true
  }

  #run(text: string, at: number, window: TextWindow, found: Match[]): void {
    const { columns, first, table, width, ends } = this.#set
    const used = columns.length
    const meaning = width - 1
    let row = this.#row
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= used) row = table[row]!
      else row = row === 0 ? first[unit]! : table[row + columns[unit]!]!
      if (row >= 0) continue
      row = ~row
      const means = table[row + meaning]
      if (means !== dead) {
        this.#candidate = ends[row / width]!
        this.#candidateTo = at + i + 1
        if (means !== final) continue
        this.#settle(found)
        row = 0
        continue
      }
      // The candidate is the match, and what has been read behind it is read again.
      const to = this.#candidateTo
      this.#settle(found)
      row = 0
      if (to >= at) {
        i = to - at - 1
        continue
      }
      this.#run(window.slice(to, at), to, window, found)
      row = this.#row
      i = -1
    }
    this.#row = row
  }

  #settle(found: Match[]): void {
    const to = this.#candidateTo
    found.push({ from: to - this.#set.literals[this.#candidate]!.length, to, pattern: this.#candidate })
    this.#candidateTo = -1
    this.#row = 0
  }
}
