import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseParser } from '../../sse/index.ts'

/**
 * Where a source goes on when it is asked again:
 *
 * - `behind-id`: behind the event that brought `lastEventId`, as the HTML standard has it. Events that came after it
 *   without an id of their own come once more. An id must name one event.
 * - `behind-last`: behind the very last event that was delivered. `open` says where that is in the source's own words.
 * - `at-start`: it begins anew and tells the same again.
 */
export type GoesOn = 'behind-id' | 'behind-last' | 'at-start'

/** How far a stream was read, for whoever asks its source to go on. */
export interface StreamPosition {
  /** What to send as `Last-Event-ID`; empty when there is none, or when the source is to begin anew. */
  readonly lastEventId: string
  /** How many events were delivered. */
  readonly delivered: number
  /** The last of them: some sources number their events in the data. */
  readonly last: SseEvent | undefined
}

/**
 * Keeps the place in a stream over many connections, and tells the new events of a connection from those that come
 * once more. These are counted and not compared one by one, but a sum of them is: a source that tells something else
 * than before is found out. It keeps one event and a few numbers, however long the stream.
 */
export class ResumePoint {
  readonly #goesOn: GoesOn
  #parser: SseParser
  #id = ''
  #delivered = 0
  #last: SseEvent | undefined
  #first: { id: string; mark: number } | undefined

  /** How many events stand behind the place where the source would go on, and their sum. `behind-last`: none. */
  #behind = 0
  #sum = 0
  /** The mark of the event that brought the id. */
  #bearer: number | undefined

  /** Of this connection: what still comes once more, and the sum of what did. */
  #again = 0
  #againSum = 0
  #untouched = false
  /** An event without an id has the one that stood before the break. */
  #inherits = false

  constructor(goesOn: GoesOn, parser: SseParser) {
    this.#goesOn = goesOn
    this.#parser = parser
  }

  get position(): StreamPosition {
    const lastEventId = this.#goesOn === 'at-start' ? '' : this.#id
    return { lastEventId, delivered: this.#delivered, last: this.#last }
  }

  /** Events that were delivered before are still expected: a body that ends here is not whole. */
  get behindhand(): boolean {
    return this.#again > 0
  }

  /** The source can be asked to go on from here. */
  get reachable(): boolean {
    return this.#delivered === 0 || this.#goesOn !== 'behind-id' || this.#id !== ''
  }

  /** The connection is lost. A block without data may have brought an id last. */
  leave(): void {
    if (this.#again === 0) this.#stand(this.#standing())
  }

  /** A new connection, read by this parser. */
  enter(parser: SseParser): void {
    this.#parser = parser
    this.#again = this.#behind
    this.#againSum = 0
    this.#untouched = true
    this.#inherits = this.#goesOn !== 'at-start'
  }

  /**
   * An event, while its parser emits it. False: it was delivered before.
   *
   * @throws SluiceError `upstream_protocol` when the source does not tell again what it told before
   */
  take(event: SseEvent): boolean {
    const before = this.#standing()
    if (event.id !== '' || this.#parser.lastEventId !== '') this.#inherits = false
    if (this.#untouched) {
      this.#untouched = false
      if (this.#isFirst(event)) throw other('the source does not go on but begins anew')
      if (this.#isBearer(event)) return false
    }
    if (this.#again > 0) {
      this.#check(event)
      return false
    }
    this.#stand(before)
    // The event was made for this reader alone, so the id may be written into it.
    if (this.#inherits) event.id = this.#id
    if (this.#goesOn === 'behind-id' && event.id !== this.#id) this.#stand(event.id)
    else if (this.#goesOn === 'at-start' || (this.#goesOn === 'behind-id' && event.id !== '')) this.#count(event)
    this.#id = event.id
    this.#first ??= { id: event.id, mark: markOf(event) }
    this.#delivered++
    this.#last = event
    return true
  }

  /** The id that stands before the block at hand. */
  #standing(): string {
    return this.#inherits && this.#parser.lastEventId === '' ? this.#id : this.#parser.lastEventId
  }

  /** The id that stands now. With another one than before, nothing stands behind it yet. */
  #stand(id: string): void {
    if (id === this.#id) return
    this.#id = id
    if (this.#goesOn !== 'behind-id') return
    this.#behind = 0
    this.#sum = 0
    this.#bearer = undefined
  }

  #count(event: SseEvent): void {
    if (this.#behind === 0 && this.#last?.id === this.#id) this.#bearer = markOf(this.#last)
    this.#behind++
    this.#sum = add(this.#sum, event)
  }

  /**
   * Some sources go on at the event that was named and not behind it. It is known by its id, which must be its own, and
   * by what it says, since a source may also give an id to more than one event.
   */
  #isBearer(event: SseEvent): boolean {
    if (this.#goesOn !== 'behind-id' || event.id === '' || event.id !== this.#id || this.#delivered === 0) return false
    const bearer = this.#behind > 0 ? this.#bearer : this.#last?.id === this.#id ? markOf(this.#last) : undefined
    return bearer === markOf(event)
  }

  #check(event: SseEvent): void {
    const foreign = this.#goesOn === 'behind-id' && event.id !== '' && event.id !== this.#id
    this.#againSum = add(this.#againSum, event)
    if (--this.#again > 0 && !foreign) return
    if (!foreign && this.#againSum === this.#sum) return
    throw other(`of the ${this.#behind} events that the source had to send once more some are others than before`)
  }

  /** A source that knows nothing of `Last-Event-ID` tells everything from the start. */
  #isFirst(event: SseEvent): boolean {
    const first = this.#first
    if (this.#goesOn !== 'behind-id' || !first || event.id === '' || event.id === this.#id) return false
    return event.id === first.id && markOf(event) === first.mark
  }
}

function other(found: string): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot take the stream up again: ${found}; nothing more is read, since it would be lost or doubled`,
  )
}

function add(sum: number, event: SseEvent): number {
  return (Math.imul(sum, 31) + markOf(event)) | 0
}

/**
 * A number for what an event says. At most 32 characters are looked at, evenly spread: the count does the work, this
 * only finds a source out that tells another story, and that needs no second look at every character.
 */
function markOf({ event, data }: SseEvent): number {
  let mark = event.length ^ Math.imul(data.length, 0x9e3779b1)
  const step = Math.max(1, data.length / 32)
  for (let at = 0; at < data.length; at += step) mark = Math.imul(mark ^ data.charCodeAt(Math.floor(at)), 0x01000193)
  return mark
}
