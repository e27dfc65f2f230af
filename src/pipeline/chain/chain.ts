import type { ChatRequest } from '../../tokens/index.ts'
import type { ChainedTransformer, TransformContext, Transformer } from './transformer.ts'

/**
 * Transformers in a row, for requests on their way in and for answers on their way back. The two orders need not be the
 * same: what stands nearest to the provider is the last to see the request, and the first to see the answer.
 */
export class Chain {
  readonly #requests: readonly Transformer[]
  readonly #answers: readonly Transformer[]

  constructor(requests: readonly Transformer[], answers: readonly Transformer[] = requests) {
    this.#requests = requests.filter((one) => one.request !== undefined)
    this.#answers = answers.filter((one) => one.tokens !== undefined)
  }

  /** Requests have to be decoded to be looked at. */
  get readsRequests(): boolean {
    return this.#requests.length > 0
  }

  /** The names, each once, in the order in which a request meets them and then an answer. */
  get names(): string[] {
    return [...new Set([...this.#requests, ...this.#answers].map(({ name }) => name))]
  }

  /**
   * The request as the provider gets it: the very one that is given where nothing changes it. A promise only where a
   * transformer waits.
   *
   * @throws whatever a transformer throws
   */
  transform(request: ChatRequest, context: TransformContext): ChatRequest | Promise<ChatRequest> {
    return this.#from(0, request, context)
  }

  /** What stands in the way of one answer; none where it may go as it comes. */
  open(context: TransformContext): ChainedTransformer[] {
    return this.#answers.flatMap((one) => one.tokens?.(context) ?? [])
  }

  #from(start: number, request: ChatRequest, context: TransformContext): ChatRequest | Promise<ChatRequest> {
    let current = request
    for (let i = start; i < this.#requests.length; i++) {
      const before = current
      const result = this.#requests[i]!.request?.(before, context)
      if (result instanceof Promise) return result.then((later) => this.#from(i + 1, later ?? before, context))
      current = result ?? before
    }
    return current
  }
}
