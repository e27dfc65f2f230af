import type { BackpressureController } from './backpressure.ts'
import type { PieceSource } from './http/body-source.ts'

/**
 * Reads a source ahead of those who take from it, as far as a `BackpressureController` has room: a provider is not kept
 * waiting by a reader that is slow for a moment. It begins with the first read, and closes the controller at the end.
 */
export class ReadAhead<Piece> implements PieceSource<Piece> {
  readonly #source: PieceSource<Piece>
  readonly #control: BackpressureController
  readonly #sizeOf: (piece: Piece) => number
  #queue: Piece[] = []
  /** The first that has not been taken: to shift a long queue costs its length. */
  #head = 0
  #started = false
  #over = false
  #failure: { error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(source: PieceSource<Piece>, control: BackpressureController, sizeOf: (piece: Piece) => number) {
    this.#source = source
    this.#control = control
    this.#sizeOf = sizeOf
  }

  async read(): Promise<Piece | undefined> {
    if (!this.#started) {
      this.#started = true
      void this.#pump()
    }
    if (this.#head === this.#queue.length && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#head < this.#queue.length) return this.#take()
    this.#control.close()
    if (this.#failure) throw this.#failure.error
    return undefined
  }

  cancel(): void {
    this.#over = true
    this.#queue = []
    this.#head = 0
    this.#control.close()
    this.#source.cancel()
    this.#wake?.()
  }

  #take(): Piece {
    const piece = this.#queue[this.#head++]!
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head === 1024) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    this.#control.removed(this.#sizeOf(piece))
    return piece
  }

  /** Never rejects. */
  async #pump(): Promise<void> {
    try {
      while (!this.#over) {
        const piece = await this.#source.read()
        if (piece === undefined || this.#over) break
        await this.#control.acquire(this.#sizeOf(piece))
        if (this.#over) break
        this.#queue.push(piece)
        this.#wake?.()
      }
    } catch (error) {
      if (!this.#over) this.#failure = { error }
    }
    this.#over = true
    this.#wake?.()
  }
}
