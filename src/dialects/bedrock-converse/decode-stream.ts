import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { AwsEvent } from '../../framing/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { type Finish, isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { parse, text } from '../lenient.ts'
import { type Block, callBlock, imageBlock, kindOf, reasoningBlock, textBlock } from './decode-block.ts'
import { decodeException } from './error.ts'
import { decodeUsage } from './usage.ts'
import { dialect, stopReasons, type WirePayload } from './wire.ts'

/**
 * Converse events to tokens. Forgiving where nothing is lost by it (missing starts and stops of text and reasoning, a
 * missing `messageStart`, counts that come before the stop or not at all), strict where something would be: a payload
 * that is no JSON object, input for a call that was never opened, and content behind the stop, end the stream with an
 * error.
 */
export class ConverseDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  /** Open blocks by their index on the wire. */
  readonly #open = new Map<number, Block>()
  /** The block that the last delta was for: the next one is most likely for it too. */
  #current: Block | undefined
  #blocks = 0
  #started = false
  #called = false
  #finished = false
  #counted = false
  #failed = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  get finished(): boolean {
    return this.#finished
  }

  /** There is no end marker: the last thing to come is the counts, which stand behind the stop. */
  get done(): boolean {
    return this.#finished && this.#counted
  }

  push(event: SseEvent | AwsEvent, emit: Emit<StreamToken>): void {
    if (this.#failed || this.done) return
    const { data } = event
    const current = this.#current
    if (current?.shape !== undefined && event.event === 'contentBlockDelta') {
      const piece = current.shape.match(data)
      if (piece !== undefined) {
        current.delta(piece, emit)
        return
      }
    }
    const payload = data === '' ? {} : parse(data)
    if ('kind' in event && event.kind !== 'event') {
      this.#break(exceptionOf(event, isJsonObject(payload) ? payload : {}), emit)
    } else if (isJsonObject(payload)) {
      this.read(event.event, payload as WirePayload, data, emit)
    } else {
      this.#break(protocol(`the payload of ${event.event || 'an event'} is no JSON object`), emit)
    }
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#failed || this.#finished) return
    this.#break(
      new SluiceError('upstream_truncated', 'cannot finish the answer: the stream ended before its messageStop'),
      emit,
    )
  }

  /** One parsed event. `data` is its text, for what is passed on unread. */
  read(event: string, payload: WirePayload, data: string, emit: Emit<StreamToken>): void {
    switch (event) {
      case 'messageStart':
        this.#start(emit)
        return
      case 'contentBlockStart':
        this.#blockStart(payload, data, emit)
        return
      case 'contentBlockDelta':
        this.#blockDelta(payload, data, emit)
        return
      case 'contentBlockStop':
        this.#close(indexOf(payload), emit)
        return
      case 'messageStop':
        this.#stop(payload, emit)
        return
      case 'metadata':
        this.#metadata(payload, emit)
        return
      default:
        this.#raw(event, data, emit)
    }
  }

  #start(emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#started = true
    emit({ type: 'message-start' })
  }

  #blockStart(payload: WirePayload, data: string, emit: Emit<StreamToken>): void {
    const wireIndex = indexOf(payload)
    const start = isJsonObject(payload.start) ? payload.start : {}
    // One that holds nothing is that of a block which shows by its deltas what it is.
    if (Object.keys(start).length === 0) return
    if (isJsonObject(start.toolUse)) {
      if (!text(start.toolUse, 'name')) {
        this.#break(protocol('a tool call has no name, so it cannot be run'), emit)
        return
      }
      this.#add(wireIndex, callBlock(start.toolUse, this.#blocks++, this.#options), emit)
    } else if (isJsonObject(start.image)) {
      this.#add(wireIndex, imageBlock(start.image, this.#blocks++), emit)
    } else {
      this.#raw('contentBlockStart', data, emit)
    }
  }

  #blockDelta(payload: WirePayload, data: string, emit: Emit<StreamToken>): void {
    const wireIndex = indexOf(payload)
    const delta = isJsonObject(payload.delta) ? payload.delta : {}
    const kind = kindOf(delta)
    let block = this.#open.get(wireIndex)
    if (kind !== undefined && block?.kind !== kind) {
      if (kind === 'call') {
        this.#break(protocol(`input came for block ${wireIndex}, which is no open tool call`), emit)
        return
      }
      block = this.#make(kind)
      this.#add(wireIndex, block, emit)
      if (this.#failed) return
    }
    if (kind !== undefined && block?.read(delta, data, emit)) this.#current = block
    else this.#raw('contentBlockDelta', data, emit)
  }

  #make(kind: 'text' | 'reasoning' | 'image'): Block {
    const index = this.#blocks++
    if (kind === 'text') return textBlock(index)
    return kind === 'reasoning' ? reasoningBlock(index, this.#options) : imageBlock({}, index)
  }

  #add(wireIndex: number, block: Block, emit: Emit<StreamToken>): void {
    if (this.#finished) {
      this.#break(protocol('content came behind its messageStop'), emit)
      return
    }
    this.#start(emit)
    // Text or reasoning whose stop is missing ends where the next block begins; a call stays open, since a late
    // fragment of its input could not be given to any other block.
    for (const [at, other] of this.#open) if (at === wireIndex || other.kind !== 'call') this.#close(at, emit)
    if (block.kind === 'call') this.#called = true
    this.#open.set(wireIndex, block)
    this.#current = block
    block.start(emit)
  }

  #close(wireIndex: number, emit: Emit<StreamToken>): void {
    const block = this.#open.get(wireIndex)
    if (!block) return
    this.#open.delete(wireIndex)
    if (this.#current === block) this.#current = undefined
    block.end(emit)
  }

  /** The finish leaves at once: what comes behind it are only counts. */
  #stop(payload: WirePayload, emit: Emit<StreamToken>): void {
    if (this.#finished) return
    this.#start(emit)
    for (const at of [...this.#open.keys()]) this.#close(at, emit)
    this.#finished = true
    emit({ type: 'finish', choice: 0, ...finishOf(payload, this.#called) })
  }

  #metadata(payload: WirePayload, emit: Emit<StreamToken>): void {
    this.#start(emit)
    this.#counted = true
    const { usage, serviceTier, trace } = payload
    if (isJsonObject(usage)) emit({ type: 'usage', usage: decodeUsage(usage, serviceTier) })
    if (isJsonObject(trace)) emit({ type: 'metadata', dialect, choice: 0, fields: { trace } })
  }

  #raw(event: string, data: string, emit: Emit<StreamToken>): void {
    this.#start(emit)
    emit({ type: 'raw', dialect, event, data })
  }

  #break(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#failed = true
    emit({ type: 'error', error })
  }
}

function finishOf({ stopReason, additionalModelResponseFields: fields }: WirePayload, called: boolean): Finish {
  const reason = stopReasons.get(stopReason ?? '') ?? 'unknown'
  const ended = reason === 'stop' || reason === 'unknown'
  // The matched text is not part of the API; some models say it among their own fields, where those are asked for.
  const stopSequence = isJsonObject(fields)
    ? (text(fields, 'stop_sequence') ?? (isJsonObject(fields.delta) ? text(fields.delta, 'stop_sequence') : undefined))
    : undefined
  return {
    reason: ended && called ? 'tool_calls' : reason,
    ...(typeof stopReason === 'string' && { native: stopReason }),
    ...(stopSequence !== undefined && { stopSequence }),
  }
}

/** An exception is described by the API and has a payload; any other error says all in its headers. */
function exceptionOf({ kind, event, headers }: AwsEvent, payload: JsonObject): SluiceError {
  if (kind === 'exception') return decodeException(event, payload)
  return decodeException(event, { message: String(headers[':error-message'] ?? ''), ...payload })
}

function indexOf(payload: WirePayload): number {
  return typeof payload.contentBlockIndex === 'number' ? payload.contentBlockIndex : 0
}

function protocol(found: string): SluiceError {
  return new SluiceError('upstream_protocol', `cannot read the answer: ${found}`)
}
