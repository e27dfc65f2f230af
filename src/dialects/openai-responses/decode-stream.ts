import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { filled, parse, rest } from '../lenient.ts'
import { openItem } from './decode-item.ts'
import { eventError, failedError, isError } from './error.ts'
import { decodeFinish } from './finish.ts'
import type { Item, ItemOptions } from './item.ts'
import { decodeUsage } from './usage.ts'
import { dialectName, type WireEvent } from './wire.ts'

/** The fields of a response that become tokens of their own, and those that only say the request again. */
const responseFields: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'completed_at',
  'status',
  'error',
  'incomplete_details',
  'model',
  'output',
  'output_text',
  'usage',
  'instructions',
  'tools',
])

const endings: ReadonlyMap<string, string> = new Map([
  ['response.completed', 'completed'],
  ['response.done', 'completed'],
  ['response.incomplete', 'incomplete'],
])

/**
 * Responses events to tokens. Items are told apart by their `output_index`: relays change ids from event to event.
 * Forgiving where nothing is lost by it (missing starts and ends, items that only come whole), strict where something
 * would be: data that is not JSON, and a whole that does not go on from what was streamed of it.
 */
export class ResponsesDecoder implements StreamDecoder {
  readonly #options: ItemOptions
  /** Every item by its place in the output; undefined once it is closed. */
  readonly #items = new Map<number, Item | undefined>()
  /** The place of an item by its id, for servers that do not say the place. */
  readonly #ids = new Map<string, number>()
  /** Where the items of a server are that gives all of them one place. */
  readonly #moved = new Map<number, number>()
  #latest = 0
  /** The item that the last delta was for: the next one is most likely for it too. */
  #current: Item | undefined
  #blocks = 0
  #started = false
  #called = false
  #done = false
  #failed = false

  constructor(options: DecodeOptions) {
    this.#options = { ...options, nextBlock: () => this.#blocks++ }
  }

  get finished(): boolean {
    return this.#done
  }

  get done(): boolean {
    return this.#done
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#done || this.#failed) return
    const current = this.#current
    if (current !== undefined) {
      const piece = current.shape?.match(event.data)
      if (piece !== undefined) {
        current.delta(piece, emit)
        return
      }
    }
    if (event.data === '[DONE]') return
    const parsed = parse(event.data)
    if (!isJsonObject(parsed)) {
      this.#break(protocol(`the data of an event is no JSON object: ${event.data.slice(0, 120)}`), emit)
      return
    }
    const type = filled(parsed.type) ?? event.event
    this.read(parsed.type === type ? (parsed as WireEvent) : { ...parsed, type }, event.data, emit)
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#done || this.#failed) return
    this.#break(
      new SluiceError('upstream_truncated', 'cannot finish the answer: the stream ended before response.completed'),
      emit,
    )
  }

  /** One parsed event. `data` is its text, for what is passed on unread. */
  read(event: WireEvent, data: string, emit: Emit<StreamToken>): void {
    try {
      this.#read(event, data, emit)
    } catch (error) {
      this.#break(SluiceError.from(error), emit)
    }
  }

  #read(event: WireEvent, data: string, emit: Emit<StreamToken>): void {
    const { type } = event
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#start(responseOf(event), emit)
        return
      case 'response.output_item.added':
        this.#added(event, emit)
        return
      case 'response.output_item.done': {
        const item = isJsonObject(event.item) ? event.item : {}
        this.#finish(this.#place(event, filled(item.id)), item, emit)
        return
      }
      case 'response.failed': {
        const response = responseOf(event)
        // What was counted has been spent all the same.
        if (isJsonObject(response.usage)) emit({ type: 'usage', usage: decodeUsage(response.usage) })
        this.#break(failedError(response), emit)
        return
      }
      case 'keepalive':
      case 'ping':
        return
    }
    const ending = endings.get(type)
    if (ending !== undefined) {
      this.#end(responseOf(event), ending, emit)
      return
    }
    if (isError(event)) {
      this.#break(eventError(event), emit)
      return
    }
    if (this.#about(event, data, emit)) return
    this.#start({}, emit)
    emit({ type: 'raw', dialect: dialectName, event: type, data })
  }

  /** An event about an item. A delta whose item was never added opens it. */
  #about(event: WireEvent, data: string, emit: Emit<StreamToken>): boolean {
    const kind = itemKind(event.type)
    if (kind === undefined && event.output_index === undefined && event.item_id === undefined) return false
    const at = this.#place(event, filled(event.item_id))
    let item = this.#items.get(at)
    if (item === undefined) {
      // Behind the end of its item an event has nothing more to tell.
      if (this.#items.has(at)) return true
      if (kind === undefined) return false
      const id = filled(event.item_id)
      const call = kind.endsWith('_call')
      item = this.#open(at, { type: kind, ...(id && { id }), ...(call && { name: event.name ?? null }) }, emit)
    }
    const read = item.read(event, emit)
    // A shape is worth its making where one delta of an item follows the other.
    if (this.#current === item) item.shape?.learn(event, data)
    this.#current = item
    return read
  }

  #start(response: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#started = true
    const id = filled(response.id)
    const model = filled(response.model)
    const created = typeof response.created_at === 'number' ? Math.floor(response.created_at) : undefined
    emit({
      type: 'message-start',
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      ...(created !== undefined && { created }),
    })
    this.#metadata(response, emit)
  }

  #added(event: WireEvent, emit: Emit<StreamToken>): void {
    const item = isJsonObject(event.item) ? event.item : {}
    const id = filled(item.id)
    let at = typeof event.output_index === 'number' ? event.output_index : this.#items.size
    // A server that does not count: what it says of the place from now on is about this item.
    if (this.#items.has(at) && this.#items.get(at) === undefined) {
      this.#moved.set(at, -this.#items.size)
      at = -this.#items.size
    }
    this.#latest = at
    if (this.#items.has(at)) return
    if (id !== undefined) this.#ids.set(id, at)
    this.#open(at, item, emit)
  }

  #open(at: number, item: JsonObject, emit: Emit<StreamToken>): Item {
    this.#start({}, emit)
    const opened = openItem(item, this.#options)
    this.#items.set(at, opened)
    if (opened.call) this.#called = true
    opened.start(emit)
    return opened
  }

  #finish(at: number, wire: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#items.has(at) && this.#items.get(at) === undefined) return
    const item = this.#items.get(at) ?? this.#open(at, wire, emit)
    if (this.#current === item) this.#current = undefined
    item.finish(wire, emit)
    item.end(emit)
    this.#items.set(at, undefined)
  }

  /** Where the item of an event stands in the output. */
  #place(event: JsonObject, id: string | undefined): number {
    const said = event.output_index
    if (typeof said === 'number') this.#latest = this.#moved.get(said) ?? said
    else if (id !== undefined && this.#ids.has(id)) this.#latest = this.#ids.get(id)!
    return this.#latest
  }

  #end(response: JsonObject, ending: string, emit: Emit<StreamToken>): void {
    this.#start(response, emit)
    const output = Array.isArray(response.output) ? response.output.filter(isJsonObject) : []
    for (const [position, item] of output.entries()) {
      const id = filled(item.id)
      this.#finish((id === undefined ? undefined : this.#ids.get(id)) ?? position, item, emit)
    }
    for (const item of this.#items.values()) item?.end(emit)
    if (isJsonObject(response.usage)) emit({ type: 'usage', usage: decodeUsage(response.usage) })
    const tier = filled(response.service_tier)
    if (tier !== undefined) emit({ type: 'metadata', dialect: dialectName, fields: { service_tier: tier } })
    this.#done = true
    // Some servers say in the one place what others say in the name of the event.
    const status = ending === 'completed' ? (filled(response.status) ?? ending) : ending
    emit({ type: 'finish', choice: 0, ...decodeFinish(response, status, this.#called) })
  }

  #metadata(response: JsonObject, emit: Emit<StreamToken>): void {
    const fields = rest(response, responseFields)
    if (fields) emit({ type: 'metadata', dialect: dialectName, fields })
  }

  #break(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#failed = true
    emit({ type: 'error', error })
  }
}

function responseOf(event: JsonObject): JsonObject {
  return isJsonObject(event.response) ? event.response : {}
}

const kinds: ReadonlyArray<[prefix: string, kind: string]> = [
  ['response.output_text.', 'message'],
  ['response.refusal.', 'message'],
  ['response.function_call_arguments.', 'function_call'],
  ['response.custom_tool_call_input.', 'custom_tool_call'],
  ['response.reasoning_', 'reasoning'],
]

/** The type of the item that an event fills. */
function itemKind(type: string): string | undefined {
  return kinds.find(([prefix]) => type.startsWith(prefix))?.[1]
}

function protocol(found: string): SluiceError {
  return new SluiceError('upstream_protocol', `cannot read the answer: ${found}`)
}
