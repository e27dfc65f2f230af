import type { ScriptedRequest } from './log.ts'

/** One completion that was made and charged for. */
export interface Charge {
  /** The request's place in the log. */
  index: number
  model: string
  coins: number
}

/** What a server that counts coins has charged. A completion is charged for once it is made, whoever still waits for it. */
export interface Bill {
  readonly coins: number
  readonly completions: number
  /** The last ones, oldest first. */
  readonly charges: ReadonlyArray<Charge>
}

export class Ledger implements Bill {
  readonly #funds: number
  readonly #limit: number
  readonly charges: Charge[] = []
  completions = 0
  // In hundredths, which add up without an error.
  #cents = 0

  constructor(funds: number, limit: number) {
    this.#funds = funds
    this.#limit = limit
  }

  get coins(): number {
    return this.#cents / 100
  }

  /** Coins that are left. */
  get left(): number {
    return Math.max(0, Math.round(this.#funds * 100) - this.#cents) / 100
  }

  charge({ index, model }: ScriptedRequest, coins: number): void {
    this.#cents += Math.round(coins * 100)
    this.completions++
    this.charges.push({ index, model, coins })
    if (this.charges.length > this.#limit) this.charges.shift()
  }
}
