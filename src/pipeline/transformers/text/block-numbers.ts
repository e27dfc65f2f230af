import type { StreamToken } from '../../../tokens/index.ts'
import { BlockMap, type Place } from './block-map.ts'

interface Choice {
  /** How many blocks more than the stream had so far, or fewer when below 0. */
  extra: number
  highest: number
}

/**
 * The indexes of blocks, when some of them become several. Those behind move up, so that the numbers stay dense and in
 * order. Where blocks come in another order than that of their numbers, a new one may stand behind all others instead:
 * a number is never used twice.
 */
export class BlockNumbers {
  readonly #choices = new Map<number, Choice>()
  /** Open blocks that have another number now. */
  readonly #moved = new BlockMap<number>()

  /** The index of a token's block. A start or a result takes a new one. */
  of(token: StreamToken & Place): number {
    if (token.type === 'hosted-result') return this.take(token)
    if (token.type.endsWith('-start')) {
      const index = this.take(token)
      if (index !== token.index) this.#moved.set(token, index)
      return index
    }
    if (this.#moved.size === 0) return token.index
    const index = this.#moved.get(token)
    if (index === undefined) return token.index
    if (token.type.endsWith('-end')) this.#moved.delete(token)
    return index
  }

  /** The index of the next block that block `at` becomes; `more`: it has become one already. */
  take(at: Place, more = false): number {
    const choice = this.#choice(at)
    if (more) choice.extra++
    let index = at.index + choice.extra
    if (choice.extra !== 0 && index <= choice.highest) index = choice.highest + 1
    if (index > choice.highest) choice.highest = index
    return index
  }

  /** The block has become none. */
  none(at: Place): void {
    this.#choice(at).extra--
  }

  #choice(at: Place): Choice {
    let choice = this.#choices.get(at.choice)
    if (!choice) {
      choice = { extra: 0, highest: -1 }
      this.#choices.set(at.choice, choice)
    }
    return choice
  }
}
