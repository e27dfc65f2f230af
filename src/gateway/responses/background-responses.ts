import { randomUUID } from 'node:crypto'
import { inputItems, queuedResponse } from '../../dialects/openai-responses/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { answerHeaders } from '../answer-headers.ts'
import type { Arrival } from '../arrival.ts'
import type { House } from '../house.ts'
import { ownerOf } from '../owner.ts'
import { plan } from '../planning.ts'
import { parseBody } from '../request-body.ts'
import { routeRequest } from '../route-request.ts'
import { policyOf } from '../way.ts'
import { BackgroundResponse } from './background-response.ts'
import { EventRoom } from './event-room.ts'
import { previousOf } from './stored-responses.ts'

/** What a request that is taken for later comes to. */
export interface Begun {
  response: BackgroundResponse
  /** What a client is told that does not want a stream. */
  queued: JsonObject
  /** The client wants a stream of its own. */
  stream: boolean
  headers: Record<string, string>
  /** Takes it all back, where nobody has been told. */
  undo(): void
}

interface Place {
  response: BackgroundResponse
  stopTimer?: () => void
}

/** The responses that run in the background, and those that did so a short while ago, as long as their events are kept. */
export class BackgroundResponses {
  readonly #house: House
  readonly #places = new Map<string, Place>()
  /** The keys of those that have ended, the first to end first. */
  readonly #ended = new Set<string>()
  readonly #room = new EventRoom(limits.allBytes, () => this.#forgetOldest())
  #running = 0

  constructor(house: House) {
    this.#house = house
  }

  /** One whose events are there. */
  find(owner: string, id: string): BackgroundResponse | undefined {
    return this.#places.get(keyOf(owner, id))?.response
  }

  /**
   * Begins a response, where the request wants one in the background: everything that can be told at once has been
   * found to be well by then.
   *
   * @param abort ends the call of the provider
   * @throws SluiceError what a request that is not well gives, and `background_full`
   */
  async begin(
    { exchange, dialect, id: requestId }: Arrival,
    bytes: Uint8Array,
    abort: () => void,
  ): Promise<Begun | undefined> {
    const written = parseBody(bytes)
    const { json } = written
    if (json.background !== true) return undefined
    refuseUnstored(json)
    // What follows may wait, and those that wait count.
    this.#enter()
    try {
      const owner = ownerOf(exchange)
      const body = await this.#house.responses.expand(owner, written)
      const { targets } = await routeRequest(this.#house, exchange, dialect, body, {})
      const [routed] = targets
      const policy = policyOf(this.#house.streaming, routed.provider, routed.target.model)
      const planned = plan(dialect, body, routed, {}, { policy })
      const id = `resp_${randomUUID().replaceAll('-', '')}`
      const created = Math.floor(Date.now() / 1000)
      const facts = { id, created, model: planned.target.model, kept: planned.kept }
      const ours = { id, background: true, store: true, previous_response_id: previousOf(json) ?? null }
      const queued = { ...queuedResponse(facts), ...ours }
      const { stream, warnings } = planned
      const told = { id: requestId, client: dialect.client, upstream: {}, plan: planned, kind: 'unknown' as const }
      const headers = answerHeaders({ ...told, warnings })
      const response = this.#open(owner, queued, json, abort)
      const undo = () => {
        this.delete(owner, queued.id)
        this.#house.responses.forget(owner, queued.id)
      }
      return { response, queued, stream, headers, undo }
    } catch (error) {
      this.#running--
      throw error
    }
  }

  #enter(): void {
    if (this.#running >= limits.running) {
      throw new SluiceError(
        'background_full',
        `cannot take the request: ${this.#running} responses are running in the background already; try again later, or ask without \`background\``,
        { retryAfterMs: 5000 },
      )
    }
    this.#running++
  }

  #open(owner: string, queued: JsonObject & { id: string }, asked: JsonObject, abort: () => void): BackgroundResponse {
    const { responses } = this.#house
    const key = keyOf(owner, queued.id)
    const previous = previousOf(asked)
    const turn = { input: JSON.stringify(inputItems(asked)), ...(previous !== undefined && { previous }) }
    const response = new BackgroundResponse({
      queued,
      limit: limits.logBytes,
      room: this.#room,
      abort,
      keep: (ended) => responses.keep(owner, { ...turn, response: ended }),
      onEnd: () => {
        responses.ended()
        this.#leave(key)
      },
    })
    try {
      responses.begin(owner, { ...turn, response: response.response })
    } catch (error) {
      response.forget('it could not be stored')
      throw error
    }
    this.#places.set(key, { response })
    return response
  }

  /** One has ended. Its events stay for a while. */
  #leave(key: string): void {
    this.#running--
    const place = this.#places.get(key)
    if (!place) return
    this.#ended.add(key)
    place.stopTimer = this.#house.clock.after(limits.keepMs, () => this.forget(key, 'its events are too old'))
    if (this.#ended.size > limits.ended) this.#forgetOldest()
  }

  /** Lets the events of one go. Who asks for the response itself finds it in the store. */
  forget(key: string, why: string): void {
    const place = this.#places.get(key)
    this.#places.delete(key)
    this.#ended.delete(key)
    place?.stopTimer?.()
    place?.response.forget(why)
  }

  /** Ends one that runs, and lets all of it go. */
  delete(owner: string, id: string): void {
    const key = keyOf(owner, id)
    this.#places.get(key)?.response.drop()
    this.forget(key, 'the response was deleted')
  }

  #forgetOldest(): boolean {
    const [oldest] = this.#ended
    if (oldest === undefined) return false
    this.forget(oldest, 'there was no room for its events')
    return true
  }
}

const mebibyte = 1024 * 1024
/** The page of the HTTP surface says the same. */
const limits = {
  /** How many may run at once. */
  running: 256,
  /** What the events of one may take, in bytes, and those of all together. */
  logBytes: 8 * mebibyte,
  allBytes: 64 * mebibyte,
  /** How long events are kept after the end, in milliseconds, and of how many: each costs a little besides its events. */
  keepMs: 600_000,
  ended: 1000,
}

/** @throws SluiceError `invalid_request` */
function refuseUnstored(body: JsonObject): void {
  if (body.store !== false) return
  throw new SluiceError(
    'invalid_request',
    'cannot answer in the background: `store` is false, and an answer that is not stored could not be fetched; leave `store` out',
    { param: 'store' },
  )
}

function keyOf(owner: string, id: string): string {
  return `${owner} ${id}`
}
