import type { RankEntry, Vocabulary } from './vocabulary.ts'

/** What the decoders of one rank table share: the text of each token that is whole characters, the bytes of others. */
export class TokenTexts {
  /** By id. What is no string has not been asked for yet, or is torn, or nothing. */
  readonly texts: Array<RankEntry | undefined>
  readonly #torn = new Map<number, ArrayLike<number>>()

  private constructor(ranks: Vocabulary['ranks']) {
    this.texts = ranks.slice()
  }

  static readonly #shared = new WeakMap<Vocabulary['ranks'], TokenTexts>()

  static of({ ranks }: Vocabulary): TokenTexts {
    let texts = TokenTexts.#shared.get(ranks)
    if (texts === undefined) {
      texts = new TokenTexts(ranks)
      TokenTexts.#shared.set(ranks, texts)
    }
    return texts
  }

  /** Text, or bytes that are not whole characters; `undefined` for an id that means nothing. */
  read(id: number): string | ArrayLike<number> | undefined {
    const torn = this.#torn.get(id)
    if (torn !== undefined) return torn
    const entry = this.texts[id]
    if (typeof entry !== 'object') return typeof entry === 'string' ? entry : undefined
    const bytes = Uint8Array.from(entry)
    try {
      const text = strict.decode(bytes)
      this.texts[id] = text
      return text
    } catch {
      this.#torn.set(id, bytes)
      return bytes
    }
  }
}

// A byte order mark is a character like others: a token of code files begins with one, anywhere in a stream.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
