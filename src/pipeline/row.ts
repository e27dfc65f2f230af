import { SluiceError } from '../errors/index.ts'
import type { StreamToken } from '../tokens/index.ts'
import { brokenBy, type StreamTransformer, type TransformResult } from './transformer.ts'

/**
 * One place in the row of a stream. It differs from a `Stage` in that it knows what stands behind it, since a link that
 * waits gives its tokens in a later turn; and in that an error token and a broken input are one thing, `fail`.
 */
export interface Link {
  push(token: StreamToken): void
  /** Gives what is held, then ends the next. */
  end(): void
  /** Gives what is held, then breaks the next. Calls behind the first `end` or `fail` mean nothing. */
  fail(error: SluiceError): void
  /** The stream is given up: nothing is waited for any more. */
  abort?(): void
  /** The answer is complete as far as this link goes. */
  readonly done: boolean
}

/** A transformer in its place. What it throws breaks the stream behind it; what it held is then not asked for. */
export class TransformerLink implements Link {
  readonly #transformer: StreamTransformer
  readonly #next: Link
  #over = false

  constructor(transformer: StreamTransformer, next: Link) {
    this.#transformer = transformer
    this.#next = next
  }

  get done(): boolean {
    return this.#transformer.done === true
  }

  push(token: StreamToken): void {
    if (this.#over) return
    if (token.type === 'error') {
      this.fail(token.error)
      return
    }
    let result: TransformResult
    try {
      result = this.#transformer.transform(token)
    } catch (thrown) {
      this.#break(thrown)
      return
    }
    switch (result?.action) {
      case 'pass':
        this.#next.push(token)
        return
      case 'skip':
        return
      case 'replace':
        for (const one of result.tokens) this.#next.push(one)
        return
      case 'error':
        this.fail(brokenBy(this.#transformer, result.error))
        return
      default: {
        result satisfies never
        // A transformer that is plain JavaScript may give anything, most often nothing: the token would be lost.
        const { name } = this.#transformer
        const problem = `cannot transform a token: \`${name}\` gave no result; let it give pass, skip, replace or error`
        this.#break(new SluiceError('internal', problem))
      }
    }
  }

  end(): void {
    if (this.#over) return
    if (this.#flush()) this.#next.end()
  }

  fail(error: SluiceError): void {
    if (this.#over) return
    // With a fault in the flush the stream breaks by the first error that is known.
    this.#flush(error)
    this.#next.fail(error)
  }

  #flush(error?: SluiceError): boolean {
    this.#over = true
    try {
      for (const one of this.#transformer.flush?.() ?? []) this.#next.push(one)
      return true
    } catch (thrown) {
      this.#break(error ?? thrown)
      return false
    }
  }

  #break(thrown: unknown): void {
    this.#over = true
    this.#next.fail(SluiceError.from(thrown))
  }
}
