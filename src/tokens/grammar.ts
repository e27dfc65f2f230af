import { SluiceError } from '../errors/index.ts'
import type { Stage } from '../flow/index.ts'
import type { StreamToken } from './token.ts'

/**
 * A stage that lets a legal stream through unchanged and throws `token_grammar` at the first token that is out of
 * order. It stands in every stream under test; in production the decoders are trusted.
 */
export function grammar(): Stage<StreamToken, StreamToken> {
  const checker = new GrammarChecker()
  return {
    push(token, emit) {
      checker.push(token)
      emit(token)
    },
    end: () => checker.end(),
    fail: () => {},
  }
}

type BlockKind = 'text' | 'reasoning' | 'tool-call' | 'hosted-call' | 'media'

class GrammarChecker {
  #started = false
  #over = false
  /** Open blocks and blocks that were closed, by choice and index. */
  readonly #blocks = new Map<string, BlockKind | 'closed'>()
  readonly #seen = new Set<number>()
  readonly #finished = new Set<number>()

  push(token: StreamToken): void {
    if (this.#over) refuse(token, 'the stream is over')
    if (token.type === 'error') {
      this.#over = true
      return
    }
    if (token.type === 'message-start') {
      if (this.#started) refuse(token, 'the message has started already')
      this.#started = true
      return
    }
    if (!this.#started) refuse(token, 'no message-start came before it')

    switch (token.type) {
      case 'text-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'media-start':
        this.#open(token, token.type.slice(0, -'-start'.length) as BlockKind)
        return
      case 'hosted-result':
        this.#open(token, 'hosted-call')
        this.#blocks.set(key(token), 'closed')
        return
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
      case 'hosted-call-delta':
      case 'media-delta':
        this.#inside(token, token.type.slice(0, -'-delta'.length) as BlockKind)
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
        this.#inside(token, token.type.slice(0, -'-end'.length) as BlockKind)
        this.#blocks.set(key(token), 'closed')
        return
      case 'opaque':
        this.#inside(token, 'reasoning', 'tool-call', 'text')
        return
      case 'citation':
        this.#inside(token, 'text')
        return
      case 'finish':
        if (this.#finished.has(token.choice)) refuse(token, `choice ${token.choice} is finished already`)
        for (const [at, kind] of this.#blocks) {
          if (kind !== 'closed' && at.startsWith(`${token.choice}/`))
            refuse(token, `the ${kind} block ${at} is still open`)
        }
        this.#finished.add(token.choice)
        return
      case 'usage':
      case 'metadata':
      case 'raw':
        return
      default:
        token satisfies never
    }
  }

  end(): void {
    if (this.#over) return
    if (!this.#started) throw wrong('the stream ended before it started')
    if (this.#finished.size === 0) throw wrong('the stream ended without a finish')
    for (const choice of this.#seen) {
      if (!this.#finished.has(choice)) throw wrong(`the stream ended without a finish for choice ${choice}`)
    }
  }

  #open(token: { type: string; choice: number; index: number }, kind: BlockKind): void {
    if (this.#finished.has(token.choice)) refuse(token, `choice ${token.choice} is finished`)
    if (this.#blocks.has(key(token))) refuse(token, `block ${key(token)} was used before`)
    this.#blocks.set(key(token), kind)
    this.#seen.add(token.choice)
  }

  #inside(token: { type: string; choice: number; index: number }, ...kinds: BlockKind[]): void {
    const open = this.#blocks.get(key(token))
    if (open === undefined) refuse(token, `block ${key(token)} was never started`)
    if (open === 'closed') refuse(token, `block ${key(token)} has ended`)
    if (!kinds.includes(open as BlockKind)) refuse(token, `block ${key(token)} is a ${open} block`)
  }
}

function key(at: { choice: number; index: number }): string {
  return `${at.choice}/${at.index}`
}

function refuse(token: { type: string }, why: string): never {
  throw wrong(`${token.type}: ${why}`)
}

function wrong(what: string): SluiceError {
  return new SluiceError('token_grammar', `tokens out of order: ${what}`)
}
