import { Buffer } from 'node:buffer'
import type { StreamFraming, StreamObserver } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { Pieces } from '../../flow/index.ts'
import { eventParser, isWholeData } from '../../pipeline/index.ts'
import type { EventParser, SseEvent, SseMessage } from '../../sse/index.ts'
import { interrupted } from './interrupted.ts'
import { holdLimit, newProgress, type Progress, type Relay, type StreamRelayOptions } from './relay.ts'

export interface UntouchedOptions extends StreamRelayOptions {
  /** How the events are wrapped, at both ends. */
  framing: StreamFraming
  /** Reads along. */
  observer: StreamObserver
  /** A fresh observer, to read one event again. */
  newObserver: () => StreamObserver
}

/**
 * A stream whose both ends speak one dialect: the upstream's bytes go on as they are, in one write a read. Only whole
 * events go (what follows the last blank line waits for the next read), so that a sign of life or an error can always
 * stand between two of them.
 *
 * The observer reads the same bytes as one-byte text, which costs no copy of the event and whose positions are byte
 * positions. All it looks for is ASCII.
 */
export class UntouchedRelay implements Relay {
  readonly progress: Progress = newProgress()
  readonly #options: UntouchedOptions
  readonly #parser: EventParser
  /** Bytes that wait for the blank line behind them, in the order they came. */
  readonly #carry = new Pieces()
  /** Whole events that can be written. */
  #ready: Uint8Array[] = []
  #readyBytes = 0
  /** How many of them have been copied, while they are held. */
  #kept = 0
  #events = 0
  #holding = true
  /** An event is a line. What is blank between two of them means nothing, and clients take every line for one. */
  readonly #byLine: boolean

  /** Of the chunk at hand: how far it has been dealt with, and where its last event ended. */
  #chunk: Uint8Array = empty
  #from = 0
  #lastEnd = 0

  constructor(options: UntouchedOptions) {
    this.#options = options
    const { framing, maxEventBytes } = options
    this.#byLine = framing.name === 'ndjson'
    this.#parser = eventParser(framing.name, { maxEventBytes, decode: oneByteText })
  }

  data(chunk: Uint8Array): void {
    if (this.progress.over) return
    this.#chunk = chunk
    this.#from = 0
    this.#lastEnd = 0
    try {
      this.#parser.push(chunk, this.#event)
    } catch (error) {
      this.fail(SluiceError.from(error))
      return
    }
    if (this.progress.over) return
    const { done } = this.#options.observer
    this.#take(done || this.#byLine ? this.#lastEnd : this.#parser.border)
    if (this.#byLine && this.#carry.length === 0) this.#skipBlank()
    // What waits for a later read is copied: it is the beginning of one event, or of none.
    if (this.#from < chunk.length) this.#carry.push(Buffer.from(chunk.subarray(this.#from)))
    this.#chunk = empty
    this.#note()
    if (!done) return
    // The read ended between the CR and the LF of the last line. The LF can only be that one, so nobody waits for it.
    if (chunk[this.#from - 1] === cr && Buffer.concat(this.#ready).at(-2) === lf) this.#push(Buffer.from('\n'))
    this.#close()
  }

  flush(): void {
    if (this.#readyBytes === 0) return
    if (this.#holding) {
      this.#keep()
      return
    }
    const ready = this.#ready
    this.#ready = []
    this.#readyBytes = 0
    this.#options.answer.write(ready)
  }

  end(): void {
    if (this.progress.over) return
    try {
      this.#endTail()
    } catch (error) {
      // Behind the finish a torn tail has taken nothing of the answer along.
      if (!this.#options.observer.finished) this.fail(SluiceError.from(error))
    }
    if (this.progress.over) return
    const { observer } = this.#options
    if (observer.done || observer.finished) {
      this.#close()
      return
    }
    this.fail(
      new SluiceError(
        'upstream_truncated',
        'the answer of the provider ended before its end marker; what came so far is not whole',
      ),
    )
  }

  fail(fault: SluiceError): void {
    if (this.progress.over) return
    this.progress.over = true
    if (this.#holding) {
      this.progress.error = fault
      this.#options.onFailure(fault)
      return
    }
    const error = interrupted(fault)
    this.progress.error = error
    this.flush()
    this.#options.answer.fail(error, {}, () => this.#written(this.#options.observer.fail(error)))
  }

  /** A last event whose blank line is missing, if it is whole. */
  #endTail(): void {
    const carry = this.#carry.whole()
    this.#carry.take()
    if (carry.length === 0) return
    // Only the LF of the last line's CR, which went out with an earlier read.
    if (carry.length === 1 && carry[0] === lf && !this.#byLine) {
      this.#push(carry)
      return
    }
    const tail: SseEvent[] = []
    const { framing, maxEventBytes, observer } = this.#options
    const parser = eventParser(framing.name, { maxEventBytes, flushTail: true, decode: oneByteText })
    parser.push(carry, (event) => tail.push(event))
    parser.end((event) => tail.push(event))
    for (const event of tail) {
      if (!isWholeData(event.data)) return
      const shown = observer.see(event)
      if (observer.error) {
        this.#note()
        this.fail(this.#readError(event) ?? observer.error)
        return
      }
      if (shown) this.#push(Buffer.concat([carry, Buffer.from(framing.border)]))
      else this.#pushInstead()
    }
    this.#note()
  }

  #close(): void {
    if (this.progress.over) return
    // A finish without content is an answer. An end marker without either ends nothing.
    if (this.#holding && !this.#options.observer.finished) {
      this.fail(
        new SluiceError(
          'upstream_truncated',
          'the answer of the provider is only its end marker; nothing came before it',
        ),
      )
      return
    }
    this.#release()
    this.progress.over = true
    this.flush()
    const { answer, observer } = this.#options
    if (!observer.done) answer.write(this.#written(observer.complete()))
    answer.end()
  }

  readonly #event = (event: SseEvent): void => {
    const { observer } = this.#options
    // What stands behind the end marker is no part of the answer, even in the same read.
    if (this.progress.over || observer.done) return
    if (this.#byLine) this.#dropBlank(event)
    const shown = observer.see(event)
    if (observer.error) {
      this.#take(this.#lastEnd)
      this.#note()
      this.fail(this.#readError(event) ?? observer.error)
      return
    }
    if (!shown) {
      // Everything before it goes, it and what stands directly before it does not.
      this.#take(this.#lastEnd)
      this.#carry.take()
      this.#from = event.end
      this.#pushInstead()
    }
    this.#lastEnd = event.end
    this.#events++
  }

  /** Leaves out what stands between the line before and this one; of a line that began in an earlier read nothing does. */
  #dropBlank({ data, end }: SseEvent): void {
    const start = end - data.length - (this.#chunk[end - 2] === cr ? 2 : 1)
    if (start <= Math.max(this.#lastEnd, this.#from)) return
    this.#take(this.#lastEnd)
    this.#from = start
  }

  #skipBlank(): void {
    while (this.#from < this.#chunk.length && this.#chunk[this.#from]! <= 0x20) this.#from++
  }

  /** What is held goes out in a later turn, when the bytes of this read are gone. */
  #keep(): void {
    if (this.#kept === this.#ready.length) return
    for (let i = this.#kept; i < this.#ready.length; i++) this.#ready[i] = Buffer.from(this.#ready[i]!)
    this.#kept = this.#ready.length
  }

  /** Moves what stands before `border` to the bytes that can be written. */
  #take(border: number): void {
    if (border <= this.#from) return
    if (this.#carry.length > 0) for (const piece of this.#carry.take()) this.#push(piece)
    const whole = this.#from === 0 && border === this.#chunk.length
    this.#push(whole ? this.#chunk : this.#chunk.subarray(this.#from, border))
    this.#from = border
  }

  #pushInstead(): void {
    const { framing, observer } = this.#options
    if (observer.instead) this.#push(Buffer.from(framing.write(observer.instead), 'latin1'))
  }

  #written(messages: SseMessage[]): string {
    return messages.map((message) => this.#options.framing.write(message)).join('')
  }

  #push(bytes: Uint8Array): void {
    this.#ready.push(bytes)
    this.#readyBytes += bytes.length
  }

  #note(): void {
    const { progress } = this
    const { observer } = this.#options
    progress.deltas = observer.deltas
    progress.finished = observer.finished
    progress.usage = observer.usage
    progress.finish = observer.finish
    progress.model = observer.model
    if (!this.#holding) return
    if (!observer.content && this.#events < holdLimit.events && this.#readyBytes < holdLimit.bytes) return
    this.#release()
  }

  #release(): void {
    if (!this.#holding) return
    this.#holding = false
    this.progress.committed = true
    this.#options.onContent()
  }

  /** The error of an event, read again as UTF-8: its message is for people. */
  #readError(event: SseEvent): SluiceError | undefined {
    const observer = this.#options.newObserver()
    observer.see({ ...event, data: Buffer.from(event.data, 'latin1').toString('utf8') })
    return observer.error
  }
}

const lf = 0x0a
const cr = 0x0d
const empty = new Uint8Array(0)

function oneByteText(bytes: Uint8Array): string {
  // Reads are Buffers already; a new view of each would cost as much as its text.
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.toString('latin1')
}
