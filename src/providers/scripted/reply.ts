import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { millis } from './duration.ts'
import type { Wire } from './script.ts'

export interface ReplyShape {
  wire: Wire | undefined
  /** The connection is destroyed when so many bytes of the body have been written. */
  cutAfterBytes: number | undefined
  /** What is sent waits until the end, as behind a proxy that collects: all of it, or all that follows the head. */
  held?: 'all' | 'body' | undefined
}

/** Where a reply takes note of what it has sent. */
export interface ReplyRecord {
  status: number
  /** Bytes of the body, without the framing. */
  bytesWritten: number
}

interface Head {
  status: number
  headers: Record<string, string>
}

/**
 * The answer to one request, as bytes. Chunks are framed here and written straight to the socket: through
 * `ServerResponse.write` all writes of one turn would leave as one, and a script could not say where writes end.
 *
 * Methods that may have to wait give a promise only when they do, so that a million deltas are no million promises.
 */
export class Reply {
  readonly #response: ServerResponse
  readonly #record: ReplyRecord
  readonly #onStatus: (status: number) => void
  #wire: Wire = {}
  #cutAfterBytes = Number.POSITIVE_INFINITY
  #socket: Socket | undefined
  #batch: Array<string | Uint8Array> = []
  #wake: (() => void) | undefined
  #full = false
  #held: ReplyShape['held']
  #heldHead: Head | undefined

  /** Nothing can be sent any more, whoever ended it. */
  closed = false
  /** The script, or the server's end, cut the connection. */
  wasCut = false

  constructor(response: ServerResponse, record: ReplyRecord, onStatus: (status: number) => void) {
    this.#response = response
    this.#record = record
    this.#onStatus = onStatus
    response.once('close', () => {
      this.#socket?.off('drain', this.#onDrain)
      this.closed = true
      this.#resume()
    })
  }

  /** How the script wants the bytes to leave. Before the head, if at all. */
  shape({ wire, cutAfterBytes, held }: ReplyShape): void {
    this.#wire = wire ?? {}
    this.#cutAfterBytes = cutAfterBytes ?? Number.POSITIVE_INFINITY
    this.#held = held
  }

  head(status: number, headers: Record<string, string>): void {
    if (this.closed) return
    if (this.#held === 'all') {
      this.#heldHead = { status, headers }
      return
    }
    const response = this.#response
    this.#record.status = status
    this.#onStatus(status)
    // An HTTP/1.0 client knows no chunks, and a response that waits behind another has no socket yet.
    const direct = response.req.httpVersion === '1.1' && response.socket !== null
    response.writeHead(status, direct ? { ...headers, 'transfer-encoding': 'chunked' } : headers)
    response.flushHeaders()
    if (direct) this.#socket = response.socket as Socket
    ;(this.#socket ?? response).on('drain', this.#onDrain)
  }

  /** A whole answer in one piece, with its length. */
  whole(status: number, headers: Record<string, string>, body: string): void {
    if (this.closed) return
    this.#record.status = status
    this.#onStatus(status)
    this.#record.bytesWritten = Buffer.byteLength(body)
    this.#response.writeHead(status, { ...headers, 'content-length': String(this.#record.bytesWritten) }).end(body)
  }

  /** One event, or anything else that belongs together. */
  send(piece: string | Uint8Array): Promise<void> | undefined {
    const size = this.#held ? Number.POSITIVE_INFINITY : (this.#wire.batch ?? 1)
    if (size === 1) return this.#write(piece)
    this.#batch.push(piece)
    if (this.#batch.length < size) return undefined
    return this.flush()
  }

  /** Writes what was collected for one write. */
  flush(): Promise<void> | undefined {
    if (this.#batch.length === 0 || this.#held) return undefined
    const pieces = this.#batch
    this.#batch = []
    const text = pieces.every((piece) => typeof piece === 'string')
    return this.#write(text ? pieces.join('') : Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))))
  }

  /** Resolves after `ms`, or earlier when the reply is closed. Infinity waits for that alone. */
  async sleep(ms: number): Promise<void> {
    if (this.closed) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (Number.isFinite(ms)) timer = setTimeout(resolve, ms)
    })
    this.#wake = undefined
    clearTimeout(timer)
  }

  /** Resolves when `passed` does, or earlier when the reply is closed. */
  async until(passed: Promise<void>): Promise<void> {
    if (this.closed) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      void passed.then(resolve)
    })
    this.#wake = undefined
  }

  /** Lets everything else on the event loop have a turn. */
  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  async end(): Promise<void> {
    await this.#letGo()
    if (!this.closed) this.#response.end()
  }

  /** Destroys the connection once everything written has left. */
  async cut(): Promise<void> {
    await this.#letGo()
    if (this.closed) return
    this.wasCut = true
    const socket = this.#response.socket
    if (!socket) return void this.#response.destroy()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      socket.write('', () => resolve())
    })
    socket.destroy()
    this.closed = true
  }

  #letGo(): Promise<void> | undefined {
    this.#held = undefined
    if (this.#heldHead) this.head(this.#heldHead.status, this.#heldHead.headers)
    this.#heldHead = undefined
    return this.flush()
  }

  #write(piece: string | Uint8Array): Promise<void> | undefined {
    const { write } = this.#wire
    if (write !== undefined || this.#cutAfterBytes !== Number.POSITIVE_INFINITY)
      return this.#tear(Buffer.from(piece as string), write)
    return this.#put(piece, Buffer.byteLength(piece)) ? undefined : this.#drained()
  }

  async #tear(bytes: Buffer, size = bytes.length): Promise<void> {
    const left = this.#cutAfterBytes - this.#record.bytesWritten
    const end = Math.min(bytes.length, left)
    for (let at = 0; at < end && !this.closed; at += size) {
      const piece = bytes.subarray(at, Math.min(at + size, end))
      if (!this.#put(piece, piece.length)) await this.#drained()
      if (this.#wire.write === undefined) continue
      // Even without a gap the reader gets its turn between two writes, or the system would join them.
      const gap = millis(this.#wire.gap)
      if (gap > 0) await this.sleep(gap)
      else await this.pause()
    }
    if (bytes.length >= left) await this.cut()
  }

  /** False: what was written waits in memory, and the next write should wait for `#drained`. */
  #put(body: string | Uint8Array, length: number): boolean {
    if (this.closed || length === 0) return true
    this.#record.bytesWritten += length
    const socket = this.#socket
    if (!socket) return this.#response.write(body)
    const head = `${length.toString(16)}\r\n`
    if (typeof body === 'string') return socket.write(`${head}${body}\r\n`)
    return socket.write(Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]))
  }

  async #drained(): Promise<void> {
    this.#full = true
    await this.sleep(Number.POSITIVE_INFINITY)
    this.#full = false
  }

  /** Ends a wait for room, and no other wait. */
  readonly #onDrain = (): void => {
    if (this.#full) this.#resume()
  }

  readonly #resume = (): void => {
    this.#wake?.()
  }
}
