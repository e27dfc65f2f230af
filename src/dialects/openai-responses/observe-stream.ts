import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import { type FinishReason, isJsonObject, type JsonObject, type Usage } from '../../tokens/index.ts'
import type { ObserveOptions, StreamObserver } from '../dialect.ts'
import { filled, parse } from '../lenient.ts'
import { findValue, setValue } from '../splice.ts'
import { eventError, failedError, isError } from './error.ts'
import { decodeFinish, isCall } from './finish.ts'
import { ResponseBody } from './response-body.ts'
import { decodeUsage } from './usage.ts'

/**
 * Reads along with a stream that goes out as it came in. Deltas are only counted: once content has been seen, none of
 * them is parsed, only checked to begin as an object does.
 */
export class ResponsesObserver implements StreamObserver {
  content = false
  finished = false
  done = false
  error: SluiceError | undefined
  usage: Usage | undefined
  finish: FinishReason | undefined
  model: string | undefined
  deltas = 0
  instead: SseMessage | undefined
  readonly #requestId: string | undefined
  #id: string | undefined
  #created = 0
  #started = false
  #called = false
  /** The event that was seen last: its number is what an event of sluice's own goes on from. */
  #last = ''
  /** The events of the items that are done, for a last event without them. It would have said as much again. */
  readonly #done: string[] = []

  constructor(options: ObserveOptions) {
    this.#requestId = options.requestId
  }

  see(event: SseEvent): boolean {
    if (this.done || this.error) return false
    if (this.content && event.event.endsWith('.delta') && event.data.charCodeAt(0) === 0x7b) {
      this.deltas++
      this.#last = event.data
      return true
    }
    if (event.data === '[DONE]') return true
    const data = parse(event.data)
    if (!isJsonObject(data)) {
      this.error = new SluiceError(
        'upstream_protocol',
        `cannot read the answer: the data of an event is no JSON object: ${event.data.slice(0, 120)}`,
      )
      return false
    }
    const type = filled(data.type) ?? event.event
    const shown = this.#see(data, type)
    if (shown) this.#last = event.data
    if (type === 'response.output_item.done') this.#done.push(event.data)
    if (!this.done || this.#done.length === 0 || !lacksOutput(data)) return shown
    this.instead = { event: type, data: this.#completed(event.data), json: true }
    return false
  }

  complete(): SseMessage[] {
    this.done = true
    return []
  }

  fail(error: SluiceError): SseMessage[] {
    if (this.done) return []
    this.done = true
    const body = new ResponseBody({
      id: this.#id ?? `resp_${this.#requestId ?? ''}`,
      created: this.#created,
      model: this.model ?? '',
      kept: undefined,
    })
    let number = this.#nextNumber()
    const write = (type: string, response: string): SseMessage => ({
      event: type,
      data: `{"type":"${type}","response":${response},"sequence_number":${number++}}`,
    })
    const failed = body.over({ status: 'failed', error, output: [], usage: this.usage })
    const start = this.#started ? [] : [write('response.created', body.running())]
    return [...start, write('response.failed', failed)]
  }

  /**
   * The last event with the items in it that were done before: its readers take the answer from there. Put together
   * of what was written, since the characters of a stream that is read along may each be a byte.
   */
  #completed(text: string): string {
    const place = (event: string): number => Number(textAt(event, 'output_index') ?? 0)
    const events = this.#done.toSorted((a, b) => place(a) - place(b))
    const output = events.flatMap((event) => textAt(event, 'item') ?? [])
    const response = setValue(textAt(text, 'response') ?? '{}', 'output', `[${output.join(',')}]`)
    return setValue(text, 'response', response)
  }

  #nextNumber(): number {
    const last = parse(this.#last)
    return isJsonObject(last) && typeof last.sequence_number === 'number' ? last.sequence_number + 1 : 0
  }

  #see(data: JsonObject, type: string): boolean {
    const response = isJsonObject(data.response) ? data.response : {}
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#started = true
        this.#about(response)
        return true
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#item(data)
        return true
      case 'response.completed':
      case 'response.incomplete':
        this.#end(response, type)
        return true
      case 'response.failed':
        if (isJsonObject(response.usage)) this.usage = decodeUsage(response.usage)
        this.error = failedError(response)
        return false
      // Older clients stumble over this event of OpenAI's, and a comment does the same.
      case 'keepalive':
        return false
    }
    if (isError(data)) {
      this.error = eventError(data)
      return false
    }
    if (type.endsWith('.delta') && data.delta) {
      this.content = true
      this.deltas++
    }
    return true
  }

  #about(response: JsonObject): void {
    this.#id ??= filled(response.id)
    this.model = filled(response.model) ?? this.model
    if (typeof response.created_at === 'number') this.#created = response.created_at
  }

  /** A call, or work of a hosted tool, is content from its beginning on; what was said and thought from its first text. */
  #item(data: JsonObject): void {
    const item = isJsonObject(data.item) ? data.item : {}
    if (isCall(item)) this.#called = true
    const empty = data.type === 'response.output_item.added' && (item.type === 'message' || item.type === 'reasoning')
    if (!empty) this.content = true
  }

  #end(response: JsonObject, type: string): void {
    this.#about(response)
    this.content = true
    this.finished = true
    this.done = true
    if (isJsonObject(response.usage)) this.usage = decodeUsage(response.usage)
    if (Array.isArray(response.output) && response.output.some(isCall)) this.#called = true
    const status = type === 'response.completed' ? (filled(response.status) ?? 'completed') : 'incomplete'
    this.finish = decodeFinish(response, status, this.#called).reason
  }
}

function textAt(text: string, key: string): string | undefined {
  const span = findValue(text, key)
  return span && text.slice(span.start, span.end)
}

function lacksOutput({ response }: JsonObject): boolean {
  if (!isJsonObject(response)) return false
  return !Array.isArray(response.output) || response.output.length === 0
}
