const replacement = '\uFFFD'

/**
 * UTF-8 that comes in pieces, to text: what `TextDecoder` with `stream: true` and `ignoreBOM: true` gives, by the
 * decoder of the WHATWG Encoding Standard (section 8.1.1). Five numbers of state; a `TextDecoder` for each stream would
 * hold a converter outside the heap, and a call of it costs more than a token has bytes.
 */
export class Utf8Stream {
  #code = 0
  #needed = 0
  #seen = 0
  #lower = 0x80
  #upper = 0xbf

  /** Whether a character has begun and is not complete. */
  get torn(): boolean {
    return this.#needed > 0
  }

  push(bytes: ArrayLike<number>): string {
    let text = ''
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (this.#needed > 0) {
        if (byte >= this.#lower && byte <= this.#upper) {
          this.#lower = 0x80
          this.#upper = 0xbf
          this.#code = (this.#code << 6) | (byte & 0x3f)
          if (++this.#seen === this.#needed) {
            text += String.fromCodePoint(this.#code)
            this.#needed = 0
          }
          continue
        }
        // The character ends here, and this byte begins the next one.
        text += this.end()
      }
      if (byte < 0x80) text += String.fromCharCode(byte)
      else text += this.#begin(byte)
    }
    return text
  }

  /** The input is complete, or goes on with another character: U+FFFD for one that is torn. */
  end(): string {
    if (this.#needed === 0) return ''
    this.#needed = 0
    this.#lower = 0x80
    this.#upper = 0xbf
    return replacement
  }

  #begin(byte: number): string {
    this.#seen = 0
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#needed = 1
      this.#code = byte & 0x1f
    } else if (byte >= 0xe0 && byte <= 0xef) {
      // Neither a longer form of a shorter character nor half of a surrogate pair.
      if (byte === 0xe0) this.#lower = 0xa0
      if (byte === 0xed) this.#upper = 0x9f
      this.#needed = 2
      this.#code = byte & 0x0f
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      // Nor a character above U+10FFFF.
      if (byte === 0xf0) this.#lower = 0x90
      if (byte === 0xf4) this.#upper = 0x8f
      this.#needed = 3
      this.#code = byte & 0x07
    } else return replacement
    return ''
  }
}
