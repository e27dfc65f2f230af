import { SluiceError } from '../../errors/index.ts'
import { GrammarCheck, isDelta, type StreamToken, tokenFault } from '../../tokens/index.ts'
import { fail, pass, skip, type TransformResult } from '../transformer.ts'
import { isForgotten, isRefusal, ownFault } from './own-fault.ts'

export interface OwnOutputOptions {
  /** That of the transformer. */
  name: string
  /** What is wrong is passed over: the token goes on as it was. */
  skips: boolean
  /** It may still fail at the end, in its `flush`. */
  flushes: boolean
  /** Whether it has said that the answer is complete, however much still comes in. Default: it never does. */
  done?: () => boolean
}

/**
 * What comes out of a transformer of one's own: only an answer that is one goes on, whatever it gives. For each token
 * first `take`, then one of `give` and `mend`; at the end one of `close` and `closeBadly`.
 *
 * The finish waits for the end where the end may fail: once a client has read that the answer is whole, nothing else can
 * be said honestly. Content never waits.
 */
export class OwnOutput {
  readonly #name: string
  readonly #skips: boolean
  readonly #holds: boolean
  readonly #done: () => boolean
  readonly #grammar = new GrammarCheck()
  /** Choices that have begun to come in and have not finished. */
  readonly #unfinished = new Set<number>()
  #finishes = 0
  /** A finish and what stands behind it. */
  #held: StreamToken[] = []
  #failed = false

  constructor({ name, skips, flushes, done = never }: OwnOutputOptions) {
    this.#name = name
    this.#skips = skips
    this.#holds = flushes && !skips
    this.#done = done
  }

  /** Nothing of it is to go on. */
  get failed(): boolean {
    return this.#failed
  }

  /** A token goes in. */
  take(token: StreamToken): void {
    switch (token.type) {
      case 'text-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'hosted-call-start':
      case 'hosted-result':
      case 'media-start':
        this.#unfinished.add(token.choice)
        return
      case 'finish':
        this.#finishes++
        this.#unfinished.delete(token.choice)
        return
      default:
    }
  }

  /** What it made of the token that was taken last, whatever that is. */
  give(token: StreamToken, result: unknown): TransformResult {
    if (result === pass) return this.#pass(token)
    const { action, tokens, error } = (result ?? {}) as { action?: unknown; tokens?: unknown; error?: unknown }
    switch (action) {
      case 'pass':
        return this.#pass(token)
      case 'skip':
        return skip
      case 'replace':
        if (Array.isArray(tokens)) return this.#replace(token, tokens)
        return this.mend(token, new Error('it gave `replace` without a list of `tokens`'))
      case 'error':
        // Whoever says so wants the answer to end: that is no mishap, and what it still holds may go before.
        this.#held = []
        return fail(ownFault(this.#name, 'token', error ?? new Error('it gave `error` and did not say which')))
      default: {
        if (isForgotten(result)) return this.mend(token, new Error('it gave a promise; let it say `async: true`'))
        const found = typeof action === 'string' ? `the action ${JSON.stringify(action.slice(0, 50))}` : 'no result'
        return this.mend(token, new Error(`it gave ${found}; let it give pass, skip, replace or error`))
      }
    }
  }

  /** It has failed with the token that was taken last. */
  mend(token: StreamToken, thrown: unknown): TransformResult {
    if (this.#skips && !isRefusal(thrown)) return this.#pass(token)
    return this.#break(ownFault(this.#name, 'token', thrown))
  }

  /**
   * The end, with what was still held back.
   *
   * @throws SluiceError for what is wrong with it, and where the answer is not whole although the one that came in was
   */
  close(rest: unknown): readonly StreamToken[] {
    if (this.#failed) return []
    if (isForgotten(rest) || !Array.isArray(rest)) return this.closeBadly(new Error('its flush gave no list of tokens'))
    const wrong = this.#accept(rest)
    return wrong ? this.#endBadly(wrong) : this.#end(rest)
  }

  /** It has failed with the end. @throws SluiceError unless that is passed over */
  closeBadly(thrown: unknown): readonly StreamToken[] {
    return this.#endBadly(ownFault(this.#name, 'token', thrown))
  }

  #endBadly(error: SluiceError): readonly StreamToken[] {
    if (this.#failed) return []
    // Behind a finish that has gone nothing can be lost any more.
    if ((this.#skips && !isRefusal(error)) || this.#done()) return this.#end([])
    return this.#giveUp(error)
  }

  #end(rest: readonly StreamToken[]): readonly StreamToken[] {
    if (this.#done() || (this.#finishes > 0 && this.#unfinished.size === 0)) {
      try {
        this.#grammar.end()
      } catch (thrown) {
        return this.#giveUp(this.#wrong((thrown as Error).message))
      }
    }
    return this.#held.length === 0 ? rest : [...this.#held, ...rest]
  }

  #pass(token: StreamToken): TransformResult {
    // It may have been changed in place.
    const wrong = this.#refusal(token, false)
    if (wrong) return this.#break(wrong)
    if (!this.#holds || (this.#held.length === 0 && token.type !== 'finish')) return pass
    return this.#hold([token])
  }

  #replace(token: StreamToken, tokens: readonly StreamToken[]): TransformResult {
    const wrong = this.#accept(tokens, token)
    if (wrong) {
      const passedOver = this.#skips && !isRefusal(wrong) && !tokens.some(isError)
      return passedOver ? this.#pass(token) : this.#break(wrong)
    }
    if (!this.#holds || (this.#held.length === 0 && !tokens.some(isFinish))) return { action: 'replace', tokens }
    return this.#hold(tokens)
  }

  /** All of them or none. */
  #accept(tokens: readonly StreamToken[], taken?: StreamToken): SluiceError | undefined {
    for (let i = 0; i < tokens.length; i++) {
      const one = tokens[i] as StreamToken
      const wrong = this.#refusal(one, one !== taken)
      if (!wrong) continue
      while (--i >= 0) this.#grammar.undo(tokens[i] as StreamToken)
      return wrong
    }
    return undefined
  }

  /** Why a token may not go on. @param made it is not the one that was given */
  #refusal(token: StreamToken, made: boolean): SluiceError | undefined {
    // What a decoder has given is not looked at again, but for texts, which the encoders rely on most.
    if (isError(token)) return ownFault(this.#name, 'token', token.error)
    const fault = made || isDelta(token) ? tokenFault(token, made) : undefined
    if (fault !== undefined) return this.#wrong(`a token that is none: ${fault}`)
    try {
      this.#grammar.push(token)
      return undefined
    } catch (thrown) {
      return this.#wrong((thrown as Error).message)
    }
  }

  #hold(tokens: readonly StreamToken[]): TransformResult {
    const out: StreamToken[] = []
    for (const one of tokens) {
      const waits = isFinish(one) || (this.#held.length > 0 && isAside(one))
      if (waits && this.#held.length < mostHeld && !this.#done()) {
        this.#held.push(one)
        continue
      }
      // Another choice goes on, or the provider may go on for long.
      out.push(...this.#held, one)
      this.#held = []
    }
    return out.length === 0 ? skip : { action: 'replace', tokens: out }
  }

  #wrong(what: string): SluiceError {
    const problem = `cannot go on with the answer: "${this.#name}" gave ${what}`
    return new SluiceError('token_grammar', `${problem}; let it give tokens as streams are made of`)
  }

  #break(error: SluiceError): TransformResult {
    this.#failed = true
    return fail(error)
  }

  #giveUp(error: SluiceError): never {
    this.#failed = true
    throw error
  }
}

const never = (): boolean => false

/** In tokens: some servers go on and on with what is no content. */
const mostHeld = 256

/** Whatever else stands in the list. */
function isError(token: StreamToken | undefined): token is Extract<StreamToken, { type: 'error' }> {
  return token?.type === 'error'
}

function isFinish({ type }: StreamToken): boolean {
  return type === 'finish'
}

function isAside({ type }: StreamToken): boolean {
  return type === 'usage' || type === 'metadata' || type === 'raw'
}
