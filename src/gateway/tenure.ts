import { loopbackCheck } from '../access/index.ts'
import type { Config } from '../config/index.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { ModelList } from './models.ts'

/**
 * The time for which one configuration holds. Every request keeps to the house in which it began, and so a tenure lasts
 * until the last request is over that began in it.
 */
export class Tenure {
  readonly config: Config
  readonly house: House
  readonly models: ModelList
  /** Throws for callers who may not come in. */
  readonly check: (exchange: Exchange) => void
  /** The same where only operators may. Without any keys at all whoever may come in is one. */
  readonly checkOperator: (exchange: Exchange) => void
  /** Milliseconds since 1970. */
  readonly since: number
  #guests = 0
  #over = false
  #onEmpty: () => void = () => {}

  constructor(config: Config, house: House) {
    const { access, server } = config
    const { clientKeys } = house
    this.config = config
    this.house = house
    this.models = new ModelList(house)
    if (access.keys.length > 0) {
      this.check = (exchange) => clientKeys.check(exchange)
      this.checkOperator = (exchange) => clientKeys.checkOperator(exchange)
    } else {
      this.check = loopbackCheck(server.corsOrigins)
      this.checkOperator = this.check
    }
    this.since = Date.now()
  }

  /** A request begins here. */
  enter(): void {
    this.#guests++
  }

  /** It is over. */
  leave(): void {
    this.#guests--
    this.#look()
  }

  /** Another one has begun; `onEmpty` is called when nobody is here any more. */
  end(onEmpty: () => void): void {
    this.#over = true
    this.#onEmpty = onEmpty
    this.#look()
  }

  #look(): void {
    if (!this.#over || this.#guests > 0) return
    this.#over = false
    this.#onEmpty()
  }
}
