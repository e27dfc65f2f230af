/** Where a token belongs: every block has its own pair. */
export interface Place {
  readonly choice: number
  readonly index: number
}

/**
 * Something for each block. Tokens of one block come in a row nearly always, so the last answer is kept at hand: asking
 * for the same block again costs two comparisons.
 */
export class BlockMap<T> {
  readonly #all = new Map<number, T>()
  #choice = -1
  #index = -1
  #last: T | undefined

  get(at: Place): T | undefined {
    if (at.index === this.#index && at.choice === this.#choice) return this.#last
    this.#choice = at.choice
    this.#index = at.index
    this.#last = this.#all.get(key(at))
    return this.#last
  }

  set(at: Place, value: T): void {
    this.#all.set(key(at), value)
    this.#choice = at.choice
    this.#index = at.index
    this.#last = value
  }

  delete(at: Place): void {
    this.#all.delete(key(at))
    if (at.index !== this.#index || at.choice !== this.#choice) return
    this.#choice = -1
    this.#last = undefined
  }

  clear(): void {
    this.#all.clear()
    this.#choice = -1
    this.#last = undefined
  }

  get size(): number {
    return this.#all.size
  }

  values(): Iterable<T> {
    return this.#all.values()
  }

  *entries(): Generator<[Place, T]> {
    for (const [at, value] of this.#all) yield [{ choice: Math.floor(at / indexes), index: at % indexes }, value]
  }
}

// One number instead of a text for each lookup.
const indexes = 2 ** 31

function key({ choice, index }: Place): number {
  return choice * indexes + index
}
