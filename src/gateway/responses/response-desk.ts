import { SluiceError } from '../../errors/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { Arrival, FrontDesk } from '../arrival.ts'
import type { Exchange } from '../exchange.ts'
import type { House } from '../house.ts'
import { BackgroundResponses } from './background-responses.ts'
import { answerStored, followStored, type StoredQuestion } from './response-answers.ts'
import { type FollowerOptions, ResponseFollower } from './response-follower.ts'
import { ResponsesExchange } from './responses-exchange.ts'

/** Where clients leave requests for later, and come back to ask. */
export class ResponseDesk {
  readonly #background: BackgroundResponses
  readonly #house: House
  readonly #front: FrontDesk

  constructor(house: House, front: FrontDesk) {
    this.#house = house
    this.#front = front
    this.#background = new BackgroundResponses(house)
  }

  /** The exchange of a request that the client may want to be worked on without it. */
  leavable(arrival: Arrival): Exchange {
    const leavable = new ResponsesExchange({
      client: arrival.exchange,
      take: async (bytes) => {
        const abort = () => leavable.abort()
        const begun = await this.#background.begin(arrival, bytes, abort)
        if (!begun) return undefined
        const { response, queued, stream, headers, undo } = begun
        let follower: ResponseFollower | undefined
        let left = false
        return {
          response,
          undo,
          answer: () => {
            if (!stream) this.#front.respond(arrival, 200, queued, headers)
            else if (!left) follower = this.#read(arrival, { response, from: 0, headers })
          },
          leave: () => {
            left = true
            follower?.leave()
          },
        }
      },
      save: () => this.#house.responses.flush(),
    })
    return leavable
  }

  /** What is asked of a stored response, but for its events. */
  answer(exchange: Exchange, question: StoredQuestion): Promise<JsonObject> {
    return answerStored({ responses: this.#house.responses, background: this.#background }, exchange, question)
  }

  /** The events of a response, for a client that was not there or has left meanwhile. */
  follow(arrival: Arrival, id: string): void {
    const { exchange } = arrival
    const front = this.#front
    let follower: ResponseFollower | undefined
    let left = false
    exchange.onClose(() => {
      left = true
      follower?.leave()
    })
    followStored({ responses: this.#house.responses, background: this.#background }, exchange, id)
      .then((found) => {
        if (left) front.note(arrival, { status: 0, outcome: 'aborted' })
        else {
          follower = this.#read(arrival, { ...found, headers: {} }, ({ status, left: gone, error }) => {
            const outcome = gone ? 'aborted' : error ? 'error' : 'ok'
            front.note(arrival, { status, outcome, ...(error && { code: error.code }) })
          })
        }
      })
      .catch((error) => front.refuse(arrival, SluiceError.from(error)))
  }

  /** A client that reads along is being answered, like any other. */
  #read(
    { exchange, dialect, id }: Arrival,
    what: Pick<FollowerOptions, 'response' | 'from' | 'headers'>,
    onEnd?: FollowerOptions['onSettled'],
  ): ResponseFollower {
    const follower = new ResponseFollower({
      ...what,
      house: this.#house,
      exchange,
      client: dialect.client,
      requestId: id,
      onSettled: (end) => {
        leave()
        onEnd?.(end)
      },
    })
    const leave = this.#front.enter(follower)
    follower.run()
    return follower
  }
}
