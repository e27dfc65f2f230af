/**
 * A reading that pauses wherever the text has come to its end for now, and goes on with the next piece. A generator
 * costs something only where it pauses: once for each piece of a call, and never for text without one.
 */
export type Reading<T> = Generator<undefined, T, undefined>

const quote = 0x22
const backslash = 0x5c
const longestWord = 256

/** Where a reading stands in a text that comes in pieces. Each character is read once. */
export class SectionCursor {
  #piece = ''
  #at = 0
  /** What was read of a literal that then went on otherwise: it may be the beginning of something else. */
  partial = ''

  /** How far the piece has been read. */
  get at(): number {
    return this.#at
  }

  give(piece: string, at: number): void {
    this.#piece = piece
    this.#at = at
  }

  /** The next character, which stays. */
  *peek(): Reading<string> {
    while (this.#at === this.#piece.length) yield
    return this.#piece[this.#at]!
  }

  *space(): Reading<void> {
    for (;;) {
      if (this.#at === this.#piece.length) yield
      else if (isSpace(this.#piece.charCodeAt(this.#at))) this.#at++
      else return
    }
  }

  /** One of some literals, of which none is the beginning of another; undefined where none stands here. */
  *oneOf<L extends string>(literals: readonly L[]): Reading<L | undefined> {
    let read = ''
    for (;;) {
      if (this.#at === this.#piece.length) {
        yield
        continue
      }
      const next = read + this.#piece[this.#at]
      const fits = literals.filter((literal) => literal.startsWith(next))
      if (fits.length === 0) {
        this.partial = read
        return undefined
      }
      this.#at++
      read = next
      if (fits[0] === read) return fits[0]
    }
  }

  /** A name; empty where none stands here, or one that is too long to be one. */
  *word(): Reading<string> {
    let word = ''
    for (;;) {
      if (this.#at === this.#piece.length) {
        yield
        continue
      }
      const char = this.#piece[this.#at]!
      if (!/[\w.:/-]/.test(char)) return word
      this.#at++
      word += char
      if (word.length > longestWord) return ''
    }
  }

  /** What stands before a literal whose first character it has only once. The literal is read, too. */
  *until(literal: string): Reading<string> {
    const pieces: string[] = []
    let matched = 0
    let from = this.#at
    for (;;) {
      if (this.#at === this.#piece.length) {
        pieces.push(this.#piece.slice(from))
        yield
        from = this.#at
        continue
      }
      const char = this.#piece[this.#at++]!
      if (char === literal[matched]) matched++
      else matched = char === literal[0] ? 1 : 0
      if (matched < literal.length) continue
      pieces.push(this.#piece.slice(from, this.#at))
      return pieces.join('').slice(0, -literal.length)
    }
  }

  /**
   * A JSON object or list, from its first bracket to the last. That it is JSON is not said by this, only that it may be:
   * undefined at the first character that cannot stand there.
   */
  *json(): Reading<string | undefined> {
    const pieces: string[] = []
    let from = this.#at
    let depth = 0
    let inString = false
    let escaped = false
    for (;;) {
      if (this.#at === this.#piece.length) {
        pieces.push(this.#piece.slice(from))
        yield
        from = this.#at
        continue
      }
      const code = this.#piece.charCodeAt(this.#at)
      if (inString) {
        if (escaped) escaped = false
        else if (code === backslash) escaped = true
        else if (code === quote) inString = false
      } else if (code === quote) inString = true
      else if (code === 0x7b || code === 0x5b) depth++
      else if (code === 0x7d || code === 0x5d) depth--
      else if (!standsInJson(code)) return undefined
      this.#at++
      if (depth > 0) continue
      pieces.push(this.#piece.slice(from, this.#at))
      return pieces.join('')
    }
  }
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** Outside of strings, beside brackets. */
function standsInJson(code: number): boolean {
  if (isSpace(code) || code === 0x2c || code === 0x3a) return true
  const isDigit = code >= 0x30 && code <= 0x39
  const isLetter = (code >= 0x61 && code <= 0x7a) || code === 0x45
  return isDigit || isLetter || code === 0x2b || code === 0x2d || code === 0x2e
}
