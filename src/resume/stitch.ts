import type { Emit, Stage } from '../flow/index.ts'
import { mergeUsage, type StreamToken, type Usage } from '../tokens/index.ts'
import type { Delivered } from './delivered.ts'
import { Overlap } from './overlap.ts'

/**
 * The tokens of one who goes on, as the rest of what was delivered: no second beginning, the open text goes on in its
 * own block, new blocks have new numbers, and the usage is that of both. What the second one thinks before it goes on
 * with a text is not part of the answer.
 *
 * The index of a block is given when it starts, and looked up for each of its tokens.
 */
export class Stitch implements Stage<StreamToken, StreamToken> {
  /** Of the second answer's blocks: the index that the client knows; -1: left out. */
  readonly #indexes = new Map<number, number>()
  readonly #before: Usage | undefined
  /** What the second one has told so far: a later event need not say all of it again. */
  #after: Usage | undefined
  readonly #overlap: Overlap | undefined
  /** Something has been said that goes on. */
  readonly #said: boolean
  #next: number
  #open: { kind: string; index: number } | undefined
  /** The block of the second answer whose beginning may be a repetition. */
  #first: number | undefined

  constructor(delivered: Delivered) {
    const { text, open, nextIndex, usage, prefilled } = delivered
    this.#said = text.trim() !== ''
    this.#overlap = this.#said ? new Overlap(text, { words: !prefilled }) : undefined
    this.#open = open
    this.#next = nextIndex
    this.#before = usage
  }

  push(token: StreamToken, emit: Emit<StreamToken>): void {
    switch (token.type) {
      case 'message-start':
        return
      case 'usage':
        this.#after = mergeUsage(this.#after, token.usage)
        emit({ type: 'usage', usage: sum(this.#before, this.#after) })
        return
      case 'finish':
        this.#closeOpen(emit)
        emit(token)
        return
      case 'text-start':
        this.#startText(token, emit)
        return
      case 'text-delta':
        this.#say(token, emit)
        return
      case 'text-end':
        this.#release(token.index, emit)
        this.#pass(token, emit)
        return
      case 'reasoning-start':
        if (this.#said) this.#indexes.set(token.index, -1)
        else this.#startOther(token, emit)
        return
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'media-start':
      case 'hosted-result':
        this.#startOther(token, emit)
        return
      default:
        if ('index' in token) this.#pass(token, emit)
        else emit(token)
    }
  }

  #startText(token: StreamToken & { type: 'text-start' }, emit: Emit<StreamToken>): void {
    const open = this.#open
    if (this.#overlap && this.#first === undefined) this.#first = token.index
    if (open?.kind === 'text' && !token.refusal) {
      // It goes on.
      this.#indexes.set(token.index, open.index)
      this.#open = undefined
      return
    }
    this.#startOther(token, emit)
  }

  #startOther(token: StreamToken & { index: number }, emit: Emit<StreamToken>): void {
    this.#closeOpen(emit)
    const index = this.#next++
    this.#indexes.set(token.index, index)
    emit({ ...token, index } as StreamToken)
  }

  #say(token: StreamToken & { type: 'text-delta' }, emit: Emit<StreamToken>): void {
    if (token.index !== this.#first || !this.#overlap) {
      this.#pass(token, emit)
      return
    }
    const text = this.#overlap.push(token.text)
    // Log-probabilities of what is left cannot be told from those of what was cut.
    if (text === token.text) this.#pass(token, emit)
    else if (text !== '') this.#pass({ type: 'text-delta', choice: token.choice, index: token.index, text }, emit)
  }

  #release(index: number, emit: Emit<StreamToken>): void {
    if (index !== this.#first || !this.#overlap) return
    const text = this.#overlap.flush()
    if (text !== '') this.#pass({ type: 'text-delta', choice: 0, index, text }, emit)
  }

  #closeOpen(emit: Emit<StreamToken>): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    emit({ type: open.kind === 'reasoning' ? 'reasoning-end' : 'text-end', choice: 0, index: open.index })
  }

  #pass(token: StreamToken & { index: number }, emit: Emit<StreamToken>): void {
    const index = this.#indexes.get(token.index)
    if (index === undefined || index === -1) return
    emit(index === token.index ? token : ({ ...token, index } as StreamToken))
  }
}

/** Both were answered, and both are charged for. What one of them does not know stays unknown. */
function sum(before: Usage | undefined, after: Usage): Usage {
  // What broke off has never told all of its own.
  const total: Record<string, unknown> = { ...before, ...after, estimated: true }
  if (!before) return total as Usage
  for (const [key, value] of Object.entries(after)) {
    const earlier = before[key as keyof Usage]
    if (typeof value === 'number' && typeof earlier === 'number') total[key] = earlier + value
  }
  const tools = after.serverTools
  if (before.serverTools && tools) total.serverTools = added(before.serverTools, tools)
  const { cost } = after
  if (before.cost && cost?.unit === before.cost.unit) total.cost = { ...cost, amount: before.cost.amount + cost.amount }
  return total as Usage
}

function added(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const all = { ...one }
  // The names are the vendor's: one may be that of something that every object has.
  for (const [name, count] of Object.entries(other)) {
    all[name] = (Object.hasOwn(one, name) ? (one[name] ?? 0) : 0) + count
  }
  return all
}
