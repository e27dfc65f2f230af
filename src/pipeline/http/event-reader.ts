import { SluiceError } from '../../errors/index.ts'
import { type Emit, join, type Stage } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { bodyKind } from '../body-kind.ts'
import { type EventFraming, eventParser } from '../event-parser.ts'
import { LinesOrWhole } from './lines-or-whole.ts'

/** How events stand in a body. `auto`: told by the first bytes and, where these leave it open, by the content type. */
export type FramingName = 'auto' | EventFraming

export interface EventReaderOptions {
  framing: FramingName
  contentType: string | undefined
  maxEventBytes: number
  /** Is shown each event on its way. */
  onEvent?: ((event: SseEvent) => void) | undefined
}

/**
 * The events of any body. Content types lie, so the first byte that is no white space decides; only between one JSON
 * object and objects a line each it cannot, and there the content type is asked first.
 */
export class EventReader implements Stage<Uint8Array, SseEvent> {
  readonly #options: EventReaderOptions
  #framing: Stage<Uint8Array, SseEvent> | undefined
  #object: LinesOrWhole | undefined
  /** The beginning of a byte order mark, torn off what follows it. */
  #head: Uint8Array = nothing

  constructor(options: EventReaderOptions) {
    this.#options = options
    if (options.framing !== 'auto') this.#framing = this.#open(options.framing)
  }

  /** The body is no stream but one JSON text, which is asked for at its end. */
  get whole(): string | undefined {
    return this.#object?.whole
  }

  /** @throws SluiceError `upstream_protocol` for a web page, and what the framing throws */
  push(bytes: Uint8Array, emit: Emit<SseEvent>): void {
    if (this.#framing) {
      this.#framing.push(bytes, emit)
      return
    }
    const begun = this.#head.length === 0 ? bytes : joined(this.#head, bytes)
    if (begun.length < bom.length && begun.every((byte, i) => byte === bom[i])) {
      // No `slice`: that of a Node Buffer is a view.
      this.#head = new Uint8Array(begun)
      return
    }
    this.#head = nothing
    this.#framing = this.#choose(begun)
    this.#framing?.push(begun, emit)
  }

  end(emit: Emit<SseEvent>): void {
    this.#framing?.end?.(emit)
  }

  #choose(bytes: Uint8Array): Stage<Uint8Array, SseEvent> | undefined {
    const type = this.#options.contentType?.toLowerCase() ?? ''
    if (type.startsWith('application/vnd.amazon.eventstream')) return this.#open('aws-event-stream')
    switch (bodyKind(bytes)) {
      case undefined:
        return undefined
      case 'page':
        throw new SluiceError(
          'upstream_protocol',
          'cannot read the answer: it is a web page, not an answer of an API; check the address',
        )
      case 'binary':
        return this.#open('aws-event-stream')
      case 'array':
        return this.#open('json-array')
      case 'object':
        if (/ndjson|jsonl|json-seq|stream\+json/.test(type)) return this.#open('ndjson')
        this.#object = new LinesOrWhole(this.#options.maxEventBytes, () => this.#open('ndjson'))
        return this.#object
      case 'events':
        return this.#open('sse')
    }
  }

  #open(framing: EventFraming): Stage<Uint8Array, SseEvent> {
    const { onEvent, maxEventBytes } = this.#options
    const parser = eventParser(framing, { maxEventBytes, flushTail: true })
    return onEvent ? join(parser, shown(onEvent)) : parser
  }
}

function shown(onEvent: (event: SseEvent) => void): Stage<SseEvent, SseEvent> {
  return {
    push(event, emit) {
      onEvent(event)
      emit(event)
    },
  }
}

const nothing = new Uint8Array(0)
const bom = [0xef, 0xbb, 0xbf]

function joined(head: Uint8Array, bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + bytes.length)
  both.set(head)
  both.set(bytes, head.length)
  return both
}
