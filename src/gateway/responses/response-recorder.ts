import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { StreamObserver } from '../../dialects/index.ts'
import { inputItems } from '../../dialects/openai-responses/index.ts'
import type { SluiceError } from '../../errors/index.ts'
import type { Stage } from '../../flow/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { previousOf, type StoredResponses } from './stored-responses.ts'

export interface ResponseRecorderOptions {
  responses: StoredResponses
  owner: string
  /** The request as the client wrote it. */
  asked: JsonObject
}

/**
 * Keeps the answer to one request. What is kept is what the client was told: the response in the last event of the
 * stream, or the whole answer. Of a stream only the name of each event is looked at, and that last one is read.
 *
 * An answer that the client did not stay for is not kept.
 */
export class ResponseRecorder {
  /** Ids are made of this and not of the request's own, which a client may give to many. */
  readonly id = randomUUID().replaceAll('-', '')
  readonly #responses: StoredResponses
  readonly #owner: string
  readonly #input: string
  readonly #previous: string | undefined
  /** Whether the client wants its answer kept, which it does unless it says otherwise. */
  readonly #stored: boolean
  /** Whether it is to be kept from here. */
  readonly #wanted: boolean
  #done = false

  /** @throws SluiceError `invalid_request` */
  constructor({ responses, owner, asked }: ResponseRecorderOptions) {
    this.#responses = responses
    this.#owner = owner
    this.#stored = asked.store !== false
    // Who works in the background keeps the answer himself, under the id that was given in advance.
    this.#wanted = this.#stored && asked.background !== true
    this.#input = this.#wanted ? JSON.stringify(inputItems(asked)) : ''
    this.#previous = previousOf(asked)
  }

  /** What the answer says of the request, for its encoder: whether it is stored, and what it goes on from. */
  told(kept: JsonObject | undefined): JsonObject | undefined {
    if (!kept || !isJsonObject(kept.settings)) return kept
    return { ...kept, settings: { ...kept.settings, ...this.#facts() } }
  }

  /** The encoder, with an ear at its mouth. */
  encoder(inner: Stage<StreamToken, SseMessage>): Stage<StreamToken, SseMessage> {
    if (!this.#wanted) return inner
    // One for all pushes: a closure for each token would be one too many.
    let out: (message: SseMessage) => void = () => {}
    const heard = (message: SseMessage): void => {
      if (message.event !== undefined && terminal.has(message.event)) this.#event(message.data)
      out(message)
    }
    return {
      push(token, emit) {
        out = emit
        inner.push(token, heard)
      },
      end(emit) {
        out = emit
        inner.end?.(heard)
      },
      fail(error, emit) {
        out = emit
        inner.fail?.(error, heard)
      },
    }
  }

  /** The observer of a stream that goes on as it is. */
  observer(inner: StreamObserver): StreamObserver {
    if (!this.#wanted) return inner
    return new ListeningObserver(inner, (data) => this.#event(data))
  }

  /** An answer that is no stream. */
  whole(response: JsonObject): void {
    this.#keep(response)
  }

  #event(data: string): void {
    this.#keep(read(data)?.response)
  }

  #keep(response: Json | undefined): void {
    if (!this.#wanted || this.#done || !isJsonObject(response)) return
    this.#done = true
    this.#responses.keep(this.#owner, {
      response: { ...response, ...this.#facts() },
      input: this.#input,
      ...(this.#previous !== undefined && { previous: this.#previous }),
    })
  }

  #facts(): JsonObject {
    return { store: this.#stored, previous_response_id: this.#previous ?? null }
  }
}

const terminal: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/** The same for servers that leave the names of events out. */
const unnamed = /^\s*\{\s*"type"\s*:\s*"response\.(?:completed|incomplete|failed)"/

function read(text: string): JsonObject | undefined {
  try {
    const json = JSON.parse(text) as Json
    return isJsonObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** Passes all on to the observer that does the work. */
class ListeningObserver implements StreamObserver {
  readonly #inner: StreamObserver
  readonly #hear: (data: string) => void

  constructor(inner: StreamObserver, hear: (data: string) => void) {
    this.#inner = inner
    this.#hear = hear
  }

  see(event: SseEvent): boolean {
    const shown = this.#inner.see(event)
    const last = event.event === '' || event.event === 'message' ? unnamed.test(event.data) : terminal.has(event.event)
    // The relay reads bytes as one-byte text, and here every character counts.
    const data = shown ? event.data : this.instead?.data
    if (last && data !== undefined) this.#hear(Buffer.from(data, 'latin1').toString('utf8'))
    return shown
  }

  complete(): SseMessage[] {
    return this.#inner.complete()
  }

  fail(error: SluiceError): SseMessage[] {
    const messages = this.#inner.fail(error)
    for (const { event, data } of messages) if (event !== undefined && terminal.has(event)) this.#hear(data)
    return messages
  }

  get instead() {
    return this.#inner.instead
  }

  get content() {
    return this.#inner.content
  }

  get finished() {
    return this.#inner.finished
  }

  get done() {
    return this.#inner.done
  }

  get error() {
    return this.#inner.error
  }

  get usage() {
    return this.#inner.usage
  }

  get finish() {
    return this.#inner.finish
  }

  get model() {
    return this.#inner.model
  }

  get deltas() {
    return this.#inner.deltas
  }
}
