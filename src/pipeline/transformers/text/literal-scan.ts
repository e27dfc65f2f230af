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

  constructor(set: LiteralSet) {
    this.#set = set
  }

  read(text: string, at: number, window: TextWindow, found: Match[]): number {
    const end = at + text.length
    if (this.#row !== 0) this.#run(text, 0, at, window, found)
    else {
      const from = this.#beginning(text)
      if (from === text.length) return end
      this.#run(text, from, at, window, found)
    }
    const row = this.#row
    return row === 0 ? end : end - this.#set.depths[row / this.#set.width]!
  }

  end(at: number, window: TextWindow, found: Match[]): void {
    while (this.#candidateTo !== -1) {
      const to = this.#candidateTo
      this.#settle(found)
      this.#run(window.slice(to, at), 0, to, window, found)
    }
    this.#row = 0
  }

  /** Where a literal may begin: in most pieces nowhere, and that is seen in half the time that following states takes. */
  #beginning(text: string): number {
    const { first } = this.#set
    const used = first.length
    let i = 0
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < used && first[unit] !== 0) break
    }
    return i
  }

  #run(text: string, from: number, at: number, window: TextWindow, found: Match[]): void {
    const { columns, first, table, width, ends } = this.#set
    const used = columns.length
    const meaning = width - 1
    let row = this.#row
    for (let i = from; i < text.length; i++) {
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
      this.#run(window.slice(to, at), 0, to, window, found)
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
