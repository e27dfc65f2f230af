import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { type Finish, isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { parse, rest, text } from '../lenient.ts'
import { type Block, blockOf, textBlock, thinkingBlock } from './decode-block.ts'
import { decodeErrorEvent } from './error.ts'
import { UsageReader, unknownUsage } from './usage.ts'
import { dialect, messageFields, stopReasons, type WireEvent } from './wire.ts'
import { unwrap, wrapped, wrappedError } from './wrapped-event.ts'

const stopFields: ReadonlySet<string> = new Set(['stop_reason', 'stop_sequence', 'stop_details'])
const deltaFields: ReadonlySet<string> = new Set(['type', 'delta', 'usage'])

/**
 * Messages events to tokens. Forgiving where nothing is lost by it (a second `message_start`, missing stops, a text
 * delta without its start), strict where something would be: data that is not JSON, and input for a tool call that
 * was never opened, end the stream with an error.
 */
export class MessagesDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  /** Open blocks by their index on the wire. */
  readonly #open = new Map<number, Block>()
  /** The block that the last delta was for: the next one is most likely for it too. */
  #current: Block | undefined
  #blocks = 0
  #started = false
  #called = false
  #finish: Finish | undefined
  readonly #usage = new UsageReader()
  #done = false
  #failed = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  get finished(): boolean {
    return this.#finish !== undefined
  }

  get done(): boolean {
    return this.#done
  }

  push(sent: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#done || this.#failed) return
    const event = sent.event === wrapped ? (unwrap(sent) ?? sent) : sent
    const current = this.#current
    if (current !== undefined) {
      const piece = current.shape?.match(event.data)
      if (piece !== undefined) {
        current.delta(piece, emit)
        return
      }
    }
    if (event.event === 'ping' || event.data === '[DONE]') return
    const parsed = parse(event.data)
    if (!isJsonObject(parsed) || typeof parsed.type !== 'string') {
      if (isJsonObject(parsed) && isJsonObject(parsed.error)) {
        this.#break(decodeErrorEvent(parsed), emit)
        return
      }
      const error = wrappedError(event)
      if (error) {
        this.#break(error, emit)
        return
      }
      this.#break(protocol(`the data of an event is no Messages event: ${event.data.slice(0, 120)}`), emit)
      return
    }
    this.read(parsed as WireEvent, event.data, emit)
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#done || this.#failed) return
    if (this.#finish) {
      this.#stop(emit)
      return
    }
    this.#break(
      new SluiceError('upstream_truncated', 'cannot finish the answer: the stream ended before its message_stop'),
      emit,
    )
  }

  /** One parsed event. `data` is its text, for what is passed on unread. */
  read(event: WireEvent, data: string, emit: Emit<StreamToken>): void {
    switch (event.type) {
      case 'message_start':
        this.#messageStart(isJsonObject(event.message) ? event.message : {}, emit)
        return
      case 'content_block_start':
        this.#blockStart(event, emit)
        return
      case 'content_block_delta':
        this.#blockDelta(event, data, emit)
        return
      case 'content_block_stop':
        this.#close(indexOf(event), emit)
        return
      case 'message_delta':
        this.#messageDelta(event, emit)
        return
      case 'message_stop':
        this.#stop(emit)
        return
      case 'ping':
        return
      case 'error':
        this.#break(decodeErrorEvent(event), emit)
        return
      default:
        this.#start({}, emit)
        emit({ type: 'raw', dialect, event: event.type, data })
    }
  }

  #messageStart(message: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#start(message, emit)
    const usage = isJsonObject(message.usage) ? message.usage : undefined
    if (usage) emit({ type: 'usage', usage: this.#usage.read(usage) })
    this.#metadata({ delta: rest(message, messageFields), usage: usage && unknownUsage(usage) }, emit)
  }

  #start(message: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#started = true
    const id = text(message, 'id')
    const model = text(message, 'model')
    emit({ type: 'message-start', ...(id && { id }), ...(model && { model }) })
  }

  #blockStart(event: WireEvent, emit: Emit<StreamToken>): void {
    const content = event.content_block
    if (!isJsonObject(content) || typeof content.type !== 'string') {
      this.#break(protocol('a content_block_start has no content_block with a type'), emit)
      return
    }
    if (content.type === 'tool_use' && !text(content, 'name')) {
      this.#break(protocol('a tool call has no name, so it cannot be run'), emit)
      return
    }
    const wireIndex = indexOf(event)
    // One block is open at a time here. A text or thinking block whose stop is missing ends where the next begins; a
    // tool call stays open, since a late fragment of its input could not be given to any other block.
    for (const [at, block] of this.#open) {
      if (at === wireIndex || block.kind === 'text' || block.kind === 'thinking') this.#close(at, emit)
    }
    this.#add(wireIndex, blockOf(content, wireIndex, this.#blocks++, this.#options), emit)
  }

  #blockDelta(event: WireEvent, data: string, emit: Emit<StreamToken>): void {
    const delta = isJsonObject(event.delta) ? event.delta : {}
    const wireIndex = indexOf(event)
    let block = this.#open.get(wireIndex)
    const kind = deltaKinds.get(text(delta, 'type') ?? '')
    if (kind === 'input') {
      if (block?.kind !== 'input') {
        this.#break(protocol(`an input_json_delta came for block ${wireIndex}, which is no open tool call`), emit)
        return
      }
    } else if (kind !== undefined && block?.kind !== kind) {
      if (block) this.#close(wireIndex, emit)
      const start = kind === 'text' ? textBlock : thinkingBlock
      block = start({}, wireIndex, this.#blocks++, this.#options)
      this.#add(wireIndex, block, emit)
    }
    if (block?.read(delta, data, emit)) {
      this.#current = block
      return
    }
    this.#start({}, emit)
    emit({ type: 'raw', dialect, event: event.type, data })
  }

  #messageDelta(event: WireEvent, emit: Emit<StreamToken>): void {
    this.#start({}, emit)
    const delta = isJsonObject(event.delta) ? event.delta : {}
    const usage = isJsonObject(event.usage) ? event.usage : undefined
    if (usage) emit({ type: 'usage', usage: this.#usage.read(usage) })
    const native = text(delta, 'stop_reason')
    if (native) {
      const stopSequence = text(delta, 'stop_sequence')
      const details = delta.stop_details
      this.#finish = {
        reason: stopReasons.get(native) ?? 'unknown',
        native,
        ...(stopSequence !== undefined && { stopSequence }),
        ...(isJsonObject(details) && { details }),
      }
    }
    this.#metadata(
      { ...rest(event, deltaFields), delta: rest(delta, stopFields), usage: usage && unknownUsage(usage) },
      emit,
    )
  }

  #metadata(found: JsonObject, emit: Emit<StreamToken>): void {
    const fields = rest(found, new Set())
    if (fields) emit({ type: 'metadata', dialect, choice: 0, fields })
  }

  #add(wireIndex: number, block: Block, emit: Emit<StreamToken>): void {
    this.#start({}, emit)
    if (block.call) this.#called = true
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

  #stop(emit: Emit<StreamToken>): void {
    this.#start({}, emit)
    for (const at of [...this.#open.keys()]) this.#close(at, emit)
    const finish: Finish = this.#finish ?? { reason: 'unknown' }
    if (this.#called && (finish.reason === 'stop' || finish.reason === 'unknown')) finish.reason = 'tool_calls'
    this.#done = true
    emit({ type: 'finish', choice: 0, ...finish })
  }

  #break(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#failed = true
    emit({ type: 'error', error })
  }
}

const deltaKinds: ReadonlyMap<string, Block['kind']> = new Map([
  ['text_delta', 'text'],
  ['citations_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'thinking'],
  ['input_json_delta', 'input'],
])

function indexOf(event: WireEvent): number {
  return typeof event.index === 'number' ? event.index : 0
}

function protocol(found: string): SluiceError {
  return new SluiceError('upstream_protocol', `cannot read the answer: ${found}`)
}
