import { Buffer } from 'node:buffer'
import { failedResponse, numbered, refusedResponse } from '../../dialects/openai-responses/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { type SseEvent, SseParser, writeSse } from '../../sse/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Chunk } from '../exchange.ts'
import { EventLog } from './event-log.ts'
import type { EventRoom } from './event-room.ts'

/** Is told when there are new events, when there will be no more, and when they have been dropped. */
export interface EventReader {
  pump(): void
  fail(error: SluiceError): void
}

/** What a response needs of others, as long as it is running. */
export interface BackgroundWork {
  /** Ends the call of the provider. */
  abort: () => void
  /** Keeps the response, which has ended as it stands there. */
  keep: (response: JsonObject) => void
  /** Once: it is over, and there will be no more events. */
  onEnd: () => void
}

export interface BackgroundResponseOptions extends BackgroundWork {
  /** The response before anything has been done for it, with all that stays true of it. */
  queued: JsonObject
  /** What its events may take, in bytes, and what those of all may. */
  limit: number
  room: EventRoom
}

/**
 * One response that nobody has to wait for. It is fed with the stream that a client would have got, and makes it its
 * own: the id is the one that was given when it was asked for, and the numbers are counted here, since there are
 * providers that number their events from elsewhere or not at all.
 *
 * ```
 * created queued in_progress *event ( completed | incomplete | failed )
 * ```
 */
export class BackgroundResponse {
  readonly log: EventLog
  /** Gone at the end: events are kept longer than the request and all that was made for it. */
  #work: BackgroundWork | undefined
  /** What is true of the response whatever a provider says. */
  readonly #facts: JsonObject
  readonly #parser = new SseParser()
  readonly #readers = new Set<EventReader>()
  #response: JsonObject
  /** What the provider said last of what went wrong. */
  #error: SluiceError | undefined
  over = false

  constructor(options: BackgroundResponseOptions) {
    const { queued, limit, room, ...work } = options
    this.#work = work
    this.log = new EventLog({ limit, room, onFull: () => this.#tell() })
    const { id, created_at, previous_response_id } = queued
    this.#facts = {
      id: id ?? null,
      object: 'response',
      created_at: created_at ?? 0,
      background: true,
      store: true,
      previous_response_id: previous_response_id ?? null,
    }
    this.#response = { ...queued, ...this.#facts }
    this.#say('response.created')
    this.#say('response.queued')
    this.#response = { ...this.#response, status: 'in_progress' }
    this.#say('response.in_progress')
  }

  /** As it stands; empty once it is over, since then it is kept elsewhere. */
  get response(): JsonObject {
    return this.#response
  }

  /** Calls back at once where there are events. */
  follow(reader: EventReader): void {
    this.#readers.add(reader)
    reader.pump()
  }

  leave(reader: EventReader): void {
    this.#readers.delete(reader)
  }

  /** A piece of the stream. */
  push(chunk: Chunk): void {
    if (this.over) return
    try {
      if (typeof chunk === 'string') this.#parser.push(Buffer.from(chunk), this.#event)
      else for (const part of chunk) this.#parser.push(part, this.#event)
    } catch (error) {
      const work = this.#work
      this.#fail(SluiceError.from(error))
      work?.abort()
    }
    this.#tell()
  }

  /** The stream has ended, or was cut. Without a last event of its own that is a failure. */
  end(): void {
    if (this.over) return
    this.#fail(this.#error ?? new SluiceError('upstream_truncated', 'the answer ended before it was finished'))
    this.#tell()
  }

  /** There is no stream, but an answer with a status of its own. */
  answered(status: number, text: string): void {
    if (this.over) return
    if (status < 400) this.#answered(read(text))
    else this.#finish('response.failed', refusedResponse(this.#response, status, text))
    this.#tell()
  }

  /** Ends it and keeps what is whole. Nothing where it has ended. */
  cancel(): void {
    if (this.over) return
    const work = this.#work
    const output = this.#itemsDone()
    // There is no event for this; clients that know none take the answer for what it is, a part of one.
    this.#finish('response.incomplete', { ...this.#response, status: 'cancelled', output })
    work?.abort()
    this.#tell()
  }

  /** Ends it and keeps nothing. */
  drop(): void {
    const work = this.#work
    this.#work = undefined
    this.over = true
    this.forget('the response was deleted')
    work?.onEnd()
    work?.abort()
  }

  /** Lets the events go. Who still reads them is told why. */
  forget(why: string): void {
    this.log.clear()
    const error = new SluiceError('events_dropped', `cannot go on with the stream: ${why}`)
    for (const reader of [...this.#readers]) reader.fail(error)
    this.#readers.clear()
  }

  readonly #event = ({ event, data }: SseEvent): void => {
    if (this.over || data === '[DONE]') return
    const named = event !== '' && event !== 'message'
    if (named && !telling.has(event) && data.startsWith('{')) {
      this.log.add(writeSse({ event, data: numbered(data, this.log.next) }))
      return
    }
    // Few events stand here: those that hold the response, an error, and all of a server that leaves names out.
    const json = read(data)
    const type = typeof json?.type === 'string' ? json.type : named ? event : ''
    if (!json || type === '') return
    if (early.has(type)) {
      // What the provider says of its settings, under the id that is known already.
      if (isJsonObject(json.response)) this.#response = { ...json.response, ...this.#running() }
    } else if (last.has(type)) {
      this.#finish(type, isJsonObject(json.response) ? json.response : this.#response)
    } else if (type === 'error') {
      this.#error = new SluiceError('upstream_server', String(messageOf(json)))
    } else {
      this.log.add(writeSse({ event: type, data: JSON.stringify({ ...json, sequence_number: this.log.next }) }))
    }
  }

  #running(): JsonObject {
    return { ...this.#facts, status: 'in_progress', output: [] }
  }

  #answered(response: JsonObject | undefined): void {
    const status = String(response?.status)
    if (response && last.has(`response.${status}`)) this.#finish(`response.${status}`, response)
    else this.#fail(new SluiceError('upstream_protocol', 'the answer is no response that has ended'))
  }

  #fail(error: SluiceError): void {
    const failed = failedResponse({ ...this.#response, output: this.#itemsDone() }, error)
    this.#finish('response.failed', failed)
  }

  #finish(type: string, response: JsonObject): void {
    const work = this.#work
    this.#work = undefined
    this.#response = { ...response, ...this.#facts }
    this.over = true
    // Whoever reads the last event may ask for the response at once.
    work?.keep(this.#response)
    this.#say(type)
    this.#response = {}
    work?.onEnd()
  }

  #say(type: string): void {
    const data = JSON.stringify({ type, sequence_number: this.log.next, response: this.#response })
    this.log.add(writeSse({ event: type, data, json: true }))
  }

  /** Once for each piece that came, and not for each event in it. */
  #tell(): void {
    for (const reader of this.#readers) reader.pump()
  }

  /** The items that are whole. Looked for when it is needed, once for a response that breaks off. */
  #itemsDone(): JsonObject[] {
    const items: JsonObject[] = []
    for (const text of this.log.all()) {
      if (!text.startsWith(itemDone)) continue
      const item = read(text.slice(itemDone.length))?.item
      if (isJsonObject(item)) items.push(item)
    }
    return items
  }
}

const early: ReadonlySet<string> = new Set(['response.created', 'response.queued', 'response.in_progress'])
const last: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed'])
const telling: ReadonlySet<string> = new Set([...early, ...last, 'error'])
const itemDone = 'event: response.output_item.done\ndata: '

function read(text: string): JsonObject | undefined {
  try {
    const json = JSON.parse(text) as Json
    return isJsonObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

function messageOf(json: JsonObject): Json {
  const error = isJsonObject(json.error) ? json.error : json
  return error.message ?? 'the provider failed without a reason'
}
