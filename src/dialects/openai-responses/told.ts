import { SluiceError } from '../../errors/index.ts'

/**
 * How much of a text has been told, and how its end reads. The whole text that comes at the end must go on from there;
 * to know that it does, the last delta is enough, and the text need not be kept.
 */
export class Told {
  length = 0
  #tail = ''

  add(piece: string): void {
    this.length += piece.length
    this.#tail = piece
  }

  /** What of `whole` is still to be told; undefined where it does not go on from what was told. */
  missing(whole: string): string | undefined {
    if (whole.length <= this.length) return ''
    return whole.startsWith(this.#tail, this.length - this.#tail.length) ? whole.slice(this.length) : undefined
  }
}

export function doesNotExtend(what: string): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the answer: the whole ${what} at its end does not go on from what was streamed of it`,
  )
}
