/**
 * The bytes of something that is not whole yet. They lie in a buffer that doubles when it is full, up to a block of
 * 64 KB, and from there on in blocks that are put together at the end: however small the pieces are in which it comes,
 * each byte is copied about twice, and one piece costs no object. (To go on doubling would cost more the larger it gets:
 * memory in very large parts comes fresh from the system, and is slow when it is first touched.)
 */
export class HeldBytes {
  #buffer = nothing
  /** Of `#buffer`, in bytes. */
  #used = 0
  /** Full blocks that stand before the buffer. */
  #blocks: Uint8Array[] | undefined
  /** In bytes. */
  length = 0

  /** Copies: the piece belongs to whoever brought it. */
  push(piece: Uint8Array): void {
    if (this.#used + piece.length > this.#buffer.length) this.#grow(piece.length)
    const from = this.#used
    // A call of `set` costs more than a few bytes by hand.
    if (piece.length > 16) this.#buffer.set(piece, from)
    else for (let i = 0; i < piece.length; i++) this.#buffer[from + i] = piece[i]!
    this.#used += piece.length
    this.length += piece.length
  }

  /** All of it, given away; good until the next `push`. A buffer that once held much is not kept for the next. */
  take(): Uint8Array {
    let whole = this.#buffer.subarray(0, this.#used)
    if (this.#blocks !== undefined) {
      this.#blocks.push(whole)
      whole = new Uint8Array(this.length)
      let at = 0
      for (const part of this.#blocks) {
        whole.set(part, at)
        at += part.length
      }
    }
    this.clear()
    return whole
  }

  clear(): void {
    this.length = 0
    this.#used = 0
    this.#blocks = undefined
    if (this.#buffer.length > keep) this.#buffer = nothing
  }

  /** Makes room for a piece. */
  #grow(size: number): void {
    const full = this.#buffer.subarray(0, this.#used)
    if (this.#used + size <= block) {
      this.#buffer = new Uint8Array(Math.max(this.#used + size, this.#buffer.length * 2, 256))
      this.#buffer.set(full)
      return
    }
    this.#blocks ??= []
    this.#blocks.push(full)
    this.#buffer = new Uint8Array(Math.max(size, block))
    this.#used = 0
  }
}

/** In bytes. With what stands around it a stream that waits for its next byte holds less than 12 KB. */
const keep = 8 * 1024
/** In bytes. */
const block = 64 * 1024

const nothing: Uint8Array<ArrayBuffer> = new Uint8Array(0)
