import { type Clock, systemClock } from '../../flow/index.ts'
import { type ChatRequest, requestFault } from '../../tokens/index.ts'
import { guardedStream } from './guarded-stream.ts'
import { isPromise, isRefusal, ownFault } from './own-fault.ts'
import type { OwnTransformer, TransformedRequest, Transformer } from './transformer.ts'

/** In milliseconds. */
const defaultTimeoutMs = 5000

export interface GuardOptions {
  /** What faults call it. Default: its own name. */
  name?: string
  clock?: Clock
}

/**
 * Somebody's own transformer with a guard before and behind it: its faults are told with its name or passed over, as it
 * says; it cannot keep a request waiting for ever; it cannot change a request in place, which would be lost on one way
 * and go on another; and only what is a request, or an answer, goes on. That costs a walk over the objects of the
 * request, not over its texts, and a look at each token.
 */
export function guarded(own: OwnTransformer, { name = own.name, clock = systemClock }: GuardOptions = {}): Transformer {
  const { request, tokens, onError = 'fail', timeoutMs = defaultTimeoutMs } = own
  const passesOver = (thrown: unknown): boolean => onError === 'skip' && !isRefusal(thrown)
  return {
    name,
    ...(request && {
      request(given, context) {
        freeze(given)
        const mend = (thrown: unknown): ChatRequest => {
          if (passesOver(thrown)) return given
          throw ownFault(name, 'request', thrown)
        }
        try {
          const result: unknown = request.call(own, given, context)
          if (!isPromise(result)) return checked(result, given)
          return within(result, timeoutMs, clock)
            .then((later) => checked(later, given))
            .catch(mend)
        } catch (thrown) {
          return mend(thrown)
        }
      },
    }),
    ...(tokens && {
      tokens(context) {
        try {
          return guardedStream(tokens.call(own, context), { name, onError })
        } catch (thrown) {
          if (passesOver(thrown)) return undefined
          throw ownFault(name, 'answer', thrown)
        }
      },
    }),
  }
}

/** The time starts when it is asked. What comes later is of no interest any more. */
function within<T>(promise: PromiseLike<T>, timeoutMs: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(timeoutMs, () => reject(new Error(`it gave no answer within ${timeoutMs} ms`)))
    Promise.resolve(promise).then(resolve, reject).finally(stop)
  })
}

/** @throws Error for what is no request */
function checked(result: unknown, given: ChatRequest): TransformedRequest {
  if (result === undefined || result === given) return given
  const fault = requestFault(result, given)
  if (fault === undefined) return result as ChatRequest
  throw new Error(`it gave something that is no request: ${fault}; let it give a whole one, or none`)
}

/** Not with a recursion: a schema may be deeper than a stack. */
function freeze(request: ChatRequest): void {
  const open: object[] = [request]
  for (let one = open.pop(); one; one = open.pop()) {
    if (Object.isFrozen(one)) continue
    Object.freeze(one)
    for (const inner of Object.values(one)) if (typeof inner === 'object' && inner !== null) open.push(inner)
  }
}
