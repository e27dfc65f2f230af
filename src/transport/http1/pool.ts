import { Buffer } from 'node:buffer'
import { Roster } from '../../flow/index.ts'
import { Connection, type Rider } from './connection.ts'
import type { Target } from './target.ts'
import { Tls } from './tls.ts'

/**
 * Connections of all origins. A request takes the one that was used last, so that those that are too many grow old; or
 * a new one, since no stream waits for another.
 */
export class Pool {
  readonly #connectTimeoutMs: number
  readonly #tls = new Tls()
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #all = new Roster<Connection>()
  readonly #idle = new Map<string, Connection[]>()
  #freed: Connection[] = []
  #sweeper: NodeJS.Timeout | undefined
  #closed = false

  constructor(connectTimeoutMs: number) {
    this.#connectTimeoutMs = connectTimeoutMs
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** One that is idle, taken on by the rider. */
  take(target: Target, rider: Rider): Connection | undefined {
    const idle = this.#idle.get(target.key)
    const now = performance.now()
    for (let connection = idle?.pop(); connection; connection = idle?.pop()) {
      if (connection.isClosed) continue
      if (connection.idleUntil > now) {
        connection.carry(rider)
        return connection
      }
      connection.close()
    }
    return undefined
  }

  open(target: Target, rider: Rider): Connection {
    const connection = new Connection(
      {
        target,
        tls: this.#tls,
        connectTimeoutMs: this.#connectTimeoutMs,
        buffer: this.#buffer,
        onFree: this.#free,
        onClosed: () => this.#all.leave(place),
      },
      rider,
    )
    const place = this.#all.enter(connection)
    return connection
  }

  /** Who still rides is told why. */
  close(error: Error): void {
    this.#closed = true
    clearInterval(this.#sweeper)
    for (const connection of this.#all.all()) connection.fail(error)
    this.#idle.clear()
  }

  /**
   * It serves again only from the next turn on. What else has come with the end of its answer is read by then, and a
   * second answer to the same request is not taken for the first of the next one.
   */
  readonly #free = (connection: Connection, idleMs: number): void => {
    connection.idleUntil = performance.now() + idleMs
    connection.rest()
    this.#freed.push(connection)
    if (this.#freed.length === 1) setImmediate(this.#keep)
  }

  readonly #keep = (): void => {
    const freed = this.#freed
    this.#freed = []
    for (const connection of freed) {
      const { key } = connection.target
      const idle = this.#idle.get(key)
      if (idle) idle.push(connection)
      else this.#idle.set(key, [connection])
      // One timer for all, and none of it keeps a process alive.
      this.#sweeper ??= setInterval(this.#sweep, 1000).unref()
    }
  }

  readonly #sweep = (): void => {
    const now = performance.now()
    for (const [key, connections] of this.#idle) {
      const kept = connections.filter((connection) => {
        if (!connection.isClosed && connection.idleUntil > now) return true
        connection.close()
        return false
      })
      if (kept.length > 0) this.#idle.set(key, kept)
      else this.#idle.delete(key)
    }
    if (this.#idle.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}

/** How much one read can bring. */
const readBytes = 64 * 1024
