import { PairMerger } from './pair-merger.ts'
import { hashOf, none, RankIndex } from './rank-index.ts'
import { type NextWord, nextCl100k, nextO200k } from './split.ts'
import { loadVocabulary, type Vocabulary, type VocabularyName } from './vocabulary.ts'
import { WordMemo } from './word-memo.ts'

const nextWords: Readonly<Record<VocabularyName, NextWord>> = { o200k_base: nextO200k, cl100k_base: nextCl100k }
const opened = new Map<VocabularyName, Promise<TokenCounter>>()

/**
 * How many tokens a text is, exactly: the number that the reference implementation, tiktoken, gives. Time grows with
 * the length of the text (of a word without end: with n log n), whatever the text is.
 *
 * What looks like a mark of the vocabulary (`<|endoftext|>`) is text. Half a surrogate pair counts as U+FFFD, which is
 * what it is in UTF-8.
 *
 * @example
 * const counter = await TokenCounter.open('o200k_base')
 * counter.count('hello world') // 2
 */
export class TokenCounter {
  readonly #nextWord: NextWord
  readonly #index: RankIndex
  readonly #merger: PairMerger
  readonly #memo = new WordMemo()

  private constructor(ranks: Vocabulary['ranks'], nextWord: NextWord) {
    this.#nextWord = nextWord
    this.#index = new RankIndex(ranks)
    this.#merger = new PairMerger(this.#index)
  }

  /**
   * The counter of a vocabulary: one for all, some ten megabytes, made by the first call in about a tenth of a second.
   *
   * @throws SluiceError `invalid_request` for a name that is not known
   */
  static async open(name: VocabularyName): Promise<TokenCounter> {
    let counter = opened.get(name)
    if (counter === undefined) {
      counter = loadVocabulary(name).then(({ ranks }) => new TokenCounter(ranks, nextWords[name]))
      opened.set(name, counter)
      counter.catch(() => opened.delete(name))
    }
    return counter
  }

  count(text: string): number {
    const bytes = encoder.encode(text)
    let count = 0
    for (let at = 0; at < bytes.length; ) {
      const end = this.#nextWord(bytes, at)
      count += this.#word(bytes, at, end)
      at = end
    }
    return count
  }

  #word(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to)
    if (this.#index.of(bytes, from, to, hash) !== none) return 1
    const known = this.#memo.get(bytes, from, to, hash)
    if (known > 0) return known
    const count = this.#merger.count(bytes, from, to)
    this.#memo.put(bytes, from, to, hash, count)
    return count
  }
}

const encoder = new TextEncoder()

/**
 * How many tokens a text is; of o200k unless another vocabulary is named. See `TokenCounter`, which counts without a
 * promise once it is open.
 */
export async function countText(text: string, vocabulary: VocabularyName = 'o200k_base'): Promise<number> {
  return (await TokenCounter.open(vocabulary)).count(text)
}
