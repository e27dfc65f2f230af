import type { Asked, Dialect } from '../dialects/index.ts'
import type { SluiceError } from '../errors/index.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import type { Plan, Routed } from './plan.ts'
import type { RequestBody } from './request-body.ts'

export interface AskingOptions {
  house: House
  exchange: Exchange
  client: Dialect
  asked: Asked
  /** That of the request. */
  id: string
  /** When it came, by the clock of the house. */
  startedAt: number
  owner: () => string
  /** The client waits for a stream from now on. */
  onStream: () => void
  /** What is going to be asked of whom. @returns false where it has been answered with that */
  onPlan: (planned: Plan, delivery: Delivery) => boolean
}

export interface AskingJob {
  body: RequestBody
  /** Whom to ask, and with which key. */
  routed: Routed
  key: string | undefined
  /** How the answer reaches the client. */
  delivery: Delivery
  /** It is to be quicker than somebody else: it does not wait for what others find out. */
  hurries: boolean
}

/** What comes of asking one target. */
export interface AskingEvents {
  /** Its request leaves now. */
  onSent: () => void
  /** How long the first content may take; undefined: as long as the whole answer. */
  firstTokenMs: (planned: Plan) => number | undefined
  /** Nobody else is being asked or could be. */
  isLast: () => boolean
  /** Nothing of an answer of this target has reached the client. */
  onFailed: (error: SluiceError) => void
  /** The call is over, well or not. */
  onSettled: () => void
}
