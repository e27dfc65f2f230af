import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import { pass, type StreamTransformer, skip, type TransformResult } from '../transformer.ts'
import { Ending } from './ending.ts'
import { estimatedHundredths } from './estimated-hundredths.ts'
import { checkNumber } from './option-checks.ts'
import { type Delta, isDelta, textOf, withText } from './text/delta.ts'

export interface MaxTokensOptions {
  /** Estimated by `estimateText` of `sluice/tokens`. */
  tokens?: number
  /** In UTF-16 code units. */
  characters?: number
  /** How many answers the stream has; each may be so long. Default 1. */
  choices?: number
}

/**
 * Ends a choice when it grows too long, with the finish reason `length`. What is said, reasoning and the arguments of
 * calls count together. An answer that fits exactly is left alone.
 *
 * A call that is open then runs on to its end, however long it is, and the choice ends behind it: arguments that were
 * cut could be taken for whole ones.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const make = () => new MaxTokens({ tokens: 500 })
 */
export class MaxTokens implements StreamTransformer {
  readonly name = 'max-tokens'
  readonly #limits: readonly Limit[]
  readonly #ending: Ending
  /** What each choice has used, in the order of the limits. */
  readonly #used = new Map<number, number[]>()

  constructor({ tokens, characters, choices = 1 }: MaxTokensOptions) {
    checkNumber('tokens', tokens, 0)
    checkNumber('characters', characters, 0)
    if (tokens === undefined && characters === undefined) {
      throw new SluiceError('config_invalid', 'cannot limit an answer: write `tokens` or `characters`')
    }
    this.#limits = [
      ...(tokens === undefined ? [] : [{ most: tokens * 100, size: estimatedHundredths }]),
      ...(characters === undefined ? [] : [{ most: characters, size: lengthOf }]),
    ]
    this.#ending = new Ending(choices)
  }

  get done(): boolean {
    return this.#ending.done
  }

  transform(token: StreamToken): TransformResult {
    if (!this.#ending.lets(token)) return skip
    if (isDelta(token)) return this.#count(token)
    switch (token.type) {
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'hosted-result':
      case 'media-start': {
        const used = this.#usedBy(token.choice)
        if (this.#limits.every(({ most }, i) => used[i]! < most)) return pass
        this.#ending.withdraw(token)
        return { action: 'replace', tokens: this.#ending.end(token.choice, { reason: 'length' }) }
      }
      default: {
        const after = this.#ending.after(token)
        return after.length === 0 ? pass : { action: 'replace', tokens: [token, ...after] }
      }
    }
  }

  #usedBy(choice: number): number[] {
    let used = this.#used.get(choice)
    if (!used) {
      used = this.#limits.map(() => 0)
      this.#used.set(choice, used)
    }
    return used
  }

  #count(delta: Delta): TransformResult {
    const { choice } = delta
    const text = textOf(delta)
    if (text === '' || this.#ending.has(choice)) return pass
    const used = this.#usedBy(choice)
    let fits = text.length
    for (let i = 0; i < this.#limits.length; i++) {
      const { most, size } = this.#limits[i]!
      const more = size(text)
      if (used[i]! + more > most) fits = Math.min(fits, longestPrefix(text, most - used[i]!, size))
      used[i]! += more
    }
    if (fits === text.length) return pass
    const tokens: StreamToken[] = []
    if (delta.type === 'tool-call-delta' || delta.type === 'hosted-call-delta') {
      tokens.push(delta)
    } else {
      const part = wholeCharacters(text, fits)
      if (part !== '') tokens.push(withText(delta, part))
    }
    tokens.push(...this.#ending.end(choice, { reason: 'length' }))
    return { action: 'replace', tokens }
  }
}

interface Limit {
  most: number
  size: (text: string) => number
}

function lengthOf(text: string): number {
  return text.length
}

/** How many code units of a text fit into `room`. Asked once for a choice, for the delta that does not fit. */
function longestPrefix(text: string, room: number, size: (text: string) => number): number {
  let at = 0
  let used = 0
  for (; at < text.length; at++) {
    used += size(text[at]!)
    if (used > room) break
  }
  return at
}

/** The beginning of a text, up to `length`, that does not end inside a character of two code units. */
function wholeCharacters(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}
