import type { UpstreamHead } from '../transport.ts'
import { ChunkedBody } from './chunked-body.ts'
import { framingOf, idleMsOf } from './framing.ts'
import { Malformed } from './malformed.ts'

export interface ResponseSink {
  onHead(head: UpstreamHead): void
  /** A piece of the body as it lies in the buffer of the read. */
  onBody(bytes: Uint8Array): void
}

type State = 'status' | 'fields' | 'length' | 'chunked' | 'trailers' | 'close' | 'done'

/**
 * One HTTP/1.1 answer after the other out of bytes (RFC 9112), in any cut. Heads are decoded once; of bodies nothing is
 * copied or looked at but the frames of chunks.
 */
export class ResponseParser {
  readonly #chunks = new ChunkedBody()
  #sink: ResponseSink | undefined
  #state: State = 'done'
  /** The beginning of a line whose end has not come. Joined once, when it is whole, so that any cut costs the same. */
  #torn = ''
  /** Of the head, with what stood before it, and of the trailers: how many bytes there were. */
  #headBytes = 0
  #status = 0
  #minor = 1
  #headers: Record<string, string> = {}
  #lastName = ''
  /** Of a body with a length. */
  #left = 0
  /** How long the connection may be kept behind this answer; 0 for not at all. */
  idleMs = 0

  begin(sink: ResponseSink): void {
    this.#sink = sink
    this.#state = 'status'
    this.#torn = ''
    this.#headBytes = 0
    this.idleMs = 0
  }

  /** Nothing more is told, even of the read at hand. */
  stop(): void {
    this.#sink = undefined
    this.#state = 'done'
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** The answer is whole if the connection ends here. */
  get endsWithConnection(): boolean {
    return this.#state === 'close'
  }

  /**
   * Reads what stands before `to`, and not beyond the end of the answer. Returns how far it came.
   *
   * @throws Malformed, and whatever the sink throws
   */
  push(bytes: Buffer, to: number): number {
    let at = 0
    while (at < to) {
      switch (this.#state) {
        case 'chunked': {
          at = this.#chunks.read(bytes, at, to)
          const { payload } = this.#chunks
          if (payload > 0) this.#sink?.onBody(bytes.subarray(at - payload, at))
          else if (this.#chunks.over) this.#state = 'trailers'
          break
        }
        case 'length': {
          const from = at
          at = Math.min(to, from + this.#left)
          this.#left -= at - from
          const sink = this.#sink
          // Before the sink is told, which may stop the whole.
          if (this.#left === 0) this.#state = 'done'
          sink?.onBody(bytes.subarray(from, at))
          break
        }
        case 'close':
          this.#sink?.onBody(bytes.subarray(at, to))
          return to
        case 'done':
          return at
        default:
          at = this.#lines(bytes, at, to)
      }
    }
    return at
  }

  /** Lines of a head or of trailers, up to the empty one. */
  #lines(bytes: Buffer, from: number, to: number): number {
    // Not much more than a head is decoded with it: the body may stand behind it.
    const text = bytes.toString('latin1', from, Math.min(to, from + decodedAtOnce))
    let at = 0
    while (at < text.length) {
      const lineEnd = text.indexOf('\n', at)
      const next = lineEnd === -1 ? text.length : lineEnd + 1
      this.#headBytes += next - at
      if (this.#headBytes > headLimit) throw new Malformed(`its head is larger than ${headLimit} bytes`)
      const known = this.#torn.length
      this.#torn = known === 0 ? text.slice(at, next) : this.#torn + text.slice(at, next)
      at = next
      if (lineEnd === -1) {
        if (this.#state === 'status' && known < beginning.length) checkBeginning(this.#torn)
        break
      }
      const line = this.#torn.endsWith('\r\n') ? this.#torn.slice(0, -2) : this.#torn.slice(0, -1)
      this.#torn = ''
      if (!this.#line(line)) break
    }
    return from + at
  }

  /** Whether another line follows, and not a body, the end or a sink that wants no more. */
  #line(line: string): boolean {
    if (this.#state === 'status') {
      // An empty line before the head is a slip that servers are forgiven.
      if (line !== '') this.#statusLine(line)
      return true
    }
    if (line !== '') {
      // Nobody asked for trailers.
      if (this.#state === 'fields') this.#field(line)
      return true
    }
    if (this.#state === 'fields') return this.#endHead()
    this.#state = 'done'
    return false
  }

  #statusLine(line: string): void {
    checkBeginning(line)
    const found = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(line)
    if (!found) throw new Malformed('its status line is none')
    this.#minor = Number(found[1])
    this.#status = Number(found[2])
    // Names come from the wire: no object of our own stands behind them.
    this.#headers = Object.create(null) as Record<string, string>
    this.#lastName = ''
    this.#state = 'fields'
  }

  #field(line: string): void {
    const headers = this.#headers
    const first = line.charCodeAt(0)
    if (first === 0x20 || first === 0x09) {
      // A line that goes on with the one before is one value with a space in it (RFC 9112, section 5.2).
      if (this.#lastName === '') throw new Malformed('its head begins with white space')
      headers[this.#lastName] = `${headers[this.#lastName]} ${checkedValue(line)}`
      return
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    if (!token.test(name)) throw new Malformed('a line of its head has no name')
    const value = checkedValue(line.slice(colon + 1))
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
    this.#lastName = name
  }

  #endHead(): boolean {
    const status = this.#status
    if (status === 101) throw new Malformed('it switches to a protocol that nobody asked for')
    if (status < 200) {
      this.#state = 'status'
      return true
    }
    const head = { status, minor: this.#minor, headers: this.#headers }
    const framing = framingOf(head)
    if (framing.kind === 'length') {
      this.#left = framing.length
      this.#state = framing.length === 0 ? 'done' : 'length'
    } else {
      this.#state = framing.kind
      this.#chunks.begin()
      this.#headBytes = 0
    }
    // Only the end of the connection ends such a body.
    this.idleMs = framing.kind === 'close' ? 0 : idleMsOf(head)
    this.#sink?.onHead({ status, headers: this.#headers })
    return false
  }
}

/** Another protocol is known by its first bytes; the end of its line may never come. */
function checkBeginning(line: string): void {
  const length = Math.min(line.length, beginning.length)
  if (line === '\r' || line.slice(0, length) === beginning.slice(0, length)) return
  throw new Malformed('it does not begin with HTTP/1.')
}

/** A value without the white space around it. */
function checkedValue(written: string): string {
  let from = 0
  let to = written.length
  while (from < to && isBlank(written.charCodeAt(from))) from++
  while (to > from && isBlank(written.charCodeAt(to - 1))) to--
  const value = written.slice(from, to)
  if (forbidden.test(value)) throw new Malformed('a line of its head holds control characters')
  return value
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

const beginning = 'HTTP/1.'
/** In bytes; most heads are smaller. */
const decodedAtOnce = 2048
/** In bytes, for a head with all that stands before it, and for trailers. */
const headLimit = 64 * 1024
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const forbidden = /[^\t\x20-\x7e\x80-\xff]/
