// V8 copies a slice of fewer characters anyway.
const shortest = 13
const lump = 1024

/**
 * A text gathered piece by piece. Engines keep a slice of a long text as a reference into it, so a piece of twenty
 * letters would hold on to the 64 KiB chunk that it was read from; each is copied instead. Pieces are joined into lumps
 * of 1024 as they come, so that what is kept is near the size of the text.
 */
export class CopiedText {
  readonly #lumps: string[] = []
  #pieces: string[] = []

  add(piece: string): void {
    // A character put before it and taken off again: there is no plainer way to ask for a copy.
    this.#pieces.push(piece.length < shortest ? piece : ` ${piece}`.slice(1))
    if (this.#pieces.length < lump) return
    this.#lumps.push(this.#pieces.join(''))
    this.#pieces = []
  }

  toString(): string {
    return this.#lumps.join('') + this.#pieces.join('')
  }
}
