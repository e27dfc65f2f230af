import { SluiceError } from '../errors/index.ts'
import type { Emit, Stage } from '../flow/index.ts'
import type { StreamToken } from '../tokens/index.ts'

/** What a transformer makes of a token. */
export type TransformResult =
  /** It goes on as it is. */
  | { readonly action: 'pass' }
  /** Nothing goes on in its place: it is dropped, or held back until later. */
  | { readonly action: 'skip' }
  /** These go on in its place, in order; what was held back stands among them. */
  | { readonly action: 'replace'; readonly tokens: readonly StreamToken[] }
  /** The stream breaks here. What the transformer still holds is given first. */
  | { readonly action: 'error'; readonly error: SluiceError }

/** The two results without contents are made once: most tokens of most streams give one of them. */
export const pass: TransformResult = { action: 'pass' }
export const skip: TransformResult = { action: 'skip' }

export function replace(...tokens: StreamToken[]): TransformResult {
  return { action: 'replace', tokens }
}

export function fail(error: SluiceError): TransformResult {
  return { action: 'error', error }
}

/**
 * Tokens to tokens, for one stream, which it may keep state about. What comes out keeps the grammar of streams
 * (`grammar()` checks it), whatever comes in that keeps it; and it is the same however the text is cut into deltas.
 */
export interface StreamTransformer {
  /** What configurations and errors call it. */
  readonly name: string
  /** It never waits: see `AsyncStreamTransformer`. */
  readonly async?: false
  /** Called once for each token, in order. It changes no token that it is given, but makes new ones. */
  transform(token: StreamToken): TransformResult
  /** The stream has ended or broken: what is still held back. Called once; nothing is asked afterwards. */
  flush?(): readonly StreamToken[]
  /** The answer is complete as far as this transformer goes: who drives the stream may stop the upstream. */
  readonly done?: boolean
}

/** A transformer serves one stream, so a pipeline is given the way to make one. */
export type MakeTransformer = () => StreamTransformer

/**
 * A transformer that has to wait: for a person's word, another server, a clock. It stands in a waiting stage, and only
 * then does the row pause.
 *
 * Order is kept: one token is with it at a time, the next waits in a bounded queue, and while that is full the
 * upstream is paused. A call that takes longer than `timeoutMs` has its signal aborted and counts as failed.
 */
export interface AsyncStreamTransformer {
  /** What configurations and errors call it. */
  readonly name: string
  /** In a chain it has to say so: that it waits is not seen before it does. */
  readonly async?: true
  /** As `StreamTransformer.transform`. `signal` aborts when the time is up or the stream is given up. */
  transform(token: StreamToken, signal: AbortSignal): Promise<TransformResult>
  /** As `StreamTransformer.flush`: called once, when nothing is with it any more. */
  flush?(): readonly StreamToken[] | Promise<readonly StreamToken[]>
  /** The longest that one token may take, in milliseconds. Default 5000. */
  readonly timeoutMs?: number
  /** After an error or a timeout: `fail` breaks the stream, `skip` lets the token pass unchanged. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
  /** With `skip`: what goes on in the place of a token that failed or took too long. Default: the token itself. */
  skipped?(token: StreamToken, error: SluiceError): TransformResult
  /** The most tokens that may wait before the upstream is paused. Default 256. */
  readonly limit?: number
}

/** A transformer as a stage of a row. */
export class TransformerStage implements Stage<StreamToken, StreamToken> {
  readonly #transformer: StreamTransformer
  #broken = false

  constructor(transformer: StreamTransformer) {
    this.#transformer = transformer
  }

  push(token: StreamToken, emit: Emit<StreamToken>): void {
    if (this.#broken) return
    const result = this.#transformer.transform(token)
    switch (result.action) {
      case 'pass':
        emit(token)
        return
      case 'skip':
        return
      case 'replace':
        for (const one of result.tokens) emit(one)
        return
      case 'error':
        this.fail(result.error, emit)
        this.#broken = true
        emit({ type: 'error', error: brokenBy(this.#transformer, result.error) })
        return
      default:
        result satisfies never
    }
  }

  /** What a flush throws breaks the stream as an `error` token: above may stand a decoder, which would take it for its own. */
  end(emit: Emit<StreamToken>): void {
    try {
      this.#flush(emit)
    } catch (thrown) {
      this.#broken = true
      emit({ type: 'error', error: SluiceError.from(thrown) })
    }
  }

  fail(_error: SluiceError, emit: Emit<StreamToken>): void {
    try {
      this.#flush(emit)
    } catch {
      // The stream breaks by the first error that is known.
    }
  }

  #flush(emit: Emit<StreamToken>): void {
    if (this.#broken) return
    for (const token of this.#transformer.flush?.() ?? []) emit(token)
  }
}

/** Plain JavaScript may give anything for an error, and what follows relies on one. */
export function brokenBy({ name }: { readonly name: string }, error: unknown): SluiceError {
  if (SluiceError.is(error)) return error
  const said = error instanceof Error ? error.message : typeof error === 'string' ? error : 'it did not say why'
  return new SluiceError('internal', `cannot transform a token: \`${name}\` broke the stream: ${said}`, {
    cause: error,
  })
}
