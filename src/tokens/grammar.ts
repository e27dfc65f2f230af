import { SluiceError } from '../errors/index.ts'
import type { Stage } from '../flow/index.ts'
import type { StreamToken } from './token.ts'

/**
 * A stage that lets a legal stream through unchanged and throws `token_grammar` at the first token that is out of
 * order. It stands in every stream under test; in production the decoders are trusted.
 */
export function grammar(): Stage<StreamToken, StreamToken> {
  const check = new GrammarCheck()
  return {
    push(token, emit) {
      check.push(token)
      emit(token)
    },
    end: () => check.end(),
    fail: () => {},
  }
}

type BlockKind = 'text' | 'reasoning' | 'tool-call' | 'hosted-call' | 'media'
type BlockToken = Extract<StreamToken, { index: number }>

interface Choice {
  readonly blocks: Map<number, BlockKind | 'closed'>
  open: number
  finished: boolean
}

/**
 * Whether the tokens of one stream come in the order that the grammar allows, a token at a time. A delta in the block of
 * the one before it costs a few comparisons; all else a look into two maps.
 */
export class GrammarCheck {
  #started = false
  #over = false
  readonly #choices = new Map<number, Choice>()
  /** The block of the last delta, while it is open. */
  #kind: BlockKind | undefined
  #choice = -1
  #index = -1

  /** @throws SluiceError `token_grammar`; then nothing has changed, and another token may be tried */
  push(token: StreamToken): void {
    if (this.#over) refuse(token, 'the stream is over')
    switch (token.type) {
      case 'text-delta':
        this.#inside(token, 'text')
        return
      case 'reasoning-delta':
        this.#inside(token, 'reasoning')
        return
      case 'tool-call-delta':
        this.#inside(token, 'tool-call')
        return
      case 'hosted-call-delta':
        this.#inside(token, 'hosted-call')
        return
      case 'media-delta':
        this.#inside(token, 'media')
        return
      case 'text-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'media-start':
        this.#open(token, token.type.slice(0, -'-start'.length) as BlockKind)
        return
      case 'hosted-result':
        this.#open(token, 'hosted-call')
        this.#close(token)
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
        this.#inside(token, token.type.slice(0, -'-end'.length) as BlockKind)
        this.#close(token)
        return
      case 'opaque':
        this.#within(token, ['reasoning', 'tool-call', 'text'])
        return
      case 'citation':
        this.#inside(token, 'text')
        return
      case 'message-start':
        if (this.#started) refuse(token, 'the message has started already')
        this.#started = true
        return
      case 'error':
        this.#over = true
        return
      case 'finish':
        this.#finish(token)
        return
      case 'usage':
      case 'metadata':
      case 'raw':
        this.#begun(token)
        return
      default:
        token satisfies never
        refuse(token, 'there is no such token')
    }
  }

  /** Takes the last token back that `push` has let through; and so, one by one, those before it. */
  undo(token: StreamToken): void {
    switch (token.type) {
      case 'message-start':
        this.#started = false
        return
      case 'error':
        this.#over = false
        return
      case 'finish':
        this.#of(token.choice).finished = false
        return
      case 'hosted-result':
        this.#of(token.choice).blocks.delete(token.index)
        return
      case 'text-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'media-start':
        this.#close(token)
        this.#of(token.choice).blocks.delete(token.index)
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end': {
        const choice = this.#of(token.choice)
        choice.blocks.set(token.index, token.type.slice(0, -'-end'.length) as BlockKind)
        choice.open++
        return
      }
      default:
    }
  }

  /** @throws SluiceError `token_grammar` */
  end(): void {
    if (this.#over) return
    if (!this.#started) throw wrong('the stream ended before it started')
    let finished = 0
    for (const choice of this.#choices.values()) if (choice.finished) finished++
    if (finished === 0) throw wrong('the stream ended without a finish')
    for (const [number, { blocks, finished }] of this.#choices) {
      if (!finished && blocks.size > 0) throw wrong(`the stream ended without a finish for choice ${number}`)
    }
  }

  #open(token: BlockToken, kind: BlockKind): void {
    this.#begun(token)
    const choice = this.#of(token.choice)
    if (choice.finished) refuse(token, `choice ${token.choice} is finished`)
    if (choice.blocks.has(token.index)) refuse(token, `block ${placeOf(token)} was used before`)
    choice.blocks.set(token.index, kind)
    choice.open++
  }

  #close({ choice: number, index }: BlockToken): void {
    const choice = this.#of(number)
    choice.blocks.set(index, 'closed')
    choice.open--
    this.#kind = undefined
  }

  #inside(token: BlockToken, kind: BlockKind): void {
    if (token.index === this.#index && kind === this.#kind && token.choice === this.#choice) return
    this.#within(token, [kind])
    this.#kind = kind
    this.#choice = token.choice
    this.#index = token.index
  }

  #within(token: BlockToken, kinds: readonly BlockKind[]): void {
    this.#begun(token)
    const open = this.#choices.get(token.choice)?.blocks.get(token.index)
    if (open === undefined) refuse(token, `block ${placeOf(token)} was never started`)
    if (open === 'closed') refuse(token, `block ${placeOf(token)} has ended`)
    if (!kinds.includes(open)) refuse(token, `block ${placeOf(token)} is a ${open} block`)
  }

  #finish(token: Extract<StreamToken, { type: 'finish' }>): void {
    this.#begun(token)
    const choice = this.#of(token.choice)
    if (choice.finished) refuse(token, `choice ${token.choice} is finished already`)
    if (choice.open > 0) {
      for (const [index, kind] of choice.blocks) {
        if (kind !== 'closed') refuse(token, `the ${kind} block ${token.choice}/${index} is still open`)
      }
    }
    choice.finished = true
  }

  #begun(token: StreamToken): void {
    if (!this.#started) refuse(token, 'no message-start came before it')
  }

  #of(number: number): Choice {
    let choice = this.#choices.get(number)
    if (!choice) {
      choice = { blocks: new Map(), open: 0, finished: false }
      this.#choices.set(number, choice)
    }
    return choice
  }
}

function placeOf(at: { choice: number; index: number }): string {
  return `${at.choice}/${at.index}`
}

function refuse(token: { type: string }, why: string): never {
  throw wrong(`${token.type}: ${why}`)
}

function wrong(what: string): SluiceError {
  return new SluiceError('token_grammar', `tokens out of order: ${what}`)
}
