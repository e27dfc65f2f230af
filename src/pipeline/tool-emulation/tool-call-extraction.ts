import { callId, type Warning } from '../../dialects/index.ts'
import type { FinishToken, StreamToken } from '../../tokens/index.ts'
import { pass, replace, type StreamTransformer, type TransformResult } from '../transformer.ts'
import { SplitTexts } from '../transformers/text/split-texts.ts'
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
  readonly #texts = new SplitTexts<ExtractedBlock>()
  /** How many calls each choice has made. */
  readonly #calls = new Map<number, number>()
  #answer = ''

  constructor(options: ToolCallExtractionOptions) {
    this.#options = options
  }

  /** Part of a call has come, and none of it goes on before it is whole. */
  get holding(): boolean {
    for (const text of this.#texts.values()) if (text.holding) return true
    return false
  }

  transform(token: StreamToken): TransformResult {
    if (token.type === 'text-start' && !token.refusal) return this.#open(token)
    if (token.type === 'finish') return this.#finish(token)
    if (token.type === 'message-start') this.#answer = token.id ?? ''
    if (token.type === 'tool-call-start') this.#count(token.choice)
    return this.#texts.transform(token)
  }

  flush(): readonly StreamToken[] {
    return this.#texts.flush()
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
    return this.#texts.open(token, new ExtractedBlock(this.#texts.pieces(token), { tools, longest, admit }))
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
}

/** No text is an id as it stands. */
const madeAnew = { max: 0, allowed: /^$/ }

/** Ways in which an answer ends that is all there. */
const ends: ReadonlySet<string> = new Set<FinishToken['reason']>(['stop', 'unknown'])
