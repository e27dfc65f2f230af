import { SluiceError } from '../errors/index.ts'
import { Pieces } from '../flow/index.ts'
import type { JsonObject } from '../tokens/index.ts'

/** The pieces of a body that is read whole, up to a limit. */
export class WholeBody {
  readonly #limit: number
  readonly #pieces = new Pieces()

  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  /** @throws SluiceError `event_too_large` */
  push(chunk: Uint8Array): void {
    if (this.#pieces.length + chunk.length > this.#limit) {
      throw new SluiceError(
        'event_too_large',
        `cannot read the answer of the provider: it is larger than ${this.#limit} bytes; raise [streaming] max_event if that is right`,
      )
    }
    this.#pieces.push(chunk)
  }

  bytes(): Uint8Array {
    return this.#pieces.whole()
  }
}

/** The body of a refusal: as much as an explanation needs, and never an error of its own. */
export class RefusalBody {
  readonly #pieces = new Pieces()

  push(chunk: Uint8Array): void {
    this.#pieces.push(chunk)
  }

  /** What still comes is not wanted. */
  get isFull(): boolean {
    return this.#pieces.length >= refusalLimit
  }

  text(): string {
    return new TextDecoder().decode(this.#pieces.whole().subarray(0, refusalLimit))
  }
}

const refusalLimit = 256 * 1024

/**
 * What a body is, told by its first byte that is no white space, since content types lie in both directions: `{` and
 * `[` begin JSON and no event stream, `<` begins a page of some proxy.
 */
export function sniff(chunk: Uint8Array): 'json' | 'events' | 'page' | undefined {
  let i = 0
  if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) i = 3
  for (; i < chunk.length; i++) {
    const byte = chunk[i]
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
    if (byte === 0x7b || byte === 0x5b) return 'json'
    return byte === 0x3c ? 'page' : 'events'
  }
  return undefined
}

/** @throws SluiceError `upstream_protocol` */
export function readJson(bytes: Uint8Array): JsonObject {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof json === 'object' && json !== null) return json as JsonObject
  } catch (error) {
    throw new SluiceError(
      'upstream_protocol',
      'cannot read the answer of the provider: it begins like JSON but is none, or was cut',
      {
        cause: error,
      },
    )
  }
  throw new SluiceError('upstream_protocol', 'cannot read the answer of the provider: it is not a JSON object')
}
