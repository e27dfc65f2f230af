import { SluiceError } from '../errors/index.ts'
import { type Emit, HeldBytes } from '../flow/index.ts'
import type { EventParser, SseEvent } from '../sse/index.ts'
import { decodeUtf8, type FramingOptions, tooLarge } from './framing-options.ts'

/**
 * The elements of one JSON array that comes bit by bit, as Gemini streams without `alt=sse`: each becomes an event
 * `message` as soon as it is complete, with the element's text as its data, white space around it left out. A single
 * object that stands there instead of an array is one event too: so that API sends its errors.
 *
 * An object or array ends where its brackets balance; what stands inside is not checked, since whoever reads the event
 * parses it anyway. Numbers, `true`, `false` and `null` are checked, because a letter is all that tells them from
 * garbage.
 *
 * A state machine over bytes: all that it looks for is ASCII, so torn characters do not matter to it, each byte is
 * looked at once, and only an element that is torn over chunks is copied.
 *
 * @example
 * const parser = new JsonArrayParser()
 * parser.push(bytes, ({ data }) => console.log(JSON.parse(data)))
 * parser.end(() => {})
 */
export class JsonArrayParser implements EventParser {
  readonly #maxEventBytes: number
  /** What earlier chunks brought of the element being read. */
  readonly #held = new HeldBytes()
  #state: State = State.start
  /** Open brackets of the element. */
  #depth = 0
  /** The byte before was a backslash inside a string. */
  #escaped = false
  /** Bytes of the byte order mark that have been seen. */
  #bom = 0
  /** A single object stands in place of the array. */
  #single = false
  #broken: SluiceError | undefined
  border = 0

  constructor(options: FramingOptions = {}) {
    this.#maxEventBytes = options.maxEventBytes ?? 64 * 1024 * 1024
  }

  /** @throws SluiceError `upstream_protocol` for what is no JSON array, `event_too_large` */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    if (this.#broken !== undefined) throw this.#broken
    this.border = 0
    // Where the element being read starts in this chunk: 0 when it started in an earlier one.
    let from = 0
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case State.string:
          at = this.#string(bytes, at)
          break
        case State.container:
          at = this.#container(bytes, at)
          break
        case State.literal:
          while (at < bytes.length && !endsLiteral(bytes[at]!)) at++
          if (at < bytes.length) this.#state = State.whole
          break
        default:
          from = at
          at = this.#between(bytes, at)
      }
      if (this.#state === State.whole) this.#emit(bytes, from, at, emit)
    }
    if (this.#state >= State.string) {
      this.#checkSize(this.#held.length + bytes.length - from)
      this.#held.push(from === 0 ? bytes : bytes.subarray(from))
    }
  }

  /** @throws SluiceError `upstream_truncated` when the array was not closed */
  end(_emit: Emit<SseEvent>): void {
    if (this.#broken !== undefined) throw this.#broken
    this.border = 0
    if (this.#state === State.done) return
    const found = this.#state === State.start ? 'nothing came' : 'it ended before its closing bracket'
    throw this.#fail(
      new SluiceError('upstream_truncated', `cannot read the JSON array: ${found}; send the request again`),
    )
  }

  /** Inside a string, up to its closing quote. */
  #string(bytes: Uint8Array, at: number): number {
    if (this.#escaped && at < bytes.length) {
      this.#escaped = false
      at++
    }
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.#state = this.#depth === 0 ? State.whole : State.container
        return at + 1
      }
      if (byte === BACKSLASH && ++at === bytes.length) this.#escaped = true
    }
    return bytes.length
  }

  /** Inside an object or array, up to a string or to its end. */
  #container(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.#state = State.string
        return at + 1
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --this.#depth === 0) {
        this.#state = State.whole
        return at + 1
      }
    }
    return at
  }

  /** One byte that belongs to no element, or the first one of an element. */
  #between(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      if (this.#bom === 0 || this.#bom === 3) return at + 1
    }
    switch (this.#state) {
      case State.start:
        if (this.#bom < 3 && byte === byteOrderMark[this.#bom]) {
          this.#bom++
          return at + 1
        }
        if (this.#bom !== 0 && this.#bom !== 3) break
        if (byte === OPEN_BRACKET) {
          this.#state = State.first
          return at + 1
        }
        if (byte !== OPEN_BRACE) break
        this.#single = true
        return this.#begin(byte, at)
      case State.first:
        if (byte === CLOSE_BRACKET) return this.#close(at)
        return this.#begin(byte, at)
      case State.next:
        return this.#begin(byte, at)
      case State.after:
        if (byte === CLOSE_BRACKET) return this.#close(at)
        if (byte !== COMMA) break
        this.#state = State.next
        return at + 1
    }
    throw this.#garbage(byte)
  }

  #close(at: number): number {
    this.#state = State.done
    this.border = at + 1
    return at + 1
  }

  /** The first byte of an element says of what kind it is. */
  #begin(byte: number, at: number): number {
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#state = State.container
      this.#depth = 1
    } else if (byte === QUOTE) {
      this.#state = State.string
      this.#depth = 0
    } else if (startsLiteral(byte)) {
      this.#state = State.literal
    } else {
      throw this.#garbage(byte)
    }
    return at + 1
  }

  /** The element ends before `to`, and the state is that between two elements before anybody hears of it. */
  #emit(bytes: Uint8Array, from: number, to: number, emit: Emit<SseEvent>): void {
    this.#checkSize(this.#held.length + to - from)
    let whole = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
    if (this.#held.length > 0) {
      this.#held.push(whole)
      whole = this.#held.take()
    }
    const data = decodeUtf8(whole)
    const first = data.charCodeAt(0)
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      // Brackets are only counted; that the outermost two belong together is seen here.
      const last = data.charCodeAt(data.length - 1)
      if (last !== first + 2) throw this.#garbage(last)
    } else if (first !== QUOTE && !isLiteral(data)) {
      throw this.#garbage(first)
    }
    this.#state = this.#single ? State.done : State.after
    this.border = to
    emit({ event: 'message', data, id: '', end: to })
  }

  #checkSize(size: number): void {
    if (size > this.#maxEventBytes) throw this.#fail(tooLarge(this.#maxEventBytes, size))
  }

  #garbage(byte: number): SluiceError {
    const what = byte > 0x20 && byte < 0x7f ? `\`${String.fromCharCode(byte)}\`` : `the byte ${byte}`
    return this.#fail(
      new SluiceError(
        'upstream_protocol',
        `cannot read the JSON array: found ${what} where ${expected[this.#state]} should stand; look at what the provider sent`,
      ),
    )
  }

  /** What broke once stays broken: nothing that follows could be trusted. */
  #fail(error: SluiceError): SluiceError {
    this.#broken = error
    this.#held.clear()
    return error
  }
}

/** Where the next byte stands. From `string` on it belongs to an element. */
const State = { start: 0, first: 1, next: 2, after: 3, done: 4, string: 5, container: 6, literal: 7, whole: 8 } as const
type State = (typeof State)[keyof typeof State]

const expected: Partial<Record<State, string>> = {
  [State.start]: 'an array or an object',
  [State.first]: 'an element or `]`',
  [State.next]: 'an element',
  [State.after]: '`,` or `]`',
  [State.done]: 'nothing more',
  [State.whole]: 'the end of an element',
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** `-`, a digit, or the first letter of `true`, `false` and `null`. */
function startsLiteral(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39) || byte === 0x74 || byte === 0x66 || byte === 0x6e
}

function endsLiteral(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACKET
}

function isLiteral(text: string): boolean {
  return /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(text)
}
