import { SluiceError } from '../errors/index.ts'
import { type Emit, HeldBytes } from '../flow/index.ts'
import type { EventParser, SseEvent } from '../sse/index.ts'
import { decodeUtf8, type FramingOptions, tooLarge } from './framing-options.ts'

export interface NdjsonParserOptions extends FramingOptions {
  /**
   * Bytes to text. Called with whole lines only, so no character is ever torn. The default is UTF-8 with U+FFFD for
   * what is malformed; a one-byte decoder makes `SseEvent.end` and `border` count bytes.
   */
  decode?: (bytes: Uint8Array) => string
}

const LF = 0x0a
const CR = 0x0d

/**
 * A JSON text a line (newline-delimited JSON, JSON Lines), as Ollama streams: every line that is not blank becomes an
 * event `message` with the line as its data. Lines end in LF or CR LF; a byte order mark at the start is dropped.
 *
 * The line itself is not parsed: its reader does that. Only of a last line without its end is it asked whether it is
 * whole, since a server may leave the line end out; a number is not taken then, as nobody knows its last digit.
 *
 * Bytes are decoded once, up to the last line end of a chunk; what follows waits as bytes and is never looked at again.
 *
 * @example
 * const parser = new NdjsonParser()
 * parser.push(bytes, ({ data }) => console.log(JSON.parse(data)))
 * parser.end(({ data }) => console.log(JSON.parse(data)))
 */
export class NdjsonParser implements EventParser {
  readonly #maxEventBytes: number
  readonly #decode: (bytes: Uint8Array) => string
  readonly #held = new HeldBytes()
  #started = false
  border = 0

  constructor(options: NdjsonParserOptions = {}) {
    this.#maxEventBytes = options.maxEventBytes ?? 64 * 1024 * 1024
    this.#decode = options.decode ?? decodeUtf8
  }

  /** @throws SluiceError `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    this.border = 0
    const rest = lastLf(bytes) + 1
    if (rest > 0) this.#wholeLines(bytes.subarray(0, rest), emit)
    if (rest === bytes.length) return
    this.#held.push(rest === 0 ? bytes : bytes.subarray(rest))
    this.#checkSize(this.#held.length)
  }

  /** @throws SluiceError `upstream_truncated` for a last line that is no whole JSON text */
  end(emit: Emit<SseEvent>): void {
    this.border = 0
    if (this.#held.length === 0) return
    const bytes = this.#held.take()
    const text = this.#decode(this.#bom(bytes) ? bytes.subarray(3) : bytes)
    if (isBlank(text, 0, text.length)) return
    if (!isWhole(text)) {
      throw new SluiceError(
        'upstream_truncated',
        'cannot read the stream: it ended inside a line of NDJSON; send the request again',
      )
    }
    emit({ event: 'message', data: text, id: '', end: 0 })
  }

  #wholeLines(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    const torn = this.#held.length
    let from = 0
    if (torn > 0) {
      // Of a large chunk only the end of the torn line is copied; two decodings cost less than copying all of it.
      from = bytes.length > 4096 ? bytes.indexOf(LF) + 1 : bytes.length
      this.#held.push(bytes.subarray(0, from))
      this.#lines(this.#held.take(), torn, emit)
    }
    if (from < bytes.length) this.#lines(from === 0 ? bytes : bytes.subarray(from), -from, emit)
  }

  /** What stands at a place of the text of these lines stands `shift` bytes before it in the chunk. */
  #lines(bytes: Uint8Array, shift: number, emit: Emit<SseEvent>): void {
    if (this.#bom(bytes)) {
      bytes = bytes.subarray(3)
      shift -= 3
    }
    const text = this.#decode(bytes)
    let at = 0
    while (at < text.length) {
      const lf = text.indexOf('\n', at)
      const end = text.charCodeAt(lf - 1) === CR && lf > at ? lf - 1 : lf
      this.#checkSize(end - at)
      this.border = lf + 1 - shift
      const from = at
      at = lf + 1
      if (!isBlank(text, from, end)) {
        emit({ event: 'message', data: text.slice(from, end), id: '', end: this.border })
      }
    }
  }

  /** Whether the stream starts here, with a byte order mark. */
  #bom(bytes: Uint8Array): boolean {
    const first = !this.#started
    this.#started = true
    return first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  }

  #checkSize(size: number): void {
    if (size > this.#maxEventBytes) throw tooLarge(this.#maxEventBytes, size)
  }
}

/** Walks back from the end, so that nothing is looked at but the torn line. */
function lastLf(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i >= 0; i--) if (bytes[i] === LF) return i
  return -1
}

/** Whether there is nothing but what JSON calls white space. */
function isBlank(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x09 && code !== CR) return false
  }
  return true
}

function isWhole(text: string): boolean {
  try {
    return typeof JSON.parse(text) !== 'number'
  } catch {
    return false
  }
}
