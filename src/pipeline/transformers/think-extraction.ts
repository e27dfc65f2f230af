import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { StreamTransformer, TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'
import { LiteralSet } from './text/literal-set.ts'
import { SplitTexts } from './text/split-texts.ts'
import { SplitBlock } from './think/split-block.ts'

export interface ThinkExtractionOptions {
  /**
   * The names of the tags, or a function that says them for the model that answers (as `message-start` names it); none:
   * the answer passes untouched. Default `['think']`, for `<think>` and `</think>`.
   */
  tags?: readonly string[] | ((model: string | undefined) => readonly string[])
  /** Also behind other text, and more than once. Default false: only at the beginning of a text. */
  anywhere?: boolean
  /** The text begins inside the first tag: some models are given its opening in the prompt. Default false. */
  opened?: boolean
}

// One object, so that it is compiled once.
const defaults: ThinkExtractionOptions = {}

const compile = compileOnce(({ tags = ['think'] }: ThinkExtractionOptions) => {
  const sets = new Map<string, LiteralSet>()
  const setOf = (names: readonly string[]): LiteralSet | undefined => {
    if (names.length === 0) return undefined
    const key = names.join(' ')
    const known = sets.get(key)
    if (known) return known
    const wrong = names.find((name) => !/^[A-Za-z][\w:-]*$/.test(name))
    if (wrong !== undefined) {
      throw new SluiceError(
        'config_invalid',
        `cannot look for a tag: its name is ${JSON.stringify(wrong)}; write it without brackets, as in "think"`,
        { param: 'tags' },
      )
    }
    // Openings first, then the closings in the same order.
    const set = new LiteralSet([...names.map((name) => `<${name}>`), ...names.map((name) => `</${name}>`)])
    sets.set(key, set)
    return set
  }
  if (typeof tags !== 'function') setOf(tags)
  return (model: string | undefined) => setOf(typeof tags === 'function' ? tags(model) : tags)
})

/**
 * Reasoning that a model writes into its text, between `<think>` and `</think>`, becomes reasoning blocks, wherever the
 * deltas are cut. A tag is never shown in part, and what only looked like a tag stays text.
 *
 * Line breaks behind either tag, and white space before the first one (up to 64 characters), are left out; so is
 * reasoning that is empty. Reasoning that is never closed ends with the text. Blocks that follow are numbered anew, so
 * that the reasoning has its place before the text that it led to. Refusals are left alone.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const options = { tags: (model = '') => (model.includes('qwen') ? ['think'] : []) }
 * const make = () => new ThinkExtraction(options)
 */
export class ThinkExtraction implements StreamTransformer {
  readonly name = 'think-extraction'
  readonly #options: ThinkExtractionOptions
  readonly #setOf: (model: string | undefined) => LiteralSet | undefined
  #model: string | undefined
  readonly #texts = new SplitTexts<SplitBlock>()

  constructor(options: ThinkExtractionOptions = defaults) {
    this.#options = options
    this.#setOf = compile(options)
  }

  transform(token: StreamToken): TransformResult {
    if (token.type === 'message-start') this.#model = token.model ?? this.#model
    if (token.type !== 'text-start' || token.refusal) return this.#texts.transform(token)
    const set = this.#setOf(this.#model)
    if (!set) return this.#texts.transform(token)
    const { anywhere = false, opened = false } = this.#options
    return this.#texts.open(token, new SplitBlock(this.#texts.pieces(token), { set, anywhere, opened }))
  }

  flush(): readonly StreamToken[] {
    return this.#texts.flush()
  }
}
