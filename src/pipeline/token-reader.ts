import type { StreamDecoder } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Emit, Stage } from '../flow/index.ts'
import type { SseEvent } from '../sse/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { isWholeData } from './whole-data.ts'

/**
 * Bytes to tokens: a framing and the decoder of a dialect, with the rules for the end of a stream. What stands behind
 * the end marker or an error is no part of the answer, even in the same read; a last event whose blank line is missing
 * counts when it is whole.
 *
 * The inner emit is made once and reads its target from a field: a closure for each read would be one for each token
 * where every token comes alone.
 */
export class TokenReader implements ChunkReader<Uint8Array> {
  readonly #framing: Stage<Uint8Array, SseEvent>
  readonly #decoder: StreamDecoder
  #emit: Emit<StreamToken> = ignore

  constructor(framing: Stage<Uint8Array, SseEvent>, decoder: StreamDecoder) {
    this.#framing = framing
    this.#decoder = decoder
  }

  /** Every choice has its finish reason: a line that breaks from here on has lost nothing but the end marker. */
  get finished(): boolean {
    return this.#decoder.finished
  }

  /** The end marker or an error was seen. */
  get done(): boolean {
    return this.#decoder.done
  }

  /** @throws SluiceError of the framing: `event_too_large`, `upstream_protocol` */
  push(bytes: Uint8Array, emit: Emit<StreamToken>): void {
    if (this.#decoder.done) return
    this.#emit = emit
    try {
      this.#framing.push(bytes, this.#event)
    } catch (error) {
      if (!this.#decoder.done) throw error
    }
  }

  /** The body is complete. A stream without its end gives an error token, `upstream_truncated`. */
  end(emit: Emit<StreamToken>): void {
    this.#emit = emit
    if (!this.#decoder.done) this.#tail()
    this.#decoder.end?.(emit)
  }

  #tail(): void {
    try {
      this.#framing.end?.((event) => {
        if (isWholeData(event.data)) this.#event(event)
      })
    } catch (error) {
      // Behind the finish a torn message has taken nothing of the answer along.
      if (!this.#decoder.finished || !SluiceError.is(error) || error.code !== 'upstream_truncated') throw error
    }
  }

  readonly #event = (event: SseEvent): void => this.#decoder.push(event, this.#emit)
}

function ignore(): void {}
