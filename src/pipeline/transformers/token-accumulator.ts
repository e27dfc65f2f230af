import type { Finish, FinishToken, StreamToken, Usage } from '../../tokens/index.ts'
import { mergeUsage } from '../../tokens/index.ts'
import { pass, type StreamTransformer, type TransformResult } from '../transformer.ts'
import { CopiedText } from './copied-text.ts'
import { checkNumber } from './option-checks.ts'
import { BlockMap } from './text/block-map.ts'

export interface TokenAccumulatorOptions {
  /** The most text that is kept, of all blocks together, in UTF-16 code units. Default 1,048,576. */
  maxCharacters?: number
}

/** A block so far. */
export interface AccumulatedBlock {
  readonly choice: number
  readonly index: number
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'tool-call'
  /** What is said or thought; of a call its arguments, as they came. */
  readonly text: string
  /** Its end has come. The arguments of a call mean nothing before. */
  readonly complete: boolean
  /** Of a call. */
  readonly id?: string
  readonly name?: string
}

type Kept = Omit<AccumulatedBlock, 'text' | 'complete'> & { text: CopiedText; complete: boolean }

/**
 * Reads a stream along and can say at any time what has come: text, reasoning, calls, usage, finish. All tokens pass
 * unchanged. Text is copied out of the chunks that it came in, up to `maxCharacters`; of what comes then nothing is kept
 * and `truncated` says so.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const accumulator = new TokenAccumulator()
 * builder.addTransformer(() => accumulator)
 * // later
 * console.log(accumulator.text, accumulator.toolCalls)
 */
export class TokenAccumulator implements StreamTransformer {
  readonly name = 'token-accumulator'
  readonly #most: number
  readonly #kept: Kept[] = []
  readonly #open = new BlockMap<Kept>()
  readonly #finishes = new Map<number, Finish>()
  #characters = 0
  #usage: Usage | undefined
  /** Some of the stream was not kept. */
  truncated = false

  constructor({ maxCharacters = 1024 * 1024 }: TokenAccumulatorOptions = {}) {
    checkNumber('maxCharacters', maxCharacters, 0)
    this.#most = maxCharacters
  }

  /** What the first choice has said. */
  get text(): string {
    return this.#joined('text')
  }

  /** What the first choice has thought. */
  get reasoning(): string {
    return this.#joined('reasoning')
  }

  /** The calls of all choices. */
  get toolCalls(): AccumulatedBlock[] {
    return this.blocks().filter(({ kind }) => kind === 'tool-call')
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  /** How a choice ended, once it has. */
  finish(choice = 0): Finish | undefined {
    return this.#finishes.get(choice)
  }

  /** Every block, in the order in which they began. */
  blocks(): AccumulatedBlock[] {
    return this.#kept.map((block) => ({ ...block, text: block.text.toString() }))
  }

  transform(token: StreamToken): TransformResult {
    switch (token.type) {
      case 'text-delta':
      case 'reasoning-delta': {
        const block = this.#open.get(token)
        if (block) this.#add(block, token.text)
        return pass
      }
      case 'tool-call-delta':
      case 'hosted-call-delta': {
        const block = this.#open.get(token)
        if (block) this.#add(block, token.arguments)
        return pass
      }
      case 'text-start':
        this.#start({ choice: token.choice, index: token.index, kind: token.refusal ? 'refusal' : 'text' })
        return pass
      case 'reasoning-start':
        this.#start({ choice: token.choice, index: token.index, kind: 'reasoning' })
        return pass
      case 'tool-call-start': {
        const { choice, index, id, name } = token
        this.#start({ choice, index, kind: 'tool-call', id, name })
        return pass
      }
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end': {
        const block = this.#open.get(token)
        if (block) block.complete = !this.truncated
        this.#open.delete(token)
        return pass
      }
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return pass
      case 'finish':
        this.#finishes.set(token.choice, finishOf(token))
        return pass
      default:
        return pass
    }
  }

  #start(block: Omit<Kept, 'text' | 'complete'>): void {
    // A block without text takes room too: it counts as so many characters.
    this.#characters += 64
    if (this.#characters > this.#most) {
      this.truncated = true
      return
    }
    const kept = { ...block, text: new CopiedText(), complete: false }
    this.#kept.push(kept)
    this.#open.set(block, kept)
  }

  #add(block: Kept, text: string): void {
    if (this.truncated) return
    this.#characters += text.length
    if (this.#characters > this.#most) this.truncated = true
    else if (text !== '') block.text.add(text)
  }

  #joined(kind: AccumulatedBlock['kind']): string {
    return this.#kept
      .filter((block) => block.choice === 0 && block.kind === kind)
      .map(({ text }) => text.toString())
      .join('')
  }
}

function finishOf({ type: _, choice: __, ...finish }: FinishToken): Finish {
  return finish
}
