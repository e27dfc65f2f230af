const quote = 0x22
const backslash = 0x5c

/**
 * Whether a JSON object that comes in fragments is whole: its first brace is closed and only white space follows.
 * Fragments are looked at when somebody asks, and each character once, so that asking often costs nothing more.
 */
export class ObjectScan {
  readonly #fragments: readonly string[]
  #next = 0
  #depth = 0
  #inString = false
  #escaped = false
  #closed = false
  #broken = false

  /** @param fragments may grow behind what has been looked at */
  constructor(fragments: readonly string[]) {
    this.#fragments = fragments
  }

  isWhole(): boolean {
    for (; this.#next < this.#fragments.length && !this.#broken; this.#next++) this.#scan(this.#fragments[this.#next]!)
    return this.#closed && !this.#broken
  }

  #scan(fragment: string): void {
    for (let at = 0; at < fragment.length; at++) {
      const code = fragment.charCodeAt(at)
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (code === backslash) this.#escaped = true
        else if (code === quote) this.#inString = false
      } else if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
        // Stands anywhere.
      } else if (this.#closed || (this.#depth === 0 && code !== 0x7b)) {
        this.#broken = true
        return
      } else if (code === quote) {
        this.#inString = true
      } else if (code === 0x7b || code === 0x5b) {
        this.#depth++
      } else if (code === 0x7d || code === 0x5d) {
        this.#depth--
        this.#closed = this.#depth === 0
      }
    }
  }
}
