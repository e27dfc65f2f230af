import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import { fail, type StreamTransformer, skip, type TransformResult } from '../transformer.ts'
import { isForgotten } from './own-fault.ts'
import { OwnOutput } from './own-output.ts'
import type { ChainedTransformer, WaitingTransformer } from './transformer.ts'

export interface GuardedStreamOptions {
  /** What faults call it. */
  name: string
  onError: 'fail' | 'skip'
}

/**
 * What one's own has made for one answer, with a guard behind it.
 *
 * @throws Error for what is no transformer
 */
export function guardedStream(made: unknown, options: GuardedStreamOptions): ChainedTransformer | undefined {
  if (made === undefined || made === null) return undefined
  if (isForgotten(made)) throw new Error('its `tokens` gave a promise; let it make a transformer at once')
  const own = made as ChainedTransformer
  if (typeof own !== 'object' || typeof own.transform !== 'function') {
    throw new Error('its `tokens` gave something without `transform(token)`; let it give a transformer, or nothing')
  }
  return own.async ? new GuardedWaiting(own, options) : new GuardedStream(own, options)
}

class GuardedStream implements StreamTransformer {
  readonly name: string
  readonly async = false
  readonly #own: StreamTransformer
  readonly #output: OwnOutput

  constructor(own: StreamTransformer, { name, onError }: GuardedStreamOptions) {
    this.name = name
    this.#own = own
    const flushes = typeof own.flush === 'function'
    this.#output = new OwnOutput({ name, skips: onError === 'skip', flushes, done: () => this.done })
  }

  get done(): boolean {
    try {
      return this.#own.done === true
    } catch {
      return false
    }
  }

  // Nothing is thrown: above it stands a decoder, which may take what is thrown for a fault of the wire.
  transform(token: StreamToken): TransformResult {
    // Not its own, and not for it to lose.
    if (token.type === 'error') return fail(token.error)
    const output = this.#output
    if (output.failed) return skip
    output.take(token)
    try {
      return output.give(token, this.#own.transform(token))
    } catch (thrown) {
      return output.mend(token, thrown)
    }
  }

  flush(): readonly StreamToken[] {
    if (this.#output.failed) return []
    let rest: unknown
    try {
      rest = this.#own.flush?.() ?? []
    } catch (thrown) {
      return this.#output.closeBadly(thrown)
    }
    return this.#output.close(rest)
  }
}

class GuardedWaiting implements WaitingTransformer {
  readonly name: string
  readonly async = true
  readonly onError: 'fail' | 'skip'
  readonly timeoutMs?: number
  readonly limit?: number
  readonly #own: WaitingTransformer
  readonly #output: OwnOutput

  constructor(own: WaitingTransformer, { name, onError }: GuardedStreamOptions) {
    const { timeoutMs, limit } = own
    this.name = name
    this.onError = own.onError ?? onError
    if (timeoutMs !== undefined) this.timeoutMs = checkNumber('timeoutMs', timeoutMs)
    if (limit !== undefined) this.limit = checkNumber('limit', limit)
    this.#own = own
    const flushes = typeof own.flush === 'function'
    this.#output = new OwnOutput({ name, skips: this.onError === 'skip', flushes })
  }

  async transform(token: StreamToken, signal: AbortSignal): Promise<TransformResult> {
    const output = this.#output
    if (output.failed) return skip
    output.take(token)
    let step: () => TransformResult
    try {
      const result: unknown = await this.#own.transform(token, signal)
      step = () => output.give(token, result)
    } catch (thrown) {
      step = () => output.mend(token, thrown)
    }
    // Too late: `skipped` has spoken for it.
    if (signal.aborted) return skip
    try {
      return step()
    } catch (thrown) {
      return output.mend(token, thrown)
    }
  }

  skipped(token: StreamToken, error: unknown): TransformResult {
    return this.#output.mend(token, error)
  }

  async flush(): Promise<readonly StreamToken[]> {
    const output = this.#output
    if (output.failed) return []
    try {
      let rest: unknown
      try {
        rest = (await this.#own.flush?.()) ?? []
      } catch (thrown) {
        return output.closeBadly(thrown)
      }
      return output.close(rest)
    } catch (thrown) {
      if (this.onError === 'fail') throw thrown
      // What is thrown would be passed over.
      return [{ type: 'error', error: SluiceError.from(thrown) }]
    }
  }
}

/** @throws Error */
function checkNumber(option: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new Error(`its \`${option}\` is ${typeof value === 'number' ? value : `a ${typeof value}`}; write a number`)
}
