import type { PieceSource } from './http/body-source.ts'

/**
 * A source whose read can be given up: `cancel` closes the source and ends the read that is waited for at once, whatever
 * the source makes of it (an async generator hears of it only when it gives its next piece).
 *
 * It costs a promise for each piece. A race against one promise for all of them would keep every read alive until the
 * end of the stream.
 */
export class Interruptible<Piece> implements PieceSource<Piece> {
  readonly #source: PieceSource<Piece>
  #over = false
  #end: (() => void) | undefined

  constructor(source: PieceSource<Piece>) {
    this.#source = source
  }

  read(): Promise<Piece | undefined> {
    if (this.#over) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      this.#end = () => resolve(undefined)
      this.#source.read().then(
        (piece) => {
          if (piece === undefined) this.#over = true
          resolve(piece)
        },
        (error) => {
          // A source that broke may still hold something.
          this.cancel()
          reject(error)
        },
      )
    })
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#source.cancel()
  }

  /** As `cancel`, and nobody waits any more. */
  interrupt(): void {
    this.cancel()
    this.#end?.()
  }
}
