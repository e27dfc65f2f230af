import { failedResponse, inputItems, itemReferences, responseItems } from '../../dialects/openai-responses/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Clock } from '../../flow/index.ts'
import type { Log } from '../../observe/index.ts'
import type { Collection, Soon, Store } from '../../storage/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { RequestBody } from '../request-body.ts'
import { ResponseHistory } from './response-history.ts'
import { listed, type StoredResponse } from './response-items.ts'
import { RunLease } from './run-lease.ts'

/** The dialect whose clients may come back to their answers. */
export const storedDialect = 'openai-responses'

/** The same at its end. The input is text already: a tree of objects would be held for as long as the stream runs. */
export interface EndedTurn extends Omit<StoredResponse, 'input'> {
  /** JSON of the items. */
  input: string
}

export interface StoredResponsesOptions {
  store: Store
  log: Log
  clock: Clock
  /** The longest history that is put together, in characters of what is stored. */
  maxHistory: number
}

/**
 * The answers of the Responses API that clients want to come back to. They are kept here, whatever the provider is, and
 * a request that refers to one goes to its provider with all that it refers to written out: a conversation can move from
 * one provider to another, and none has to hold it.
 *
 * Each answer is kept with its own turn and the id of the one before. So a conversation is stored once, and put
 * together link by link; what was deleted is gone from all that follows.
 *
 * The owner is part of each key: an id alone opens nothing.
 */
export class StoredResponses {
  readonly #store: Store
  readonly #log: Log
  /** In characters of what is stored. */
  maxHistory: number
  readonly #responses: Collection
  /** In which answer an item of output stands, by the item's id. */
  readonly #items: Collection
  readonly #lease: RunLease

  constructor({ store, log, clock, maxHistory }: StoredResponsesOptions) {
    this.#store = store
    this.#log = log
    this.maxHistory = maxHistory
    const bytes = store.lasts ? responseBytes.file : responseBytes.memory
    this.#responses = store.collection('responses', { keepMs, entries: 10_000, bytes })
    this.#items = store.collection('response-items', { keepMs, entries: 100_000, bytes: 16 * mebibyte })
    this.#lease = new RunLease({ store, clock })
  }

  /**
   * A request with all that it refers to written out; the request itself where it refers to nothing.
   *
   * @throws SluiceError `unknown_response`, `unknown_previous_response`, `invalid_request`, `unsupported`,
   *   `body_too_large`
   */
  expand(owner: string, written: RequestBody): Soon<RequestBody> {
    refuseForeignState(written.json)
    const body = inForeground(written)
    const { json } = body
    const previous = previousOf(json)
    if (previous === undefined && itemReferences(json).length === 0) return body
    return this.#expand(owner, json, previous)
  }

  /**
   * Keeps an answer that has only begun, which is this process's work until `ended` is called. Should the process die
   * before, the answer has failed.
   *
   * @throws SluiceError `body_too_large`
   */
  begin(owner: string, turn: EndedTurn): void {
    if (!this.#responses.set(keyOf(owner, String(turn.response.id)), textOf({ ...turn, run: this.#lease.id }))) {
      throw new SluiceError(
        'body_too_large',
        'cannot answer in the background: the request is larger than all the room for stored answers; send less',
      )
    }
    this.#lease.take()
  }

  /** One that began here has ended, and was kept where it was to be. */
  ended(): void {
    this.#lease.give()
  }

  /** What was written before will be there after a restart. */
  flush(): Soon<void> {
    return this.#store.flush()
  }

  /** Keeps an answer that has ended. One that is larger than all the room is not kept, which the log tells. */
  keep(owner: string, turn: EndedTurn): void {
    const { response } = turn
    const { id } = response
    if (typeof id !== 'string' || id === '') return
    if (!this.#responses.set(keyOf(owner, id), textOf(turn))) {
      this.#log.warn('an answer is not stored: it is larger than all the room for stored answers', { id })
      return
    }
    for (const item of responseItems(response)) {
      if (typeof item.id === 'string') this.#items.set(keyOf(owner, item.id), id)
    }
  }

  /** @throws SluiceError `unknown_response` */
  async response(owner: string, id: string): Promise<JsonObject> {
    const { response, run } = await this.#find(owner, id)
    if (run === undefined || (await this.#lease.alive(run))) return response
    return failedResponse(
      response,
      new SluiceError('internal', 'the answer was cut short: sluice ended while it was being made'),
    )
  }

  /** Takes back what `begin` kept. */
  forget(owner: string, id: string): void {
    this.#responses.delete(keyOf(owner, id))
  }

  /** @throws SluiceError `unknown_response` */
  async delete(owner: string, id: string): Promise<void> {
    const { response } = await this.#find(owner, id)
    this.#responses.delete(keyOf(owner, id))
    for (const item of responseItems(response)) {
      if (typeof item.id === 'string') this.#items.delete(keyOf(owner, item.id))
    }
    // Whoever is told that it is gone may rely on it.
    await this.#store.flush()
  }

  /**
   * All that the model was given for an answer, instructions aside: the items of the turns before and of its own, the
   * oldest first, each with an id.
   *
   * @throws SluiceError `unknown_response`
   */
  async inputOf(owner: string, id: string): Promise<JsonObject[]> {
    const { input, previous } = await this.#find(owner, id)
    const history = this.#history(owner)
    if (previous !== undefined) await history.goOnFrom(previous)
    await history.add(input, id)
    return history.items.map(listed)
  }

  async #expand(owner: string, body: JsonObject, previous: string | undefined): Promise<RequestBody> {
    const history = this.#history(owner)
    if (previous !== undefined) await history.goOnFrom(previous)
    await history.add(inputItems(body), '')
    const { previous_response_id: _, ...rest } = body
    const json: JsonObject = { ...rest, input: history.items.map(({ item }) => item) }
    return { text: JSON.stringify(json), json }
  }

  #history(owner: string): ResponseHistory {
    return new ResponseHistory({
      response: (id) => this.#responses.get(keyOf(owner, id)),
      responseOf: (item) => this.#items.get(keyOf(owner, item)),
      alive: (run) => this.#lease.alive(run),
      maxCharacters: this.maxHistory,
    })
  }

  async #find(owner: string, id: string): Promise<StoredResponse> {
    const text = await this.#responses.get(keyOf(owner, id))
    if (text !== undefined) return JSON.parse(text) as StoredResponse
    throw new SluiceError(
      'unknown_response',
      `cannot find the response: response with id '${id.slice(0, 100)}' not found; under this key none is stored by that id, or no longer`,
    )
  }
}

const mebibyte = 1024 * 1024
const keepMs = 30 * 24 * 3_600_000
/** What is in memory only is there beside everything else. */
const responseBytes = { file: 256 * mebibyte, memory: 32 * mebibyte }

/** @throws SluiceError `invalid_request` */
export function previousOf(body: JsonObject): string | undefined {
  const { previous_response_id: previous } = body
  if (previous === undefined || previous === null) return undefined
  if (typeof previous === 'string' && previous !== '') return previous
  throw new SluiceError(
    'invalid_request',
    'cannot read the request: `previous_response_id` must be the id of a response; leave it out to begin anew',
    { param: 'previous_response_id' },
  )
}

/** State that only a provider could hold would be open to every caller who shares sluice's key there. */
function refuseForeignState(body: JsonObject): void {
  if (body.conversation !== undefined && body.conversation !== null) {
    throw new SluiceError(
      'unsupported',
      'cannot use `conversation`: sluice keeps responses and no conversations; go on with `previous_response_id`',
      { param: 'conversation' },
    )
  }
}

/** A request as it goes to a provider. Working in the background is done here, for all of them. */
function inForeground(body: RequestBody): RequestBody {
  if (body.json.background !== true) return body
  const { background: _, ...json } = body.json
  return { text: JSON.stringify(json), json }
}

function textOf({ response, input, previous, run }: EndedTurn): string {
  const link = previous === undefined ? '' : `,"previous":${JSON.stringify(previous)}`
  const work = run === undefined ? '' : `,"run":${JSON.stringify(run)}`
  return `{"response":${JSON.stringify(response)},"input":${input}${link}${work}}`
}

function keyOf(owner: string, id: string): string {
  return `${owner} ${id}`
}
