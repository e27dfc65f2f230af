import { SluiceError } from '../errors/index.ts'

/**
 * How many bytes all streams together may hold for receivers that read more slowly than their senders write. One for a
 * process, shared by the `BackpressureController` of each stream.
 *
 * While less than half of it is taken, every stream may hold as much as its receiver deserves. Beyond the half each gets
 * its floor only, and beyond the limit nothing on top of what it holds: it goes on, piece by piece, whenever all it held
 * has been taken. So no stream ever waits for another, none can be locked out, and what is held stays below the limit
 * plus one piece a stream.
 *
 * @example
 * const budget = new MemoryBudget({ limit: 64 * 1024 * 1024 })
 * const controllers = sockets.map(() => new BackpressureController({ budget }))
 */
export class MemoryBudget {
  /** In bytes. */
  readonly limit: number
  #used = 0
  #peak = 0

  /**
   * @param options.limit in bytes; default 64 MiB
   * @throws SluiceError `config_invalid` for a limit that is none
   */
  constructor({ limit = 64 * 1024 * 1024 }: { limit?: number } = {}) {
    if (!(limit > 0)) {
      throw new SluiceError('config_invalid', `cannot share memory: the limit is ${limit} bytes; write at least 1`)
    }
    this.limit = limit
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used
  }

  /** The most bytes that were held at once. */
  get peak(): number {
    return this.#peak
  }

  /** Never refuses: what has come is held already. Whoever calls it gives as much back, once. */
  take(bytes: number): void {
    this.#used += bytes
    if (this.#used > this.#peak) this.#peak = this.#used
  }

  give(bytes: number): void {
    this.#used -= bytes
  }

  /** How many bytes one stream may hold if `coming` more are taken: its capacity, its floor, or nothing. */
  share(floor: number, capacity: number, coming = 0): number {
    const used = this.#used + coming
    if (used <= this.limit / 2) return capacity
    return used <= this.limit ? floor : 0
  }
}
