import type { Finish, StreamToken } from '../../tokens/index.ts'
import { checkNumber } from './option-checks.ts'
import { BlockMap } from './text/block-map.ts'

/** A choice that is being ended. */
interface Ended {
  finish: Finish
  /** Its finish has been given. */
  over: boolean
}

/**
 * Ends choices of a stream before the model does, so that nothing looks whole that is not. Text and reasoning end where
 * they are. An open call, or a picture, runs on to its own end first: its beginning could be taken for the whole.
 *
 * Of what comes afterwards only the other choices, usage and facts about the answer go on.
 */
export class Ending {
  readonly #open = new BlockMap<StreamToken['type']>()
  /** Made when it is needed: nearly no stream does. */
  #ended: Map<number, Ended> | undefined
  readonly #choices: number
  #finished = 0

  /** `choices`: how many answers the stream has. */
  constructor(choices = 1) {
    checkNumber('choices', choices, 1)
    this.#choices = choices
  }

  /** Every answer has ended, and at least one of them here. */
  get done(): boolean {
    return this.#ended !== undefined && this.#finished >= this.#choices
  }

  /** A choice is being ended, or has been. */
  get begun(): boolean {
    return this.#ended !== undefined
  }

  /** To be called for each token, for a text delta only once it has `begun`. False: it belongs to what was cut off. */
  lets(token: StreamToken): boolean {
    if (!this.#ended) {
      // Most tokens are these, and there is nothing to note about them.
      if (token.type !== 'text-delta') this.#note(token)
      return true
    }
    if (token.type === 'error' || token.type === 'raw') return !this.done
    if (token.type === 'usage' || token.type === 'metadata' || token.type === 'message-start') return true
    const ended = this.#ended.get(token.choice)
    if (!ended) {
      this.#note(token)
      return true
    }
    return 'index' in token && this.#open.get(token) !== undefined && !isStart(token)
  }

  /** Behind a token that `lets` has let through: the finish that waited for it. */
  after(token: StreamToken): readonly StreamToken[] {
    if (!this.#ended || !isEnd(token)) return none
    const ended = this.#ended.get(token.choice)
    if (!ended || ended.over) return none
    this.#open.delete(token)
    return this.#finish(token.choice, ended)
  }

  /** A start that `lets` has let through does not go on after all. */
  withdraw(start: StreamToken): void {
    if ('index' in start) this.#open.delete(start)
  }

  /** What ends the choice here. */
  end(choice: number, finish: Finish): readonly StreamToken[] {
    this.#ended ??= new Map()
    if (this.#ended.has(choice)) return none
    const tokens: StreamToken[] = []
    for (const [at, type] of this.#open.entries()) {
      if (at.choice !== choice) continue
      if (type === 'text-start') tokens.push({ type: 'text-end', ...at })
      else if (type === 'reasoning-start') tokens.push({ type: 'reasoning-end', ...at })
      else continue
      this.#open.delete(at)
    }
    const ended = { finish, over: false }
    this.#ended.set(choice, ended)
    tokens.push(...this.#finish(choice, ended))
    return tokens
  }

  /** Whether the choice is being ended, or has been. */
  has(choice: number): boolean {
    return this.#ended?.has(choice) ?? false
  }

  /** Its finish, unless a call or a picture is open in the choice. */
  #finish(choice: number, ended: Ended): readonly StreamToken[] {
    for (const [at] of this.#open.entries()) if (at.choice === choice) return none
    ended.over = true
    this.#finished++
    return [{ type: 'finish', choice, ...ended.finish }]
  }

  #note(token: StreamToken): void {
    if (isStart(token)) this.#open.set(token, token.type)
    else if (isEnd(token)) this.#open.delete(token)
    else if (token.type === 'finish') this.#finished++
  }
}

const none: readonly StreamToken[] = []

type Start = Extract<StreamToken, { type: `${string}-start`; index: number }>
type End = Extract<StreamToken, { type: `${string}-end` }>

function isStart(token: StreamToken): token is Start {
  switch (token.type) {
    case 'text-start':
    case 'reasoning-start':
    case 'tool-call-start':
    case 'hosted-call-start':
    case 'media-start':
      return true
    default:
      return false
  }
}

function isEnd(token: StreamToken): token is End {
  switch (token.type) {
    case 'text-end':
    case 'reasoning-end':
    case 'tool-call-end':
    case 'hosted-call-end':
    case 'media-end':
      return true
    default:
      return false
  }
}
