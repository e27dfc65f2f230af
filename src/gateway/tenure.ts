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
    this.check = access.keys.length > 0 ? (exchange) => clientKeys.check(exchange) : loopbackCheck(server.corsOrigins)
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
