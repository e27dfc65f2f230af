import type { IncomingMessage, ServerResponse } from 'node:http'
import { SluiceError } from '../errors/index.ts'
import { Pieces } from '../flow/index.ts'
import type { Chunk, Exchange } from '../gateway/index.ts'

/**
 * A `node:http` request and response as an exchange.
 *
 * Once the head is out, pieces are written to the socket as HTTP chunks of our own making, one write each:
 * `ServerResponse.write` corks the socket and uncorks it in a later tick, which costs a paced stream about a
 * microsecond a token. Where that road is not open (HTTP/1.0, a response that waits its turn on the connection) pieces
 * go through `ServerResponse.write`. Whether a write should be the last for now is not asked of Node, whose one mark
 * for all sockets knows nothing of the others: `pending` tells what the connection has not taken.
 */
export class NodeExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #unreadMs: number
  #direct = false

  /** @param unreadMs how long a client may take nothing of the rest of an answer that is complete */
  constructor(request: IncomingMessage, response: ServerResponse, unreadMs = 300_000) {
    this.#request = request
    this.#response = response
    this.#unreadMs = unreadMs
    this.method = request.method ?? 'GET'
    const target = readTarget(request.url ?? '/')
    const url = target.path
    const mark = url.indexOf('?')
    this.path = mark === -1 ? url : url.slice(0, mark)
    this.query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
    const headers = request.headers as Record<string, string | undefined>
    this.headers = target.host === undefined ? headers : { ...headers, host: target.host }
  }

  body(limit: { bytes: number; timeoutMs: number }): Promise<Uint8Array> {
    const request = this.#request
    const declared = Number(request.headers['content-length'])
    if (declared > limit.bytes) return Promise.reject(this.#tooLarge(limit.bytes))
    return new Promise((resolve, reject) => {
      const pieces = new Pieces()
      const timer = setTimeout(() => give(this.#tooSlow(limit.timeoutMs)), limit.timeoutMs)
      const give = (error: SluiceError): void => {
        stop()
        reject(error)
      }
      const stop = (): void => {
        clearTimeout(timer)
        request.off('data', take)
        request.off('end', finish)
        request.off('close', leave)
      }
      const take = (piece: Buffer): void => {
        if (pieces.length + piece.length > limit.bytes) give(this.#tooLarge(limit.bytes))
        else pieces.push(piece)
      }
      const finish = (): void => {
        stop()
        resolve(pieces.whole())
      }
      const leave = (): void =>
        give(new SluiceError('client_closed', 'the client closed the connection before its request was complete'))
      request.on('data', take)
      request.on('end', finish)
      request.on('close', leave)
    })
  }

  stream(limit: { bytes: number; timeoutMs: number }): AsyncIterable<Uint8Array> | undefined {
    const request = this.#request
    if (!hasBody(request) || request.headers['content-length'] === '0') return undefined
    if (Number(request.headers['content-length']) > limit.bytes) throw this.#tooLarge(limit.bytes)
    return this.#pieces(limit)
  }

  async *#pieces(limit: { bytes: number; timeoutMs: number }): AsyncGenerator<Uint8Array> {
    const request = this.#request
    // The iterator of a stream would end the connection with a body that is not read to its end, and the answer still
    // has to go out on it. At most one piece stands here: the next is read when it has been taken.
    let piece: Buffer | undefined
    let over = false
    let left = false
    let wake = (): void => {}
    const take = (data: Buffer): void => {
      piece = data
      request.pause()
      wake()
    }
    const finish = (): void => {
      over = true
      wake()
    }
    const leave = (): void => {
      left = !over
      wake()
    }
    request.on('data', take)
    request.on('end', finish)
    request.on('close', leave)
    let seen = 0
    try {
      for (;;) {
        if (piece) {
          const given: Buffer = piece
          piece = undefined
          seen += given.length
          if (seen > limit.bytes) throw this.#tooLarge(limit.bytes)
          yield given
        } else if (over) {
          return
        } else if (left) {
          throw new SluiceError('client_closed', 'the client closed the connection before its request was complete')
        } else {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          request.resume()
          const timer = setTimeout(() => wake(), limit.timeoutMs)
          await woken
          clearTimeout(timer)
          if (!piece && !over && !left) throw this.#tooSlow(limit.timeoutMs)
        }
      }
    } finally {
      request.off('data', take)
      request.off('end', finish)
      request.off('close', leave)
    }
  }

  start(status: number, headers: Record<string, string>): void {
    const response = this.#response
    if (response.destroyed) return
    const http11 = this.#request.httpVersionMajor === 1 && this.#request.httpVersionMinor >= 1
    response.writeHead(
      status,
      http11 ? { ...headers, 'transfer-encoding': 'chunked' } : { ...headers, connection: 'close' },
    )
    response.flushHeaders()
    this.#direct = http11
  }

  write(chunk: Chunk): void {
    const response = this.#response
    const { socket } = response
    if (response.destroyed) return
    if (!this.#direct || !socket) {
      // A response that waits its turn would keep what is for a client that is gone.
      if (!this.#request.socket.destroyed) response.write(typeof chunk === 'string' ? chunk : Buffer.concat(chunk))
      return
    }
    if (typeof chunk === 'string') {
      const size = Buffer.byteLength(chunk).toString(16)
      socket.write(`${size}\r\n${chunk}\r\n`)
      return
    }
    const bytes = frame(chunk)
    // An empty HTTP chunk would be the end of the body.
    if (bytes) socket.write(bytes)
  }

  get pending(): number {
    return this.#request.socket.destroyed ? 0 : this.#response.writableLength
  }

  respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const all: Record<string, string> =
      status === 204 ? { ...headers } : { ...headers, 'content-length': String(bytes) }
    // A body that is not wanted is not read to its end: the connection cannot serve again.
    const unread = !this.#request.complete && this.#request.headers['content-length'] !== '0' && hasBody(this.#request)
    if (unread) all.connection = 'close'
    response.writeHead(status, all)
    response.end(this.method === 'HEAD' ? undefined : body)
    this.#limitRest()
    if (unread) this.#dropBody()
  }

  end(): void {
    this.#response.end()
    this.#limitRest()
  }

  destroy(): void {
    this.#response.destroy()
  }

  onTaken(callback: () => void): void {
    const { socket } = this.#request
    if (socket.destroyed) {
      setImmediate(callback)
      return
    }
    let told = false
    const tell = (): void => {
      if (told) return
      told = true
      socket.off('close', tell)
      callback()
    }
    // An empty piece stands behind all the others and is no byte on the wire. The `drain` of a socket would not do: it
    // comes only when more than a certain amount was pending, and for every answer on the connection.
    this.#response.write('', tell)
    // Whether a response that waits its turn is told of the end of its connection depends on the version of Node.
    socket.once('close', tell)
  }

  onClose(callback: () => void): void {
    const response = this.#response
    if (response.destroyed && !response.writableFinished) {
      callback()
      return
    }
    response.once('close', () => {
      if (!response.writableFinished) callback()
    })
  }

  /** Closes the connection of a client that no longer takes what is left of its answer. */
  #limitRest(): void {
    const response = this.#response
    if (response.writableLength === 0) return
    const { socket } = this.#request
    const ms = this.#unreadMs
    // The timer of the socket starts anew whenever something is taken.
    response.setTimeout(ms)
    response.once('finish', () => {
      // Unless the server waits for the next request by now, another response may have its turn: with no such limit.
      if (socket.timeout === ms) socket.setTimeout(0)
    })
  }

  /** Lets the client finish a sentence that nobody hears, for a moment, so that it reads the answer; then cuts it. */
  #dropBody(): void {
    const request = this.#request
    request.resume()
    // From the end of the answer on, since one before it on the same connection may take its time.
    this.#response.once('finish', () => setTimeout(() => request.destroy(), lingerMs).unref())
  }

  #tooLarge(limit: number): SluiceError {
    return new SluiceError(
      'body_too_large',
      `cannot read the request: its body is larger than ${limit} bytes; send less or raise [server] max_body`,
    )
  }

  #tooSlow(timeoutMs: number): SluiceError {
    return new SluiceError(
      'body_timeout',
      `cannot read the request: its body did not arrive within ${timeoutMs / 1000} s`,
    )
  }
}

/** Bytes as one HTTP chunk; undefined for none. */
function frame(parts: readonly Uint8Array[]): Buffer | undefined {
  let length = 0
  for (const part of parts) length += part.length
  if (length === 0) return undefined
  const head = `${length.toString(16)}\r\n`
  const bytes = Buffer.allocUnsafe(head.length + length + 2)
  let at = bytes.write(head, 'latin1')
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  bytes[at] = 0x0d
  bytes[at + 1] = 0x0a
  return bytes
}

const lingerMs = 500

/** The target of a request. One that is a whole URL, as proxies are sent, has a host that outranks the header. */
function readTarget(target: string): { path: string; host?: string } {
  if (target.startsWith('/') || !/^https?:\/\//i.test(target) || !URL.canParse(target)) return { path: target }
  const { pathname, search, host } = new URL(target)
  return { path: pathname + search, host }
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
}
