import type { SluiceError } from '../errors/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Arrival, End } from './arrival.ts'
import type { House } from './house.ts'
import { logReason } from './log-reason.ts'
import { allowedMethods } from './routes.ts'

/** How requests are answered that are no chat, or never become one. */
export class Replies {
  readonly #house: House

  constructor(house: House) {
    this.#house = house
  }

  respond({ exchange, id }: Arrival, status: number, body: JsonObject, headers: Record<string, string> = {}): void {
    const all = {
      ...this.#house.headersFor(exchange),
      'content-type': 'application/json',
      'x-sluice-request-id': id,
      ...headers,
    }
    exchange.respond(status, all, JSON.stringify(body))
  }

  /** Answers with an error in the caller's own dialect, and writes the record. */
  refuse(arrival: Arrival, error: SluiceError): void {
    const { exchange, dialect, id } = arrival
    const { status, body } = dialect.client.encodeError(error, id)
    const headers: Record<string, string> = { [dialect.client.requestIdHeader]: id }
    if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    if (error.code === 'wrong_method') headers.allow = allowedMethods(exchange) ?? ''
    const reason = logReason(error)
    const outcome = error.code === 'client_closed' ? 'aborted' : 'error'
    this.note(arrival, { status, outcome, code: error.code, ...(reason !== undefined && { reason }) })
    this.respond(arrival, status, body, headers)
  }

  /** The one line in the log for a request that was no chat. */
  note({ exchange, id, at, dialect }: Arrival, end: End): void {
    this.#house.log.request({
      id,
      method: exchange.method,
      path: exchange.path.slice(0, 200),
      client: dialect.name,
      totalMs: Math.round(this.#house.clock.now() - at),
      ...end,
    })
  }
}
