import type { DecodeOptions, UpstreamSide } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { ChunkReader } from '../chunk-reader.ts'
import { TokenReader } from '../token-reader.ts'
import { EventReader, type EventReaderOptions } from './event-reader.ts'

/** The body of a good answer to tokens, whatever form it has: a stream in any framing, or one whole reply. */
export class AnswerReader implements ChunkReader<Uint8Array> {
  readonly #side: UpstreamSide
  readonly #decode: DecodeOptions
  readonly #events: EventReader
  readonly #tokens: TokenReader

  constructor(side: UpstreamSide, decode: DecodeOptions, options: EventReaderOptions) {
    this.#side = side
    this.#decode = decode
    this.#events = new EventReader(options)
    this.#tokens = new TokenReader(this.#events, side.decodeStream(decode))
  }

  get finished(): boolean {
    return this.#tokens.finished
  }

  get done(): boolean {
    return this.#tokens.done
  }

  push(bytes: Uint8Array, emit: Emit<StreamToken>): void {
    this.#tokens.push(bytes, emit)
  }

  /** @throws SluiceError of a whole reply: `upstream_protocol`, or the error that it says */
  end(emit: Emit<StreamToken>): void {
    const text = this.#events.whole
    if (text === undefined) this.#tokens.end(emit)
    else for (const token of this.#side.decodeReply(readObject(text), this.#decode)) emit(token)
  }
}

function readObject(text: string): JsonObject {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new SluiceError('upstream_truncated', 'cannot read the answer: it begins like JSON but is cut or damaged', {
      cause,
    })
  }
  if (isJsonObject(json)) return json
  throw new SluiceError('upstream_protocol', 'cannot read the answer: it is JSON, but no object')
}
