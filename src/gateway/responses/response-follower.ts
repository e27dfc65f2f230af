import type { ClientSide } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { writeSse } from '../../sse/index.ts'
import { Answer } from '../answer.ts'
import { clientProfile, profiledFraming } from '../client-profile.ts'
import type { Exchange } from '../exchange.ts'
import type { House } from '../house.ts'
import type { BackgroundResponse, EventReader } from './background-response.ts'

export interface FollowerOptions {
  house: House
  exchange: Exchange
  client: ClientSide
  requestId: string
  response: BackgroundResponse
  /** The number of the first event that is wanted. */
  from: number
  /** Headers besides those of every stream. */
  headers: Record<string, string>
  /** Once, when the client has its end or has left. */
  onSettled: (end: { status: number; left: boolean; error?: SluiceError }) => void
}

/**
 * A client that reads the events of a response that does not need it: those that are there, then each as it comes. How
 * fast it reads is its own affair. The provider is not held back, the events wait in the log that all followers share,
 * and one for whom they have not waited long enough is told so.
 */
export class ResponseFollower implements EventReader {
  readonly #options: FollowerOptions
  readonly #answer: Answer
  readonly #heartbeat: string
  #next: number
  #flowing = true
  #settled = false

  /** @throws SluiceError `invalid_request` for a profile that is none */
  constructor(options: FollowerOptions) {
    this.#options = options
    this.#next = options.from
    const { house, exchange, client, requestId } = options
    const { heartbeatMs, statusCeilingMs } = house.streaming
    const framing = profiledFraming(clientProfile(exchange, house.profiles), client.framing())
    this.#heartbeat = framing.heartbeat
    this.#answer = new Answer({
      exchange,
      client,
      framing,
      clock: house.clock,
      requestId,
      headers: () => ({
        ...house.headersFor(exchange),
        [client.requestIdHeader]: requestId,
        'x-sluice-request-id': requestId,
        ...options.headers,
      }),
      heartbeatMs,
      statusCeilingMs,
      budget: house.buffers,
      onFlow: (flowing) => {
        this.#flowing = flowing
        if (flowing) this.pump()
      },
    })
  }

  run(): void {
    this.#answer.expectStream()
    this.#options.response.follow(this)
    // There may be nothing new for long, and whoever comes back wants to know that it has been heard.
    if (this.#answer.status === 0 && !this.#settled) this.#answer.write(this.#heartbeat)
  }

  pump(): void {
    const { response } = this.#options
    const { log } = response
    while (this.#flowing && !this.#settled && this.#next < log.next) {
      if (this.#next < log.first) {
        this.fail(new SluiceError('events_dropped', 'cannot go on with the stream: it was read too slowly'))
        break
      }
      const { text, next } = log.read(this.#next, pieceCharacters)
      this.#next = next
      this.#answer.write(text)
    }
    if (this.#settled || !response.over || this.#next < log.next) return
    this.#answer.end()
    this.#settle({ left: false })
  }

  /** An honest end before the end. */
  fail(error: SluiceError): void {
    if (this.#settled) return
    const { message, code } = this.#words(error)
    // The number of an event that the client has: with it, it may come back.
    const last = Math.max(0, this.#next - 1)
    const data = { type: 'error', code: code ?? null, message: message ?? '', param: null, sequence_number: last }
    this.#answer.fail(error, {}, () => writeSse({ event: 'error', data: JSON.stringify(data), json: true }))
    this.#settle({ left: false, error })
  }

  stop(error: SluiceError): void {
    this.fail(error)
  }

  /** The client has gone away. */
  leave(): void {
    if (this.#settled) return
    this.#answer.abandon()
    this.#settle({ left: true })
  }

  #words(error: SluiceError): Record<string, string | null> {
    const { client, requestId } = this.#options
    return client.encodeError(error, requestId).body.error as Record<string, string | null>
  }

  #settle(end: { left: boolean; error?: SluiceError }): void {
    this.#settled = true
    const { response, onSettled } = this.#options
    response.leave(this)
    onSettled({ status: this.#answer.status, ...end })
  }
}

/** Written at once. It is more than any event but the long ones, and less than what a slow client may leave untaken. */
const pieceCharacters = 16 * 1024
