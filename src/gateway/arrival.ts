import type { Dialect } from '../dialects/index.ts'
import type { SluiceError } from '../errors/index.ts'
import type { RequestRecord } from '../observe/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'

/** A request that has come, and how it is going to be spoken of. */
export interface Arrival {
  exchange: Exchange
  id: string
  /** When it came, by the clock of the house. */
  at: number
  /** The caller's. Before the route is known this is a guess. */
  dialect: Dialect
}

/** What the record of a request that was no chat says of its end. */
export type End = Pick<RequestRecord, 'status' | 'outcome' | 'code' | 'reason'>

/** What a gateway does for every request. */
export interface FrontDesk {
  respond(arrival: Arrival, status: number, body: JsonObject, headers?: Record<string, string>): void
  /** Answers with an error, and writes the record. */
  refuse(arrival: Arrival, error: SluiceError): void
  /** Writes the one record in the log. */
  note(arrival: Arrival, end: End): void
  /** Counts somebody who is being answered, until the returned function is called. */
  enter(one: { stop(error: SluiceError): void }): () => void
}
