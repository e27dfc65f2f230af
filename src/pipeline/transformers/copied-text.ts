// V8 copies a slice of fewer characters anyway.
const shortest = 13
const lump = 1024

/**
 * A text gathered piece by piece. Engines keep a slice of a long text as a reference into it, so a piece of twenty
 * letters would hold on to the 64 KiB chunk that it was read from; each is copied instead. Every 1024 characters what
 * has come is put together, so that what is kept is near the size of the text. (A sum costs 22 ns
 * a delta, and a list of pieces that is joined 36: the list would outlive collections, and each of its pieces with it.)
 */
export class CopiedText {
  readonly #lumps: string[] = []
  #sum = ''

  add(piece: string): void {
    // A character put before it and taken off again: there is no plainer way to ask for a copy.
    this.#sum += piece.length < shortest ? piece : ` ${piece}`.slice(1)
    if (this.#sum.length < lump) return
    // Engines note a sum as the tree of what was added, and write it down when one of its characters is asked for.
    this.#sum.charCodeAt(0)
    this.#lumps.push(this.#sum)
    this.#sum = ''
  }

  toString(): string {
    return this.#lumps.join('') + this.#sum
  }
}
