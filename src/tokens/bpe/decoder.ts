import { SluiceError } from '../../errors/index.ts'
import { type Clock, systemClock } from '../../flow/index.ts'
import { TokenTexts } from './token-texts.ts'
import { Utf8Stream } from './utf8-stream.ts'
import { loadVocabulary, type Vocabulary, type VocabularyName } from './vocabulary.ts'

export interface TokenDecoderOptions {
  /** Whether marks such as `<|endoftext|>` become text, as in the reference implementation, or nothing. Default true. */
  specials?: boolean
  /** Default: the real one. Asked at the first token and when `tokensPerSecond` is read, never for each token. */
  clock?: Pick<Clock, 'now'>
}

/**
 * Token ids to text, as they come. A token may end inside a character: its bytes wait until the character is whole, so
 * no piece of text is ever torn. All pieces together are what `TextDecoder` makes of the bytes of all tokens, U+FFFD
 * for what is malformed; a byte order mark stays a character (`ignoreBOM`), since a stream of tokens is not a file.
 *
 * One for each stream. It holds some numbers; the vocabulary is shared.
 *
 * @example
 * const decoder = await TokenDecoder.open('o200k_base')
 * for (const id of ids) process.stdout.write(decoder.decodeToken(id))
 * process.stdout.write(decoder.flush())
 */
export class TokenDecoder {
  readonly #vocabulary: Vocabulary
  readonly #shared: TokenTexts
  readonly #texts: TokenTexts['texts']
  /** Text of the marks by their ids; `undefined` until one is met: most streams have none. */
  #marks: Map<number, string> | undefined
  readonly #keepMarks: boolean
  readonly #clock: Pick<Clock, 'now'>
  readonly #utf8 = new Utf8Stream()
  /** Read for each token, so a field here and not a question to `#utf8`. */
  #torn = false
  #tokens = 0
  #characters = 0
  #startedAt = 0
  #stopped: { tokens: number; at: number } | undefined

  constructor(vocabulary: Vocabulary, options: TokenDecoderOptions = {}) {
    this.#vocabulary = vocabulary
    this.#shared = TokenTexts.of(vocabulary)
    this.#texts = this.#shared.texts
    this.#keepMarks = options.specials ?? true
    this.#clock = options.clock ?? systemClock
  }

  /** A decoder for a vocabulary that is known by name; it is loaded when it is not there yet. */
  static async open(name: VocabularyName, options?: TokenDecoderOptions): Promise<TokenDecoder> {
    return new TokenDecoder(await loadVocabulary(name), options)
  }

  /** Tokens taken so far. */
  get tokens(): number {
    return this.#tokens
  }

  /** The length of the text given so far, in UTF-16 units as `String.length`. */
  get characters(): number {
    return this.#characters
  }

  /**
   * Tokens a second from the first token until now, or until `flush` where no token came after it. The first token
   * itself does not count: nobody knows how long it took. `undefined` before there is a second token.
   */
  get tokensPerSecond(): number | undefined {
    if (this.#tokens < 2) return undefined
    const until = this.#stopped?.tokens === this.#tokens ? this.#stopped.at : this.#clock.now()
    const seconds = (until - this.#startedAt) / 1000
    return seconds > 0 ? (this.#tokens - 1) / seconds : undefined
  }

  /**
   * @returns the text that is whole now, '' when there is none
   * @throws SluiceError `unknown_token` for an id that the vocabulary does not have; the decoder stays as it was
   */
  decodeToken(id: number): string {
    const text = this.#texts[id]
    if (typeof text !== 'string' || this.#torn) return this.#decodeSlowly(id)
    if (this.#tokens++ === 0) this.#startedAt = this.#clock.now()
    this.#characters += text.length
    return text
  }

  /**
   * The text of several tokens.
   *
   * @throws SluiceError `unknown_token`; what stands before such an id has then been taken, and its text is lost, so a
   * stream that may hold such ids is better decoded token by token
   */
  decodeTokens(ids: Iterable<number>): string {
    let text = ''
    for (const id of ids) text += this.decodeToken(id)
    return text
  }

  /** The stream is over: U+FFFD for a character that never became whole, else ''. Another stream may follow. */
  flush(): string {
    const rest = this.#utf8.end()
    this.#characters += rest.length
    if (this.#stopped?.tokens !== this.#tokens) this.#stopped = { tokens: this.#tokens, at: this.#clock.now() }
    return rest
  }

  #decodeSlowly(id: number): string {
    const found = this.#shared.read(id) ?? this.#mark(id)
    if (this.#tokens++ === 0) this.#startedAt = this.#clock.now()
    let text: string
    if (typeof found !== 'string') text = this.#utf8.push(found)
    // Nothing ends no character, and text begins with one of its own.
    else text = found === '' ? '' : this.#utf8.end() + found
    this.#torn = this.#utf8.torn
    this.#characters += text.length
    return text
  }

  #mark(id: number): string {
    const { name, specials = {} } = this.#vocabulary
    this.#marks ??= new Map(Object.entries(specials).map(([text, mark]) => [mark, text]))
    const text = this.#marks.get(id)
    if (text !== undefined) return this.#keepMarks ? text : ''
    throw new SluiceError(
      'unknown_token',
      `cannot decode the token ${id}: the vocabulary ${name} has no such id; decode with the vocabulary of the model`,
    )
  }
}
