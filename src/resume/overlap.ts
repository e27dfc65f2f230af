/**
 * Cuts from the beginning of a text what another text has ended with: models that are told to go on like to begin with
 * the last words once more. Holds back only while what has come may still be such a repetition.
 */
export class Overlap {
  /** The end of what was said, as far as a repetition is looked for. */
  readonly #tail: string
  /** White space that the text ended with, and that was not sent along. */
  #space: string
  #held = ''
  #over = false

  /** @param words whether words may be repeated, or white space alone. Default true */
  constructor(said: string, { words = true }: { words?: boolean } = {}) {
    this.#tail = words ? said.slice(-longest) : ''
    this.#space = said.slice(said.trimEnd().length)
  }

  /** What of the text may go on. */
  push(text: string): string {
    if (this.#over) return text
    this.#held += text
    return this.#mayRepeat() ? '' : this.flush()
  }

  /** What was held, without what it repeats. */
  flush(): string {
    if (this.#over) return ''
    this.#over = true
    const held = this.#held
    const repeated = this.#repeated()
    if (repeated > 0) return held.slice(repeated)
    // White space that both sides have at the seam was meant once.
    let same = 0
    while (same < this.#space.length && same < held.length && held[same] === this.#space[same]) same++
    return held.slice(same)
  }

  /** Everything that has come stands in the end of what was said, and more of it could follow. */
  #mayRepeat(): boolean {
    if (this.#held.length >= longest) return false
    if (this.#space.startsWith(this.#held)) return true
    for (let at = this.#tail.indexOf(this.#held); at !== -1; at = this.#tail.indexOf(this.#held, at + 1)) {
      if (at + this.#held.length < this.#tail.length || this.#held.length < shortest) return true
    }
    return false
  }

  /** How much of the beginning is the end of what was said. Short matches are chance. */
  #repeated(): number {
    const most = Math.min(this.#held.length, this.#tail.length)
    for (let length = most; length >= shortest; length--) {
      const repeated = this.#held.slice(0, length)
      if (this.#tail.endsWith(repeated)) return isPattern(repeated) ? 0 : length
    }
    return 0
  }
}

/** A text of one short piece, over and over, such as the line of a table: more of it is as likely as the same of it. */
function isPattern(text: string): boolean {
  for (let period = 1; period <= longestPeriod && period * 3 <= text.length; period++) {
    if (text.startsWith(text.slice(period))) return true
  }
  return false
}

const longestPeriod = 12

const longest = 400
const shortest = 16
