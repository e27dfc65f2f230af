import { Buffer } from 'node:buffer'
import { SluiceError } from '../../errors/index.ts'
import { decompressor } from '../decompress.ts'
import { brokenBody, reason, type SystemError } from '../reason.ts'
import type { UpstreamCall, UpstreamHandler, UpstreamHead, UpstreamRequest } from '../transport.ts'
import { type Connection, ConnectTimeout, type Rider } from './connection.ts'
import { Malformed } from './malformed.ts'
import type { Pool } from './pool.ts'
import { requestHead } from './request-head.ts'
import type { Target, Targets } from './target.ts'

// A promise that is settled already: `then` is the cheapest microtask there is (`queueMicrotask` makes an async resource).
const turn = Promise.resolve()

/** One request and its answer: a ride on a connection, or on two when the first was found closed. */
export class Call implements UpstreamCall, Rider {
  readonly #pool: Pool
  readonly #handler: UpstreamHandler
  readonly #name: string
  /** Until the answer begins: it may have to be sent again. */
  #request: { target: Target; head: string; body: string | Uint8Array | undefined } | undefined
  #connection: Connection | undefined
  #inflate: ReturnType<typeof decompressor>
  #sentAt = 0
  #paused = false
  /** The decompressor has as much as it should hold. */
  #choked = false
  #over = false
  #headSeen = false
  /** The handler has data that it has not been asked to write. */
  #unflushed = false

  constructor(pool: Pool, targets: Targets, request: UpstreamRequest, handler: UpstreamHandler) {
    this.#pool = pool
    this.#handler = handler
    this.#name = request.name ?? 'the provider'
    try {
      const target = targets.read(request.url)
      this.#name = request.name ?? target.host
      if (pool.isClosed) throw new SluiceError('upstream_unreachable', `cannot call ${this.#name}: sluice is closing`)
      this.#request = { target, head: requestHead(request, target), body: request.body }
      const idle = pool.take(target, this)
      this.#connection = idle ?? pool.open(target, this)
      if (idle) this.onReady()
    } catch (error) {
      // The caller is to have the call before it hears of its end.
      void turn.then(() => this.#fail(SluiceError.from(error)))
    }
  }

  abort(): void {
    this.#over = true
    this.#request = undefined
    this.#inflate?.destroy()
    this.#connection?.close()
    this.#connection = undefined
  }

  pause(): void {
    this.#paused = true
    this.#inflate?.pause()
    this.#connection?.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#inflate?.resume()
    if (!this.#choked) this.#connection?.resume()
  }

  onReady(): void {
    const { head, body } = this.#request!
    this.#sentAt = performance.now()
    this.#connection!.write(head, body)
    if (this.#paused) this.#connection!.pause()
  }

  onHead(head: UpstreamHead): void {
    this.#request = undefined
    this.#headSeen = true
    this.#inflate = decompressor(head.headers['content-encoding'], {
      onData: (chunk) => this.#giveInflated(chunk),
      onEnd: () => {
        // Its data may end before the body does, and then nobody waits for the rest, which may never come.
        if (!this.#over) this.#connection?.close()
        this.#end()
      },
      onError: (error) =>
        this.#fail(new SluiceError('upstream_protocol', brokenBody(this.#name, error), { cause: error })),
    })
    if (this.#inflate) delete head.headers['content-encoding']
    this.#handler.onHead(head)
  }

  onBody(bytes: Uint8Array): void {
    if (this.#over) return
    // The decompressor reads in its own time, and these bytes are gone when the read is done.
    if (this.#inflate) {
      // A little compressed data takes long to come out: what is still to be read waits on the other side.
      if (!this.#inflate.write(Buffer.from(bytes)) && !this.#choked) this.#choke(this.#inflate)
    } else {
      this.#unflushed = true
      this.#handler.onData(bytes)
    }
  }

  onRead(): void {
    if (this.#inflate || !this.#unflushed) return
    this.#unflushed = false
    this.#handler.onFlush()
  }

  onDone(): void {
    // Its flow is no longer ours: it may serve the next request while what came is still being decompressed.
    this.#connection = undefined
    if (this.#inflate) this.#inflate.end()
    else this.#end()
  }

  onLost(error: Error): void {
    const connection = this.#connection
    this.#connection = undefined
    const request = this.#request
    if (request && connection && this.#wasStale(connection, error)) {
      this.#connection = this.#pool.open(request.target, this)
      return
    }
    this.#fail(this.#describe(error))
  }

  /**
   * Whether the other side let go of an idle connection while the request was on its way to it, which is no answer to
   * the request: nothing came back, and it happened within the time of such a way. Whoever took the request on and broke
   * later has had it, and it is not sent twice.
   */
  #wasStale(connection: Connection, { code }: SystemError): boolean {
    return (
      connection.reused &&
      connection.isUntouched &&
      (code === 'EOF' || code === 'ECONNRESET' || code === 'EPIPE') &&
      performance.now() - this.#sentAt < crossingMs &&
      !this.#pool.isClosed
    )
  }

  #choke(inflate: NonNullable<ReturnType<typeof decompressor>>): void {
    this.#choked = true
    this.#connection?.pause()
    inflate.once('drain', () => {
      this.#choked = false
      if (!this.#paused) this.#connection?.resume()
    })
  }

  #giveInflated(chunk: Uint8Array): void {
    if (this.#over) return
    try {
      this.#handler.onData(chunk)
    } catch (error) {
      this.#fail(SluiceError.from(error))
      return
    }
    // One read may come out in several pieces.
    if (this.#unflushed) return
    this.#unflushed = true
    void turn.then(this.#flushInflated)
  }

  readonly #flushInflated = (): void => {
    this.#unflushed = false
    if (this.#over) return
    try {
      this.#handler.onFlush()
    } catch (error) {
      this.#fail(SluiceError.from(error))
    }
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#last(() => this.#handler.onEnd())
  }

  #fail(error: SluiceError): void {
    if (this.#over) return
    // What is still to come is not waited for.
    this.abort()
    this.#last(() => this.#handler.onError(error))
  }

  /** The handler has been told all there is. A fault of its own at this point has nobody left to go to. */
  #last(step: () => void): void {
    try {
      step()
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }

  #describe(error: Error): SluiceError {
    const where = this.#name
    const cause = { cause: error }
    if (SluiceError.is(error)) return error
    if (error instanceof ConnectTimeout) {
      return new SluiceError('connect_timeout', `cannot reach ${where}: no connection in time`, cause)
    }
    if (error instanceof Malformed) {
      const found = `it is not HTTP as it should be: ${error.message}`
      return new SluiceError('upstream_protocol', `cannot read the answer of ${where}: ${found}`, cause)
    }
    if (this.#headSeen) {
      return new SluiceError('upstream_truncated', `the answer of ${where} broke off: ${reason(error)}`, cause)
    }
    return new SluiceError('upstream_unreachable', `cannot reach ${where}: ${reason(error)}`, cause)
  }
}

/** A close that crosses a request on its way is heard of after one round trip. */
const crossingMs = 1000
