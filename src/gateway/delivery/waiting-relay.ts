import type { StreamDecoder } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { Clock } from '../../flow/index.ts'
import {
  type ChainedTransformer,
  type OpenPipeline,
  StreamPipelineBuilder,
  type TokenReader,
} from '../../pipeline/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { Progress, Relay } from './relay.ts'

/** Where tokens go on their way to the client. */
export interface TokenTarget {
  readonly progress: Progress
  token(token: StreamToken): void
  /** There are no more of them. */
  complete(): void
  flush(): void
  fail(error: SluiceError): void
}

export interface WaitingRowOptions {
  transformers: readonly ChainedTransformer[]
  target: TokenTarget
  clock: Clock
  /** Too much waits: the provider has to wait, too; or goes on. */
  onFull: (full: boolean) => void
  /** The answer is over, in a later turn. Not `ended`: the provider has not come to its end. */
  onOver: (ended: boolean) => void
}

/**
 * Transformers of which some wait, before the target. Tokens may come out in a later turn than they went in, and even
 * when the provider is long done.
 */
export class WaitingRow {
  readonly #options: WaitingRowOptions
  readonly #row: OpenPipeline<readonly StreamToken[], readonly StreamToken[]>
  #ended = false
  #stopped = false
  #full = false

  constructor(options: WaitingRowOptions) {
    this.#options = options
    let builder = new StreamPipelineBuilder().withClock(options.clock)
    for (const one of options.transformers) {
      builder = one.async ? builder.addAsyncTransformer(() => one) : builder.addTransformer(() => one)
    }
    this.#row = builder.build().open({
      onOutput: (tokens) => this.#later(tokens),
      onPause: () => this.#fill(true),
      onResume: () => this.#fill(false),
    })
  }

  /** Nothing more goes in. */
  get ended(): boolean {
    return this.#ended || this.#stopped
  }

  /** For whom gives tokens one by one: it is over for them as soon as nothing more goes in. */
  get asTarget(): Omit<TokenTarget, 'fail' | 'progress'> & { readonly progress: { readonly over: boolean } } {
    const { target } = this.#options
    const row = this
    return {
      token: (token) => row.push([token]),
      complete: () => row.end(),
      flush: () => target.flush(),
      progress: {
        get over() {
          return row.ended || target.progress.over
        },
      },
    }
  }

  /** The provider is done, and something is still to come. */
  get outlasts(): boolean {
    return this.#ended && !this.#stopped && !this.#options.target.progress.over
  }

  push(tokens: readonly StreamToken[]): void {
    if (this.#stopped) return
    this.#give(this.#row.processChunk(tokens))
  }

  end(): void {
    if (this.#stopped || this.#ended) return
    this.#ended = true
    this.#give(this.#row.end())
  }

  /** The answer has failed: what waits is let go. */
  fail(error: SluiceError): void {
    if (this.#stopped) return
    this.stop()
    this.#options.target.fail(error)
  }

  /** Nothing more is wanted. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#row.abort(new SluiceError('client_closed', 'the answer is not wanted any more'))
    this.#fill(false)
  }

  #later(tokens: readonly StreamToken[]): void {
    if (this.#stopped) return
    const { target, onOver } = this.#options
    this.#give(tokens)
    // Somebody else may have been asked meanwhile.
    if (this.#stopped) return
    if (target.progress.over) onOver(this.#ended)
    else target.flush()
  }

  #give(tokens: readonly StreamToken[]): void {
    const { target } = this.#options
    for (const token of tokens) {
      if (target.progress.over) return
      if (token.type === 'error') target.fail(token.error)
      else target.token(token)
    }
    if (this.#row.over && !this.#row.error && !target.progress.over) target.complete()
  }

  #fill(full: boolean): void {
    if (this.#full === full) return
    this.#full = full
    this.#options.onFull(full)
  }
}

/** A stream whose tokens go through such a row. */
export class WaitingRelay implements Relay {
  readonly #reader: TokenReader
  readonly #decoder: StreamDecoder
  readonly #row: WaitingRow
  readonly #target: TokenTarget
  #tokens: StreamToken[] = []

  constructor(reader: TokenReader, decoder: StreamDecoder, row: WaitingRow, target: TokenTarget) {
    this.#reader = reader
    this.#decoder = decoder
    this.#row = row
    this.#target = target
  }

  get progress(): Progress {
    return this.#target.progress
  }

  data(chunk: Uint8Array): void {
    if (this.progress.over) return
    try {
      this.#reader.push(chunk, this.#token)
      this.progress.finished = this.#decoder.finished
      this.#pass()
      if (this.#decoder.done) this.#row.end()
    } catch (error) {
      this.#row.fail(SluiceError.from(error))
    }
  }

  flush(): void {
    this.#target.flush()
  }

  end(): void {
    if (this.progress.over) return
    try {
      this.#reader.end(this.#token)
      this.#pass()
      this.#row.end()
    } catch (error) {
      this.#row.fail(SluiceError.from(error))
    }
  }

  fail(error: SluiceError): void {
    this.#row.fail(error)
  }

  readonly #token = (token: StreamToken): void => {
    this.#tokens.push(token)
  }

  #pass(): void {
    const tokens = this.#tokens
    if (tokens.length === 0) return
    this.#tokens = []
    this.#row.push(tokens)
  }
}
