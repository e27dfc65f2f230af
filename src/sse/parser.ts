import { SluiceError } from '../errors/index.ts'
import type { Emit } from '../flow/index.ts'
import type { SseEvent } from './event.ts'

export interface SseParserOptions {
  /** At the end of the input an event without its closing blank line is emitted instead of dropped. Default false. */
  flushTail?: boolean
  /** The largest event, in bytes; a larger one throws `event_too_large`. Default 64 MiB. */
  maxEventBytes?: number
  /**
   * Bytes to text. Called with whole lines only, so no character is ever torn. The default is UTF-8 with U+FFFD for
   * what is malformed; a one-byte decoder makes `SseEvent.end` and `border` count bytes.
   */
  decode?: (bytes: Uint8Array) => string
}

const LF = 0x0a
const CR = 0x0d

/**
 * Server-sent events out of bytes, by the WHATWG standard (HTML, section 9.2.6), in any cut.
 *
 * Bytes are decoded once, up to the last line end of a chunk; what follows waits as bytes. So a character or line that
 * is torn over reads costs one copy of its own bytes and nothing is scanned twice.
 *
 * @example
 * const parser = new SseParser()
 * parser.push(bytes, (event) => console.log(event.data))
 * parser.end((event) => console.log(event.data))
 */
export class SseParser {
  readonly #options: Required<SseParserOptions>
  /** Bytes behind the last line end, in a buffer that doubles when it is full. */
  #tail = new Uint8Array(0)
  #tailLength = 0
  /** The bytes of the event being read that have been decoded already. */
  #eventBytes = 0
  #started = false
  #skipLf = false

  #data = ''
  #hasData = false
  #type = ''
  #id = ''

  /** The reconnection time that the stream asked for, in milliseconds. */
  retry: number | undefined
  /**
   * Where the last blank line of the latest chunk ends, in bytes of that chunk, when a one-byte decoder is in use; 0
   * when the chunk held none. What stands before it can be passed on: it is made of whole events and comments.
   */
  border = 0

  constructor(options: SseParserOptions = {}) {
    this.#options = {
      flushTail: options.flushTail ?? false,
      maxEventBytes: options.maxEventBytes ?? 64 * 1024 * 1024,
      decode: options.decode ?? utf8(),
    }
  }

  /** @throws SluiceError `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    this.border = 0
    const lineEnd = lastLineEnd(bytes)
    if (lineEnd === -1) {
      this.#keep(bytes)
      return
    }
    const lines = bytes.subarray(0, lineEnd + 1)
    const before = this.#tailLength
    const whole = before === 0 ? lines : this.#takeTail(lines)
    this.#lines(whole, before, emit)
    if (lineEnd + 1 < bytes.length) this.#keep(bytes.subarray(lineEnd + 1))
  }

  /** The input is complete. */
  end(emit: Emit<SseEvent>): void {
    if (this.#options.flushTail) {
      if (this.#tailLength > 0) this.#line(this.#options.decode(this.#takeTail(new Uint8Array(0))), 0, emit)
      this.#dispatch(0, emit)
    }
    this.#tailLength = 0
    this.#data = ''
    this.#hasData = false
    this.#type = ''
  }

  #lines(bytes: Uint8Array, before: number, emit: Emit<SseEvent>): void {
    let shift = before
    let text: string
    if (!this.#started && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      text = this.#options.decode(bytes.subarray(3))
      shift -= 3
    } else {
      text = this.#options.decode(bytes)
    }
    this.#started = true
    if (this.#skipLf) {
      this.#skipLf = false
      if (text.charCodeAt(0) === LF) {
        text = text.slice(1)
        shift--
      }
    }
    this.#eventBytes += bytes.length
    if (text.includes('\r')) this.#mixedLines(text, shift, emit)
    else this.#lfLines(text, shift, emit)
    this.#checkSize()
  }

  /** Only LF: the usual case. A whole event of one data line is taken in one step. */
  #lfLines(text: string, shift: number, emit: Emit<SseEvent>): void {
    let at = 0
    while (at < text.length) {
      const end = text.indexOf('\n', at)
      if (
        text.charCodeAt(end + 1) === LF &&
        !this.#hasData &&
        this.#type === '' &&
        text.startsWith('data: ', at)
      ) {
        this.border = end + 2 - shift
        this.#eventBytes = 0
        emit({ event: 'message', data: text.slice(at + 6, end), id: this.#id, end: this.border })
        at = end + 2
        continue
      }
      this.#line(end === at ? '' : text.slice(at, end), end + 1 - shift, emit)
      at = end + 1
    }
  }

  #mixedLines(text: string, shift: number, emit: Emit<SseEvent>): void {
    let at = 0
    let lf = text.indexOf('\n')
    let cr = text.indexOf('\r')
    while (at < text.length) {
      if (lf !== -1 && lf < at) lf = text.indexOf('\n', at)
      if (cr !== -1 && cr < at) cr = text.indexOf('\r', at)
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr
      let next = end + 1
      if (end === cr) {
        // A CR ends its line at once; the LF that may follow belongs to it, even in the next chunk.
        if (text.charCodeAt(next) === LF) next++
        else if (next === text.length) this.#skipLf = true
      }
      this.#line(text.slice(at, end), next - shift, emit)
      at = next
    }
  }

  #line(line: string, end: number, emit: Emit<SseEvent>): void {
    if (line === '') {
      this.border = end
      this.#eventBytes = 0
      this.#dispatch(end, emit)
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1)
    switch (name) {
      case 'data':
        this.#data = this.#hasData ? `${this.#data}\n${value}` : value
        this.#hasData = true
        return
      case 'event':
        this.#type = value
        return
      case 'id':
        if (!value.includes('\0')) this.#id = value
        return
      case 'retry':
        if (/^[0-9]+$/.test(value)) this.retry = Number(value)
        return
    }
  }

  #dispatch(end: number, emit: Emit<SseEvent>): void {
    const event = this.#type || 'message'
    this.#type = ''
    if (!this.#hasData) return
    const data = this.#data
    this.#data = ''
    this.#hasData = false
    emit({ event, data, id: this.#id, end })
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#tailLength + bytes.length
    if (length > this.#tail.length) {
      const larger = new Uint8Array(Math.max(length, this.#tail.length * 2, 256))
      larger.set(this.#tail.subarray(0, this.#tailLength))
      this.#tail = larger
    }
    this.#tail.set(bytes, this.#tailLength)
    this.#tailLength = length
    this.#checkSize()
  }

  #takeTail(more: Uint8Array): Uint8Array {
    this.#keep(more)
    const whole = this.#tail.subarray(0, this.#tailLength)
    this.#tailLength = 0
    // A buffer that once held a huge event is not kept for the rest of the stream.
    if (this.#tail.length > 64 * 1024) this.#tail = new Uint8Array(0)
    return whole
  }

  #checkSize(): void {
    const size = this.#eventBytes + this.#tailLength
    if (size <= this.#options.maxEventBytes) return
    throw new SluiceError(
      'event_too_large',
      `cannot read the stream: one event is larger than ${this.#options.maxEventBytes} bytes (${size} so far)`,
    )
  }
}

function lastLineEnd(bytes: Uint8Array): number {
  const last = bytes[bytes.length - 1]
  if (last === LF || last === CR) return bytes.length - 1
  const lf = bytes.lastIndexOf(LF)
  // With an LF in the chunk a CR behind it is rare, and is looked for only there.
  const cr = bytes.lastIndexOf(CR)
  return lf > cr ? lf : cr
}

function utf8(): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return (bytes) => decoder.decode(bytes)
}
