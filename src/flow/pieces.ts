/**
 * Bytes that come in pieces and are wanted whole. A piece costs a hundred bytes or more beside its own, so that a body
 * sent a byte at a time would take a hundred times its size. Many small pieces are therefore joined on the way: each
 * byte is copied some 64 times at worst, and never where pieces are of the usual size.
 */
export class Pieces {
  #pieces: Uint8Array[] = []
  /** In bytes. */
  length = 0

  push(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.length += piece.length
    const count = this.#pieces.length
    if (count > 1024 && count * smallest > this.length) this.#pieces = [this.whole()]
  }

  /** How many pieces are kept. */
  get count(): number {
    return this.#pieces.length
  }

  /** All of it in one piece. */
  whole(): Uint8Array {
    const [first] = this.#pieces
    if (first && this.#pieces.length === 1) return first
    const whole = new Uint8Array(this.length)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#pieces = [whole]
    return whole
  }

  /** Gives the pieces away. */
  take(): Uint8Array[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.length = 0
    return pieces
  }
}

/** In bytes: pieces that are smaller on average are too small to be kept apart. */
const smallest = 64
