import { connect, type Socket } from 'node:net'
import { SluiceError } from '../../errors/index.ts'
import type { UpstreamHead } from '../transport.ts'
import { Malformed } from './malformed.ts'
import { ResponseParser } from './response-parser.ts'
import type { Target } from './target.ts'
import type { Tls } from './tls.ts'

/** Who a connection works for. */
export interface Rider {
  /** The connection stands: now the request can be written. */
  onReady(): void
  onHead(head: UpstreamHead): void
  onBody(bytes: Uint8Array): void
  /** All of one read has been told. */
  onRead(): void
  /** The answer is whole, and the connection works for others or for nobody. */
  onDone(): void
  /** The connection is gone, before the answer was whole. */
  onLost(error: Error): void
}

export interface ConnectionOptions {
  target: Target
  tls: Tls
  connectTimeoutMs: number
  /** Into which all sockets read. */
  buffer: Buffer
  /** It can serve again, for so long. */
  onFree: (connection: Connection, idleMs: number) => void
  onClosed: (connection: Connection) => void
}

/** The connection was not made in time. */
export class ConnectTimeout extends Error {}

/**
 * One socket, and the answers on it one after the other.
 *
 * All sockets read into one buffer, so that a read costs no memory: what stands in it is gone when the callback of the
 * read returns.
 */
export class Connection {
  readonly target: Target
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #parser = new ResponseParser()
  #rider: Rider | undefined
  #connectTimer: NodeJS.Timeout | undefined
  #ready = false
  #closed = false
  #paused = false
  #heard = false
  /** It has brought an answer before. */
  reused = false
  /** While it is idle: until when, on the clock of `performance.now`. */
  idleUntil = 0

  constructor(options: ConnectionOptions, rider: Rider) {
    const { target, buffer, connectTimeoutMs } = options
    this.target = target
    this.#options = options
    this.#rider = rider
    const onread = { buffer, callback: (length: number): boolean => this.#read(length) }
    const { hostname: host, port } = target
    this.#socket = target.secure ? options.tls.connect(target, onread) : connect({ host, port, onread })
    const socket = this.#socket
    // A token must not wait for the next one, and a peer that is gone must be noticed on a silent line.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.once(target.secure ? 'secureConnect' : 'connect', () => this.#onConnect())
    socket.once('end', () => this.#onEnd())
    socket.on('error', (error) => {
      if (target.secure && !this.#ready) options.tls.forget(target)
      this.fail(error)
    })
    socket.once('close', () => this.fail(closed()))
    this.#connectTimer = setTimeout(() => this.fail(new ConnectTimeout('no connection in time')), connectTimeoutMs)
  }

  /** Nothing has come back since the request was written. */
  get isUntouched(): boolean {
    return !this.#heard
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Takes the next one on. Only while it is idle. */
  carry(rider: Rider): void {
    this.#rider = rider
    this.#socket.ref()
  }

  /** Head and body, in one write; what comes from now on is the answer. */
  write(head: string, body: string | Uint8Array | undefined): void {
    this.#parser.begin(this.#rider!)
    this.#heard = false
    const socket = this.#socket
    if (body === undefined) {
      socket.write(head, 'latin1')
      return
    }
    // One text is written more cheaply than two pieces, as long as it is not copied for long and means the same bytes.
    if (typeof body === 'string' && body.length < 64 * 1024 && ascii.test(head)) {
      socket.write(head + body, 'utf8')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
  }

  pause(): void {
    // A handshake has to be read.
    if (!this.#ready) return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  /** Closes it now. Nobody is told. */
  close(): void {
    this.#rider = undefined
    this.#parser.stop()
    this.#shut()
  }

  /** Closes it now; who rides on it is told why. */
  fail(error: Error): void {
    const rider = this.#rider
    this.close()
    rider?.onLost(error)
  }

  /** Nothing waits for it: it keeps no process alive. */
  rest(): void {
    this.#socket.unref()
  }

  #onConnect(): void {
    clearTimeout(this.#connectTimer)
    this.#ready = true
    this.#rider?.onReady()
  }

  #read(length: number): boolean {
    const rider = this.#rider
    // Bytes that nobody has asked for: whatever they are, the next answer is not to be read behind them.
    if (!rider || this.#parser.done) {
      this.fail(closed())
      return true
    }
    this.#heard = true
    try {
      const end = this.#parser.push(this.#options.buffer, length)
      // It may have been closed from inside.
      if (this.#rider !== rider) return true
      if (this.#parser.done) this.#finish(rider, end === length ? this.#parser.idleMs : 0)
      else rider.onRead()
    } catch (error) {
      // Anything else comes from the one who rides.
      this.fail(error instanceof Malformed ? error : SluiceError.from(error))
    }
    return true
  }

  #finish(rider: Rider, idleMs: number): void {
    this.#rider = undefined
    // While it is idle it must not hold the last answer, and all that hangs on it.
    this.#parser.stop()
    this.resume()
    // A request that was answered before all of it was written cannot be taken back.
    if (idleMs > 0 && this.#socket.writableLength === 0) {
      this.reused = true
      this.#options.onFree(this, idleMs)
    } else this.#shut()
    rider.onDone()
  }

  #onEnd(): void {
    const rider = this.#rider
    if (rider && this.#parser.endsWithConnection) this.#finish(rider, 0)
    else this.fail(closed())
  }

  #shut(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#connectTimer)
    this.#socket.destroy()
    this.#options.onClosed(this)
  }
}

const ascii = /^[\r\n\t\x20-\x7e]*$/

function closed(): Error {
  return Object.assign(new Error('the other side closed the connection'), { code: 'EOF' })
}
