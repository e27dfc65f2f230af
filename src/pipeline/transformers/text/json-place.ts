const quote = 0x22
const backslash = 0x5c

/** Whether the end of a JSON text that comes in pieces is inside a string. */
export class JsonPlace {
  #escaped = false
  inString = false

  read(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (this.#escaped) this.#escaped = false
      else if (unit === quote) this.inString = !this.inString
      else if (unit === backslash) this.#escaped = this.inString
    }
  }

  /**
   * What stands for `removed`, so that a JSON text stays one: escaped inside a string, `0` for a number, and with the
   * quotation mark or the backslash that was taken away. No mark: only these.
   */
  write(removed: string, mark?: string): string {
    const { inString: before } = this
    const opening = this.#escaped ? '\\' : ''
    this.read(removed)
    if (mark !== undefined && !before && !this.inString && /^[\d.eE+-]+$/.test(removed)) return '0'
    const written = JSON.stringify(mark ?? '').slice(1, -1)
    if (!before) return this.inString ? `"${written}` : written
    return `${opening}${written}${this.inString ? (this.#escaped ? '\\' : '') : '"'}`
  }
}
