import { SluiceError } from '../errors/index.ts'
import { type Emit, HeldBytes } from '../flow/index.ts'
import type { EventParser, SseEvent } from '../sse/index.ts'
import { type AwsHeaders, readAwsHeaders } from './aws-headers.ts'
import { crc32 } from './crc32.ts'
import { decodeUtf8, type FramingOptions, tooLarge } from './framing-options.ts'

/**
 * A message of an AWS event stream. `event` is the name of its kind: `:event-type` of an event, `:exception-type` of an
 * exception (one that the API describes; its payload says more), `:error-code` of an error (any other; the header
 * `:error-message` says more). `data` is the payload as text.
 */
export interface AwsEvent extends SseEvent {
  kind: 'event' | 'exception' | 'error'
  /** Shared by messages with the same headers, hence read-only. */
  headers: AwsHeaders
}

/**
 * AWS's binary event stream (`application/vnd.amazon.eventstream`), as Bedrock sends: every message is two lengths with
 * their checksum, headers, a payload, and a checksum of it all (CRC-32). Both checksums and both lengths are checked, the
 * first ones as soon as they are there, so that garbage is not waited for.
 *
 * Messages that lie in one chunk are read where they are; a torn one is copied once. Most messages of a stream have the
 * headers of the one before, to the byte: those are compared and not read again.
 *
 * @example
 * const parser = new AwsEventParser()
 * parser.push(bytes, ({ kind, event, data }) => console.log(kind, event, JSON.parse(data)))
 * parser.end(() => {})
 */
export class AwsEventParser implements EventParser {
  readonly #maxEventBytes: number
  /** The beginning of a torn message. */
  readonly #held = new HeldBytes()
  /** Its length; 0 while its first twelve bytes are not there. */
  #total = 0
  #headerBytes = nothing
  #headers: Facts | undefined
  #broken: SluiceError | undefined
  border = 0

  constructor(options: FramingOptions = {}) {
    this.#maxEventBytes = options.maxEventBytes ?? 16 * 1024 * 1024
  }

  /** @throws SluiceError `upstream_protocol` for a wrong checksum, length or header, `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<AwsEvent>): void {
    if (this.#broken !== undefined) throw this.#broken
    this.border = 0
    let at = 0
    while (this.#held.length > 0) {
      const missing = (this.#total || prelude) - this.#held.length
      const to = Math.min(at + missing, bytes.length)
      this.#held.push(at === 0 && to === bytes.length ? bytes : bytes.subarray(at, to))
      if (to < at + missing) return
      at = to
      if (this.#total === 0) {
        // Looked at and put back.
        const lengths = this.#held.take()
        this.#total = this.#lengthOf(lengths, 0)
        this.#held.push(lengths)
      }
      if (this.#held.length < this.#total) continue
      const message = this.#held.take()
      this.#total = 0
      this.#message(message, 0, message.length, at, emit)
    }
    while (bytes.length - at >= prelude) {
      const total = this.#lengthOf(bytes, at)
      if (bytes.length - at < total) {
        this.#total = total
        break
      }
      const from = at
      at += total
      this.#message(bytes, from, at, at, emit)
    }
    if (at < bytes.length) this.#held.push(bytes.subarray(at))
  }

  /** @throws SluiceError `upstream_truncated` inside a message */
  end(_emit: Emit<AwsEvent>): void {
    if (this.#broken !== undefined) throw this.#broken
    this.border = 0
    if (this.#held.length === 0) return
    const found = `${this.#held.length} of ${this.#total || 'its'} bytes were there`
    throw this.#fail(
      new SluiceError(
        'upstream_truncated',
        `cannot read the AWS event stream: it ended inside a message (${found}); send the request again`,
      ),
    )
  }

  /** Of the message that starts at a place, its first twelve bytes being there. */
  #lengthOf(bytes: Uint8Array, at: number): number {
    if (uint32(bytes, at + 8) !== crc32(bytes, at, at + 8)) throw this.#protocol('the checksum of the lengths is wrong')
    const total = uint32(bytes, at)
    const headers = uint32(bytes, at + 4)
    if (total > this.#maxEventBytes) throw this.#fail(tooLarge(this.#maxEventBytes, total))
    // True of a total that is too small for itself, too.
    if (headers > total - around) {
      throw this.#protocol(`a message of ${total} bytes with ${headers} bytes of headers`)
    }
    return total
  }

  #message(bytes: Uint8Array, from: number, to: number, end: number, emit: Emit<AwsEvent>): void {
    // The sum of the first eight bytes stands behind them, as part of what the second one is made of.
    if (uint32(bytes, to - 4) !== crc32(bytes, from, to - 4)) throw this.#protocol('the checksum of a message is wrong')
    const payload = from + prelude + uint32(bytes, from + 4)
    const { kind, event, headers } = this.#read(bytes, from + prelude, payload)
    this.border = end
    emit({ event, data: decodeUtf8(bytes.subarray(payload, to - 4)), id: '', end, kind, headers })
  }

  #read(bytes: Uint8Array, from: number, to: number): Facts {
    if (this.#headers !== undefined && same(this.#headerBytes, bytes, from, to)) return this.#headers
    // No `slice`: that of a Node Buffer is a view.
    const own = new Uint8Array(bytes.subarray(from, to))
    let facts: Facts
    try {
      facts = factsOf(readAwsHeaders(own))
    } catch (error) {
      throw this.#fail(SluiceError.from(error))
    }
    // Large ones are not kept: a stream that waits is to hold little.
    const keep = own.length <= 1024
    this.#headerBytes = keep ? own : nothing
    this.#headers = keep ? facts : undefined
    return facts
  }

  #protocol(found: string): SluiceError {
    return this.#fail(
      new SluiceError(
        'upstream_protocol',
        `cannot read the AWS event stream: ${found}; look at what the provider, or a proxy before it, sent`,
      ),
    )
  }

  /** What broke once stays broken: the next message could be anywhere. */
  #fail(error: SluiceError): SluiceError {
    this.#broken = error
    this.#held.clear()
    return error
  }
}

type Facts = Pick<AwsEvent, 'kind' | 'event' | 'headers'>

/** Total length, length of the headers, and their checksum. */
const prelude = 12
/** What a message without headers and payload has. */
const around = 16
const nothing: Uint8Array<ArrayBuffer> = new Uint8Array(0)

const nameHeaders = { event: ':event-type', exception: ':exception-type', error: ':error-code' } as const

function factsOf(headers: AwsHeaders): Facts {
  const kind = headers[':message-type']
  if (kind !== 'event' && kind !== 'exception' && kind !== 'error') {
    throw new SluiceError(
      'upstream_protocol',
      `cannot read an AWS event: its \`:message-type\` is ${JSON.stringify(String(kind))}; look at what the provider sent`,
    )
  }
  return { kind, event: String(headers[nameHeaders[kind]] ?? ''), headers }
}

function same(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  if (one.length !== to - from) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[from + i]) return false
  return true
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
