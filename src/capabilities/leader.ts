/**
 * Of many first requests to a provider of which nothing is known, one leads and the others wait for what it finds out.
 * They wait for its headers and not longer; and once somebody has led, nobody waits again, whatever came of it.
 */
export class Leader {
  #state: 'nobody' | 'leading' | 'led' = 'nobody'
  #waiting: Array<() => void> = []

  /**
   * Undefined: the caller goes on without waiting, and need not come again. A promise: another one leads; ask again when
   * it is fulfilled. A function: the caller leads and says with it how that ended.
   */
  follow(): Led | Promise<void> | undefined {
    if (this.#state === 'led') return undefined
    if (this.#state === 'leading') return new Promise((resolve) => this.#waiting.push(resolve))
    this.#state = 'leading'
    let over = false
    return (answered) => {
      if (over) return
      over = true
      this.#state = answered ? 'led' : 'nobody'
      const waiting = this.#waiting
      this.#waiting = []
      for (const go of waiting) go()
    }
  }
}

/** Says that the leader's provider has answered, in whatever way; or that the leader left before it did. */
export type Led = (answered: boolean) => void
