import type { UpstreamSide } from '../../dialects/index.ts'
import { type Emit, Pieces } from '../../flow/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { ChunkReader } from '../chunk-reader.ts'

/** In bytes: as much of an explanation as anybody reads. */
const limit = 256 * 1024

/** The body of an answer with an error status: one error token, in the words of the dialect. */
export class RefusalReader implements ChunkReader<Uint8Array> {
  /** The status is the answer: where the explanation breaks off, what came of it is enough. */
  readonly finished = true
  readonly #side: UpstreamSide
  readonly #status: number
  readonly #pieces = new Pieces()

  constructor(side: UpstreamSide, status: number) {
    this.#side = side
    this.#status = status
  }

  get done(): boolean {
    return this.#pieces.length >= limit
  }

  push(bytes: Uint8Array): void {
    // A copy: the caller may use its bytes again for the next chunk. No `slice`: that of a Node Buffer is a view.
    if (!this.done) this.#pieces.push(new Uint8Array(bytes))
  }

  end(emit: Emit<StreamToken>): void {
    const text = new TextDecoder().decode(this.#pieces.whole().subarray(0, limit))
    emit({ type: 'error', error: this.#side.decodeError(this.#status, text) })
  }
}
