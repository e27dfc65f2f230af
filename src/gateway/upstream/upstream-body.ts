import { Buffer } from 'node:buffer'
import type { UpstreamFraming } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { Pieces } from '../../flow/index.ts'
import { bodyKind } from '../../pipeline/index.ts'
import type { JsonObject } from '../../tokens/index.ts'

/** The pieces of a body that is read whole, up to a limit. They are copied, since those of a transport do not last. */
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
    this.#pieces.push(Buffer.from(chunk))
  }

  bytes(): Uint8Array {
    return this.#pieces.whole()
  }
}

/**
 * A body that calls itself one JSON text, of a provider that streams a JSON text a line: a first line that is whole, with
 * more behind it, means that it lies, and its lines need not wait.
 */
export class WholeOrLines extends WholeBody {
  #length = 0
  /** What the first line end has shown. */
  #first: 'unknown' | 'json' | 'other' = 'unknown'
  isLines = false

  override push(chunk: Uint8Array): void {
    super.push(chunk)
    if (this.#first === 'other') return
    const before = this.#length
    this.#length += chunk.length
    let behind = 0
    if (this.#first === 'unknown') {
      // Blank lines before the first one are none.
      const end = chunk.indexOf(0x0a, before === 0 ? chunk.findIndex((byte) => byte > 0x20) : 0)
      if (end === -1) return
      behind = end + 1
      this.#first = isJson(this.bytes().subarray(0, before + end)) ? 'json' : 'other'
    }
    if (this.#first !== 'json') return
    for (let at = behind; at < chunk.length; at++) if (chunk[at]! > 0x20) this.isLines = true
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes))
    return true
  } catch {
    return false
  }
}

/** The body of a refusal: as much as an explanation needs, and never an error of its own. */
export class RefusalBody {
  readonly #pieces = new Pieces()

  push(chunk: Uint8Array): void {
    this.#pieces.push(Buffer.from(chunk))
  }

  /** What still comes is not wanted. */
  get isFull(): boolean {
    return this.#pieces.length >= refusalLimit
  }

  text(): string {
    return decoder.decode(this.#pieces.whole().subarray(0, refusalLimit))
  }
}

const refusalLimit = 256 * 1024

// One for all bodies: it is given whole ones and keeps nothing between two calls.
const decoder = new TextDecoder()

/**
 * What a body is, told by its first byte that is no white space, since content types lie in both directions. Only where
 * a dialect streams JSON itself is the content type asked whether this is a whole answer.
 */
export function sniff(
  chunk: Uint8Array,
  framings: readonly UpstreamFraming[],
  contentType = '',
): UpstreamFraming | 'whole' | 'page' | undefined {
  const kind = bodyKind(chunk)
  switch (kind) {
    case 'events':
      return contentType.startsWith('application/vnd.amazon.eventstream') ? 'aws-event-stream' : 'sse'
    case 'binary':
      return 'aws-event-stream'
    case 'object':
      return framings.includes('ndjson') && !contentType.startsWith('application/json') ? 'ndjson' : 'whole'
    case 'array':
      return framings.includes('json-array') ? 'json-array' : 'whole'
    default:
      return kind
  }
}

/** @throws SluiceError `upstream_protocol` */
export function readJson(bytes: Uint8Array): JsonObject {
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
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
