import { callId, type Warning } from '../../dialects/index.ts'
import type { FinishToken, StreamToken } from '../../tokens/index.ts'
import { pass, replace, type StreamTransformer, skip, type TransformResult } from '../transformer.ts'
import { BlockMap } from '../transformers/text/block-map.ts'
import { BlockNumbers } from '../transformers/think/block-numbers.ts'
import { ExtractedBlock } from './extracted-block.ts'
import type { OfferedTool } from './offered-tool.ts'

export interface ToolCallExtractionOptions {
  /** The tools that may be called. What names another one stays text. */
  tools: readonly OfferedTool[]
  /** There should be a call: where none comes, `onWarning` hears of it. Default false. */
  required?: boolean
  /** One call at most: others are left out, and `onWarning` hears of it. Default false. */
  single?: boolean
  /** What the ids of calls are made of, beside the id of the answer: an id that the conversation has once. */
  seed?: string
  /** The longest call that is waited for, in UTF-16 code units; what is longer stays text. Default 4 Mi. */
  longest?: number
  onWarning?: (warning: Warning) => void
}

/**
 * Calls of tools that a model writes into its text become calls, wherever the deltas are cut: in the form that
 * `emulateTools` asks for, and in those of several makers. Only what may be the beginning of a call is held back, and a
 * call until it is whole.
 *
 * A call that is not whole, is no JSON or names no tool is never made: it stays text, and so does what stands in a code
 * block. The finish says `tool_calls` where there is a call, and never where there is none; an answer that was cut, for
 * its length or by a filter, says that. Blocks that follow are numbered anew.
 *
 * @example
 * const { request, calls } = emulateTools(asked)
 * const make = () => new ToolCallExtraction({ tools: [], ...calls })
 */
export class ToolCallExtraction implements StreamTransformer {
  readonly name = 'tool-call-extraction'
  readonly #options: ToolCallExtractionOptions
  readonly #numbers = new BlockNumbers()
  readonly #blocks = new BlockMap<ExtractedBlock>()
  /** How many calls each choice has made. */
  readonly #calls = new Map<number, number>()
  #answer = ''

  constructor(options: ToolCallExtractionOptions) {
    this.#options = options
  }

  /** Part of a call has come, and none of it goes on before it is whole. */
  get holding(): boolean {
    for (const block of this.#blocks.values()) if (block.holding) return true
    return false
  }

  transform(token: StreamToken): TransformResult {
    switch (token.type) {
      case 'message-start':
        this.#answer = token.id ?? ''
        return pass
      case 'metadata':
      case 'usage':
      case 'raw':
        return pass
      case 'finish':
        return this.#finish(token)
      case 'error':
        return given([...this.flush(), token], token)
      case 'text-start':
        return token.refusal ? this.#renumber(token) : this.#open(token)
      case 'text-delta': {
        const block = this.#blocks.get(token)
        return block ? given(block.push(token), token) : this.#renumber(token)
      }
      case 'text-end': {
        const block = this.#blocks.get(token)
        if (!block) return this.#renumber(token)
        this.#blocks.delete(token)
        return given(block.end(token), token)
      }
      case 'opaque':
      case 'citation': {
        const block = this.#blocks.get(token)
        return block ? given(block.attach(token), token) : this.#renumber(token)
      }
      case 'tool-call-start':
        this.#count(token.choice)
        return this.#renumber(token)
      default:
        return this.#renumber(token)
    }
  }

  flush(): readonly StreamToken[] {
    const tokens = [...this.#blocks.values()].flatMap((block) => block.flush())
    this.#blocks.clear()
    return tokens
  }

  #open(token: Extract<StreamToken, { type: 'text-start' }>): TransformResult {
    const { tools, longest = 4 * 1024 * 1024, single } = this.#options
    const admit = (): string | undefined => {
      if (single && this.#calls.has(token.choice)) {
        this.#lost('tool_calls', 'the model made several calls where one was wanted: the first one counts')
        return undefined
      }
      return this.#id(token.choice, this.#count(token.choice))
    }
    this.#blocks.set(token, new ExtractedBlock(token, { tools, longest, numbers: this.#numbers, admit }))
    return skip
  }

  #count(choice: number): number {
    const number = this.#calls.get(choice) ?? 0
    this.#calls.set(choice, number + 1)
    return number
  }

  /** The same for the same answer to the same conversation, however it comes. */
  #id(choice: number, number: number): string {
    return callId(JSON.stringify([this.#options.seed, this.#answer, choice, number]), madeAnew)
  }

  #finish(token: FinishToken): TransformResult {
    const called = this.#calls.has(token.choice)
    if (this.#options.required && !called) this.#lost('tool_choice', 'a call was asked for, and the model made none')
    if (called === (token.reason === 'tool_calls')) return pass
    if (called && !ends.has(token.reason)) return pass
    return replace({ type: 'finish', choice: token.choice, reason: called ? 'tool_calls' : 'stop' })
  }

  #lost(field: string, reason: string): void {
    this.#options.onWarning?.({ field, action: 'dropped', reason })
  }

  #renumber(token: Extract<StreamToken, { index: number }>): TransformResult {
    const index = this.#numbers.of(token)
    return index === token.index ? pass : replace({ ...token, index })
  }
}

/** No text is an id as it stands. */
const madeAnew = { max: 0, allowed: /^$/ }

/** Ways in which an answer ends that is all there. */
const ends: ReadonlySet<string> = new Set<FinishToken['reason']>(['stop', 'unknown'])

/** `tokens` as a result; one that came and goes on alone passes. */
function given(tokens: readonly StreamToken[], token: StreamToken): TransformResult {
  if (tokens.length === 0) return skip
  return tokens.length === 1 && tokens[0] === token ? pass : { action: 'replace', tokens }
}
