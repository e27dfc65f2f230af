import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import { type FinishReason, isJsonObject, type JsonObject, mergeUsage, type Usage } from '../../tokens/index.ts'
import type { ObserveOptions, StreamObserver } from '../dialect.ts'
import { parse, text } from '../lenient.ts'
import { decodeErrorEvent, errorBody } from './error.ts'
import { UsageReader } from './usage.ts'
import { stopReasons } from './wire.ts'

/**
 * Reads along with a stream that goes out as it came in. Deltas are only counted: once content has been seen, none of
 * them is parsed, only checked to begin as an object does.
 */
export class MessagesObserver implements StreamObserver {
  content = false
  finished = false
  done = false
  error: SluiceError | undefined
  usage: Usage | undefined
  finish: FinishReason | undefined
  model: string | undefined
  deltas = 0
  #started = false
  #finishData: string | undefined
  readonly #open = new Set<number>()
  readonly #reader = new UsageReader()
  readonly #requestId: string | undefined

  constructor(options: ObserveOptions) {
    this.#requestId = options.requestId
  }

  see(event: SseEvent): boolean {
    if (this.done || this.error) return false
    if (this.content && event.event === 'content_block_delta' && event.data.charCodeAt(0) === 0x7b) {
      this.deltas++
      return true
    }
    if (event.event === 'ping' || event.data === '[DONE]') return true
    const data = parse(event.data)
    if (!isJsonObject(data)) {
      this.error = new SluiceError(
        'upstream_protocol',
        `cannot read the answer: the data of an event is no JSON object: ${event.data.slice(0, 120)}`,
      )
      return false
    }
    return this.#see(data, event.data)
  }

  complete(): SseMessage[] {
    if (this.done) return []
    this.done = true
    return [...this.#stops(), { event: 'message_stop', data: '{"type":"message_stop"}' }]
  }

  fail(error: SluiceError): SseMessage[] {
    if (this.done) return []
    this.done = true
    return [
      ...this.#stops(),
      { event: 'error', data: JSON.stringify(errorBody(error, error.upstream?.requestId ?? this.#requestId)) },
    ]
  }

  #stops(): SseMessage[] {
    const stops = [...this.#open].map((index) => ({
      event: 'content_block_stop',
      data: `{"type":"content_block_stop","index":${index}}`,
    }))
    this.#open.clear()
    return stops
  }

  #see(data: JsonObject, raw: string): boolean {
    const index = typeof data.index === 'number' ? data.index : 0
    switch (data.type) {
      case 'message_start': {
        // A second envelope would end the first one's message for the client.
        if (this.#started) return false
        this.#started = true
        const message = isJsonObject(data.message) ? data.message : {}
        this.model = text(message, 'model')
        this.#count(message.usage)
        return true
      }
      case 'content_block_start':
        this.#open.add(index)
        if (isJsonObject(data.content_block) && hasContent(data.content_block)) this.content = true
        return true
      case 'content_block_delta':
        if (isJsonObject(data.delta) && Object.entries(data.delta).some(([key, value]) => key !== 'type' && value)) {
          this.content = true
          this.deltas++
        }
        return true
      case 'content_block_stop':
        this.#open.delete(index)
        return true
      case 'message_delta': {
        this.#count(data.usage)
        const native = isJsonObject(data.delta) ? text(data.delta, 'stop_reason') : undefined
        if (native) {
          // A finish that is said twice in the same words tells nothing; one that tells more is the vendor's right.
          if (raw === this.#finishData) return false
          this.#finishData = raw
          this.finished = true
          this.content = true
          this.finish = stopReasons.get(native) ?? 'unknown'
        }
        return true
      }
      case 'message_stop':
        this.done = true
        this.finished = true
        return true
      case 'error':
        this.error = decodeErrorEvent(data)
        return false
      default:
        if (typeof data.type === 'string' || !isJsonObject(data.error)) return true
        this.error = decodeErrorEvent(data)
        return false
    }
  }

  #count(usage: unknown): void {
    if (isJsonObject(usage)) this.usage = mergeUsage(this.usage, this.#reader.read(usage))
  }
}

/** Whether the start of a block is an answer already: everything but an empty text or thinking block. */
function hasContent(block: JsonObject): boolean {
  if (block.type === 'text') return Boolean(block.text)
  return block.type !== 'thinking' || Boolean(block.thinking) || Boolean(block.signature)
}
