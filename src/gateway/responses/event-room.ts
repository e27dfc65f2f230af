/** What all logs of events together may take. Logs that have ended make room for those that have not. */
export class EventRoom {
  readonly #limit: number
  readonly #makeRoom: () => boolean
  #bytes = 0

  /** @param makeRoom lets the oldest log go that nobody writes to; false where there is none */
  constructor(limit: number, makeRoom: () => boolean) {
    this.#limit = limit
    this.#makeRoom = makeRoom
  }

  get bytes(): number {
    return this.#bytes
  }

  get full(): boolean {
    return this.#bytes > this.#limit
  }

  take(bytes: number): void {
    this.#bytes += bytes
    while (this.full && this.#makeRoom());
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
