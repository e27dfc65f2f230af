import type { ReasoningDelta, StreamToken, TextDelta } from '../../tokens/index.ts'
import { pass, type StreamTransformer, skip, type TransformResult } from '../transformer.ts'
import { checkNumber } from './option-checks.ts'
import { withText } from './text/delta.ts'
import { wordPieces } from './word-pieces.ts'

export interface DeltaSmoothingOptions {
  /** Deltas longer than this are cut into words. In UTF-16 code units, default 24. */
  over?: number
  /** The longest piece of a text without spaces. Default 12. */
  longest?: number
  /**
   * Deltas shorter than this wait for the next one, until there is so much. Default 0: none waits. There is no timer, so
   * a small piece may wait as long as the model pauses.
   */
  join?: number
}

/**
 * Deltas of an even size: those of a provider that sends a paragraph at a time are cut into words, and, if asked, tiny
 * ones are joined. Only what is said and reasoning; deltas with log-probabilities stay as they are. The text does not
 * change, and nothing waits here: `DeltaPacing` gives the pieces time.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const make = () => new DeltaSmoothing({ over: 40 })
 */
export class DeltaSmoothing implements StreamTransformer {
  readonly name = 'delta-smoothing'
  readonly #over: number
  readonly #longest: number
  readonly #join: number
  #held: TextDelta | ReasoningDelta | undefined
  #text = ''

  constructor({ over = 24, longest = 12, join = 0 }: DeltaSmoothingOptions = {}) {
    checkNumber('over', over, 1)
    checkNumber('longest', longest, 1)
    checkNumber('join', join, 0)
    this.#over = over
    this.#longest = Math.floor(longest)
    this.#join = join
  }

  transform(token: StreamToken): TransformResult {
    if ((token.type === 'text-delta' && !token.logprobs) || token.type === 'reasoning-delta') return this.#delta(token)
    return this.#held ? { action: 'replace', tokens: [...this.flush(), token] } : pass
  }

  flush(): readonly StreamToken[] {
    if (!this.#held) return []
    const tokens = this.#pieces(this.#held, this.#text)
    this.#held = undefined
    this.#text = ''
    return tokens
  }

  #delta(token: TextDelta | ReasoningDelta): TransformResult {
    const held = this.#held
    if (!held) {
      if (token.text.length >= this.#join && token.text.length <= this.#over) return pass
      if (token.text.length >= this.#join) return { action: 'replace', tokens: this.#pieces(token, token.text) }
      this.#held = token
      this.#text = token.text
      return skip
    }
    if (held.type !== token.type || held.index !== token.index || held.choice !== token.choice) {
      const before = this.flush()
      const result = this.#delta(token)
      if (result.action === 'pass') return { action: 'replace', tokens: [...before, token] }
      return { action: 'replace', tokens: result.action === 'replace' ? [...before, ...result.tokens] : before }
    }
    this.#text += token.text
    if (this.#text.length < this.#join) return skip
    return { action: 'replace', tokens: this.flush() }
  }

  #pieces(like: TextDelta | ReasoningDelta, text: string): StreamToken[] {
    if (text === like.text && text.length <= this.#over) return [like]
    if (text.length <= this.#over) return [withText(like, text)]
    return wordPieces(text, this.#longest).map((piece) => withText(like, piece))
  }
}
