import { BareError } from '../errors/index.ts'
import { type Emit, HeldBytes } from '../flow/index.ts'
import type { SseEvent } from './event.ts'
import type { EventParser } from './event-parser.ts'

export interface SseParserOptions {
  /** At the end of the input an event without its closing blank line is emitted instead of dropped. Default false. */
  flushTail?: boolean
  /**
   * The largest event, its lines and comments together; a larger one throws `event_too_large`. Counted in characters
   * where it has been decoded and in bytes where it has not. Default 64 MiB.
   */
  maxEventBytes?: number
  /**
   * Bytes to text. Called with whole lines only, so no character is ever torn. The default is UTF-8 with U+FFFD for
   * what is malformed; a one-byte decoder makes `SseEvent.end` and `border` count bytes.
   */
  decode?: (bytes: Uint8Array) => string
}

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const SPACE = 0x20

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
export class SseParser implements EventParser {
  readonly #flushTail: boolean
  readonly #maxEventBytes: number
  readonly #decode: (bytes: Uint8Array) => string
  /** Bytes behind the last line end. */
  readonly #tail = new HeldBytes()
  /** Where the event being read began, in the text at hand; below 0 by what earlier texts held of it. */
  #eventFrom = 0
  #started = false
  #skipLf = false

  /** The data lines of the event being read; the first one apart, since there is seldom another. */
  #data = ''
  #moreData: string[] | undefined
  #hasData = false
  #type = ''
  #id = ''

  /** The reconnection time that the stream asked for, in milliseconds. It is the stream's and takes effect at once. */
  retry: number | undefined
  /**
   * The id that stands behind the last block, one without data included: what a client that comes back sends as
   * `Last-Event-ID`. While an event is emitted it is still the id that stood before it.
   */
  lastEventId = ''
  /**
   * Where the last blank line of the latest chunk ends, in bytes of that chunk, when a one-byte decoder is in use; 0
   * when the chunk held none. What stands before it can be passed on: it is made of whole events and comments.
   */
  border = 0

  constructor(options: SseParserOptions = {}) {
    this.#flushTail = options.flushTail ?? false
    this.#maxEventBytes = options.maxEventBytes ?? 64 * 1024 * 1024
    this.#decode = options.decode ?? decodeUtf8
  }

  /** @throws SluiceError `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    this.border = 0
    const lineEnd = lastLineEnd(bytes)
    if (lineEnd === -1) {
      this.#tail.push(bytes)
      this.#checkSize(this.#tail.length - this.#eventFrom)
      return
    }
    const rest = lineEnd + 1
    const torn = this.#tail.length
    let from = 0
    if (torn > 0) {
      // Of a large chunk only the end of the torn line is copied; two decodings cost less than copying all of it.
      from = rest > 4096 ? bytes.indexOf(LF) + 1 || rest : rest
      this.#tail.push(bytes.subarray(0, from))
      this.#lines(this.#tail.take(), torn, emit)
    }
    if (from < rest) this.#lines(from === 0 && rest === bytes.length ? bytes : bytes.subarray(from, rest), -from, emit)
    if (rest === bytes.length) return
    this.#tail.push(bytes.subarray(rest))
    this.#checkSize(this.#tail.length - this.#eventFrom)
  }

  /** The input is complete. */
  end(emit: Emit<SseEvent>): void {
    if (this.#flushTail) {
      // With two line ends of our own the last line and the last event are whole.
      this.#tail.push(closing)
      this.#lines(this.#tail.take(), 0, emit)
    }
    this.#tail.clear()
    this.#forget()
    this.#type = ''
    this.border = 0
  }

  /** Whole lines. What stands at a place of their text stands `shift` bytes before it in the chunk. */
  #lines(bytes: Uint8Array, shift: number, emit: Emit<SseEvent>): void {
    let text: string
    if (!this.#started && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      text = this.#decode(bytes.subarray(3))
      shift -= 3
    } else {
      text = this.#decode(bytes)
    }
    this.#started = true
    if (this.#skipLf) {
      this.#skipLf = false
      if (text.charCodeAt(0) === LF) {
        text = text.slice(1)
        shift--
      }
    }
    if (text.includes('\r')) this.#mixedLines(text, shift, emit)
    else this.#lfLines(text, shift, emit)
    this.#checkSize(text.length - this.#eventFrom)
    this.#eventFrom -= text.length
  }

  /** Only LF: the usual case. A whole event of one data line, with or without its type before it, is one step. */
  #lfLines(text: string, shift: number, emit: Emit<SseEvent>): void {
    let at = 0
    while (at < text.length) {
      const end = text.indexOf('\n', at)
      if (at === this.#eventFrom) {
        let data = at
        let type = 'message'
        if (end - at > 7 && isEventField(text, at)) {
          type = text.slice(at + 7, end)
          data = end + 1
        }
        if (isDataField(text, data)) {
          const dataEnd = data === at ? end : text.indexOf('\n', data)
          if (text.charCodeAt(dataEnd + 1) === LF) {
            this.#checkSize(dataEnd + 1 - at)
            at = dataEnd + 2
            this.#eventFrom = at
            this.border = at - shift
            emit({ event: type, data: text.slice(data + 6, dataEnd), id: this.#id, end: this.border })
            continue
          }
        }
      }
      this.#line(text, at, end, end + 1, shift, emit)
      at = end + 1
    }
  }

  #mixedLines(text: string, shift: number, emit: Emit<SseEvent>): void {
    let at = 0
    let lf = placeOf('\n', text, 0)
    let cr = placeOf('\r', text, 0)
    while (at < text.length) {
      // One comparison each: V8 takes a search out from behind two, and then makes it for every line.
      if (lf < at) lf = placeOf('\n', text, at)
      if (cr < at) cr = placeOf('\r', text, at)
      const end = Math.min(lf, cr)
      let next = end + 1
      if (end === cr) {
        // A CR ends its line at once; the LF that may follow belongs to it, even in the next chunk.
        if (text.charCodeAt(next) === LF) next++
        else if (next === text.length) this.#skipLf = true
      }
      this.#line(text, at, end, next, shift, emit)
      at = next
    }
  }

  /** The line from `at` to `end`; the next one starts at `next`. */
  #line(text: string, at: number, end: number, next: number, shift: number, emit: Emit<SseEvent>): void {
    if (at === end) {
      this.#checkSize(at - this.#eventFrom)
      this.#eventFrom = next
      this.border = next - shift
      this.#dispatch(this.border, emit)
      return
    }
    if (text.charCodeAt(at) === COLON) return
    const line = text.slice(at, end)
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1)
    switch (name) {
      case 'data':
        // Kept in a list: strings joined a million times over keep the garbage collector busy.
        if (!this.#hasData) this.#data = value
        else if (this.#moreData === undefined) this.#moreData = [value]
        else this.#moreData.push(value)
        this.#hasData = true
        return
      case 'event':
        this.#type = value
        return
      case 'id':
        if (!value.includes('\0')) this.#id = detached(value)
        return
      case 'retry':
        if (/^[0-9]+$/.test(value)) this.retry = Number(value)
        return
    }
  }

  #dispatch(end: number, emit: Emit<SseEvent>): void {
    const event = this.#type || 'message'
    this.#type = ''
    if (!this.#hasData) {
      this.lastEventId = this.#id
      return
    }
    const data = this.#moreData === undefined ? this.#data : `${this.#data}\n${this.#moreData.join('\n')}`
    this.#forget()
    emit({ event, data, id: this.#id, end })
    this.lastEventId = this.#id
  }

  #forget(): void {
    this.#data = ''
    this.#moreData = undefined
    this.#hasData = false
  }

  #checkSize(size: number): void {
    if (size > this.#maxEventBytes) throw tooLarge(this.#maxEventBytes, size)
  }
}

const closing = new Uint8Array([LF, LF])

// The row of the table, said again: the table itself would double what a bundle of this room weighs. A test compares.
const eventTooLarge = { code: 'event_too_large', status: 502, kind: 'bad_gateway', retry: false } as const

function tooLarge(limit: number, size: number): BareError {
  return new BareError(
    eventTooLarge,
    `cannot read the stream: one event is larger than ${limit} bytes (${size} so far); raise \`maxEventBytes\`, in a gateway \`[streaming] max_event\`, if it is right`,
  )
}

/** A slice keeps the text of its whole chunk alive; an id stays for the rest of the stream, so it is copied. */
function detached(value: string): string {
  return JSON.parse(JSON.stringify(value)) as string
}

/** Behind the end where there is none, so that it is not searched for again. */
function placeOf(lineEnd: string, text: string, from: number): number {
  const at = text.indexOf(lineEnd, from)
  return at === -1 ? text.length : at
}

/** `data: `, read letter by letter: `startsWith` with a position costs ten times as much. */
function isDataField(text: string, at: number): boolean {
  return (
    text.charCodeAt(at) === 0x64 &&
    text.charCodeAt(at + 1) === 0x61 &&
    text.charCodeAt(at + 2) === 0x74 &&
    text.charCodeAt(at + 3) === 0x61 &&
    text.charCodeAt(at + 4) === COLON &&
    text.charCodeAt(at + 5) === SPACE
  )
}

/** `event: ` */
function isEventField(text: string, at: number): boolean {
  return (
    text.charCodeAt(at) === 0x65 &&
    text.charCodeAt(at + 1) === 0x76 &&
    text.charCodeAt(at + 2) === 0x65 &&
    text.charCodeAt(at + 3) === 0x6e &&
    text.charCodeAt(at + 4) === 0x74 &&
    text.charCodeAt(at + 5) === COLON &&
    text.charCodeAt(at + 6) === SPACE
  )
}

/** Walks back from the end, so that nothing is looked at but the torn line; -1 when the chunk holds no line end. */
function lastLineEnd(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = bytes[i]
    if (byte === LF || byte === CR) return i
  }
  return -1
}

// One for all parsers: it is given whole lines and keeps nothing between two calls.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}
