import { Buffer } from 'node:buffer'
import type { EventRoom } from './event-room.ts'

export interface EventLogOptions {
  /** What this log may take, in bytes. */
  limit: number
  /** What all logs together may take. */
  room: EventRoom
  /** The oldest events are about to leave: who has not read them should do so now. */
  onFull: () => void
}

/**
 * The events of one response, as they are written to clients, each under its sequence number. Where there is no room
 * for more the oldest leave, and who wanted them is told so: those that are left have no gaps. The newest always stays until
 * there is a newer one, so that who keeps up misses nothing, however large it is.
 */
export class EventLog {
  readonly #limit: number
  readonly #room: EventRoom
  readonly #onFull: () => void
  /** Those before `#from` have left. */
  #events: string[] = []
  #from = 0
  #bytes = 0
  /** The number of the next event. */
  next = 0

  constructor({ limit, room, onFull }: EventLogOptions) {
    this.#limit = limit
    this.#room = room
    this.#onFull = onFull
  }

  /** The number of the oldest event that is here; that of the next one where none is. */
  get first(): number {
    return this.next - (this.#events.length - this.#from)
  }

  /** What the events take, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  add(text: string): void {
    this.#events.push(text)
    this.next++
    const size = sizeOf(text)
    this.#bytes += size
    this.#room.take(size)
    if (!this.#full) return
    this.#onFull()
    while (this.#full) this.#drop()
  }

  get #full(): boolean {
    return this.first < this.next - 1 && (this.#bytes > this.#limit || this.#room.full)
  }

  /** Events from that number on, as one text: as many as there are, or as fit. One always does. */
  read(from: number, characters: number): { text: string; next: number } {
    let text = ''
    let next = from
    for (; next < this.next; next++) {
      const event = this.#events[this.#from + next - this.first] ?? ''
      if (text !== '' && text.length + event.length > characters) break
      text += event
    }
    return { text, next }
  }

  /** All that are here, the oldest first. */
  *all(): Generator<string> {
    for (let i = this.#from; i < this.#events.length; i++) yield this.#events[i] ?? ''
  }

  /** Lets all of them go. */
  clear(): void {
    this.#room.give(this.#bytes)
    this.#bytes = 0
    this.#events = []
    this.#from = 0
  }

  #drop(): void {
    const size = sizeOf(this.#events[this.#from] ?? '')
    this.#events[this.#from++] = ''
    this.#bytes -= size
    this.#room.give(size)
    // Moved up seldom enough that an event costs the same however many there are.
    if (this.#from < 1024 || this.#from * 2 < this.#events.length) return
    this.#events = this.#events.slice(this.#from)
    this.#from = 0
  }
}

/** With what a text costs besides its characters. */
function sizeOf(text: string): number {
  return Buffer.byteLength(text) + 64
}
