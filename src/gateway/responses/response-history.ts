import { SluiceError } from '../../errors/index.ts'
import type { Soon } from '../../storage/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { inputIndex, isReference, leftOver, type Placed, type StoredResponse } from './response-items.ts'

export interface HistoryOptions {
  /** A stored response, as it is stored. */
  response(id: string): Soon<string | undefined>
  /** The response in whose output an item stands. */
  responseOf(item: string): Soon<string | undefined>
  /** Whether a process is at work on what it began. */
  alive(run: string): Soon<boolean>
  maxCharacters: number
}

/** A conversation out of the stored responses of one caller, put together for one request. Costs grow with its length. */
export class ResponseHistory {
  readonly #options: HistoryOptions
  /** The items so far, the oldest first. */
  readonly items: Placed[] = []
  /** Their ids. */
  readonly #there = new Set<string>()
  /** Each response is read once, however often it is referred to. */
  readonly #read = new Map<string, StoredResponse | undefined>()
  #characters = 0

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  /**
   * Begins with all that was said up to an answer, and with it.
   *
   * @throws SluiceError `unknown_previous_response` where it, or one before it, is not there; `invalid_request`
   *   where it has not ended; `body_too_large`
   */
  async goOnFrom(id: string): Promise<void> {
    const turns: Array<{ id: string; stored: StoredResponse }> = []
    const seen = new Set<string>()
    for (let next: string | undefined = id; next !== undefined; ) {
      const stored: StoredResponse | undefined = seen.has(next) ? undefined : await this.#find(next)
      if (!stored) throw missing(id, next)
      if (stored.run !== undefined && (await this.#options.alive(stored.run))) throw unfinished(next)
      seen.add(next)
      turns.push({ id: next, stored })
      next = stored.previous
    }
    for (const { id: response, stored } of turns.reverse()) {
      await this.add(stored.input, response)
      for (const item of leftOver(stored.response)) this.#push({ item, response })
    }
  }

  /**
   * Goes on with what a turn brings. What its references mean stands in their place, unless it stands there already.
   *
   * @throws SluiceError `unknown_response`
   */
  async add(input: readonly JsonObject[], response: string): Promise<void> {
    for (const [index, item] of input.entries()) {
      if (!isReference(item)) this.#push({ item, response, index })
      else if (!this.#there.has(String(item.id))) {
        this.#there.add(String(item.id))
        this.#push(await this.#referred(String(item.id)))
      }
    }
  }

  #push(placed: Placed): void {
    this.items.push(placed)
    if (typeof placed.item.id === 'string') this.#there.add(placed.item.id)
  }

  async #referred(id: string): Promise<Placed> {
    const answered = await this.#options.responseOf(id)
    const place = answered === undefined ? inputIndex(id) : undefined
    const response = answered ?? place?.response
    const stored = response === undefined ? undefined : await this.#find(response)
    const item = place ? stored?.input[place.index] : leftOver(stored?.response).find((one) => one.id === id)
    if (item && response !== undefined) return { item, response, ...(place && { index: place.index }) }
    throw new SluiceError(
      'unknown_response',
      `cannot put the input together: item with id '${id.slice(0, 100)}' not found; under this key none is stored by that id, or no longer; send the item itself`,
      { param: 'input' },
    )
  }

  async #find(id: string): Promise<StoredResponse | undefined> {
    if (this.#read.has(id)) return this.#read.get(id)
    const found = this.#options.response(id)
    const text = found instanceof Promise ? await found : found
    this.#characters += text?.length ?? 0
    if (this.#characters > this.#options.maxCharacters) {
      throw new SluiceError(
        'body_too_large',
        `cannot put the input together: the stored history is longer than ${this.#options.maxCharacters} characters; begin a new conversation, or raise \`max_body\` in [server]`,
        { param: 'previous_response_id' },
      )
    }
    const stored = text === undefined ? undefined : (JSON.parse(text) as StoredResponse)
    this.#read.set(id, stored)
    return stored
  }
}

function unfinished(id: string): SluiceError {
  return new SluiceError(
    'invalid_request',
    `cannot go on with the conversation: response '${id.slice(0, 100)}' is still running in the background; wait for its end, or cancel it`,
    { param: 'previous_response_id' },
  )
}

function missing(asked: string, gone: string): SluiceError {
  const found =
    asked === gone
      ? `previous response with id '${asked.slice(0, 100)}' not found`
      : `of the responses that lead up to '${asked.slice(0, 100)}', '${gone.slice(0, 100)}' not found`
  return new SluiceError(
    'unknown_previous_response',
    `cannot go on with the conversation: ${found}; under this key none is stored by that id, or no longer; send the whole conversation as \`input\``,
    { param: 'previous_response_id' },
  )
}
