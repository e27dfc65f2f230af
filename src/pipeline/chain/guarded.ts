import { SluiceError } from '../../errors/index.ts'
import { type Clock, systemClock } from '../../flow/index.ts'
import { type ChatRequest, isJsonObject } from '../../tokens/index.ts'
import { fail, pass, type StreamTransformer, type TransformResult } from '../transformer.ts'
import type { ChainedTransformer, OwnTransformer, TransformedRequest, Transformer } from './transformer.ts'

/** In milliseconds. */
const defaultTimeoutMs = 5000

export interface GuardOptions {
  /** What faults call it. Default: its own name. */
  name?: string
  clock?: Clock
}

/**
 * Somebody's own transformer with a guard before it: its faults are told with its name or passed over, as it says; it
 * cannot keep a request waiting for ever; and it cannot change a request in place, which would be lost on one way and
 * go on another. That costs a walk over the objects of the request, not over its texts.
 */
export function guarded(own: OwnTransformer, { name = own.name, clock = systemClock }: GuardOptions = {}): Transformer {
  const { request, tokens, onError = 'fail', timeoutMs = defaultTimeoutMs } = own
  const skips = onError === 'skip'
  return {
    name,
    ...(request && {
      request(given, context) {
        freeze(given)
        try {
          const result = request.call(own, given, context)
          if (!isPromise(result)) return checked(name, result)
          return within(result, name, timeoutMs, clock).then(
            (later) => checked(name, later),
            (thrown: unknown) => {
              if (skips) return given
              throw fault(name, 'request', thrown)
            },
          )
        } catch (thrown) {
          if (skips) return given
          throw fault(name, 'request', thrown)
        }
      },
    }),
    ...(tokens && {
      tokens(context) {
        try {
          const made = tokens.call(own, context)
          return made && guardedStream(name, made, onError)
        } catch (thrown) {
          if (skips) return undefined
          throw fault(name, 'answer', thrown)
        }
      },
    }),
  }
}

function guardedStream(name: string, made: ChainedTransformer, onError: 'fail' | 'skip'): ChainedTransformer {
  if (!made.async) return new GuardedStream(name, made, onError === 'skip')
  const { timeoutMs, limit } = made
  return {
    name,
    async: true,
    transform: (token, signal) => named(name, () => made.transform(token, signal)),
    flush: () => named(name, () => made.flush?.() ?? []),
    onError: made.onError ?? onError,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(limit !== undefined && { limit }),
  }
}

/** What is thrown, at once or later, is told with the name of whose fault it is. */
async function named<T>(name: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (thrown) {
    throw fault(name, 'token', thrown)
  }
}

class GuardedStream implements StreamTransformer {
  readonly name: string
  readonly async = false
  readonly #own: StreamTransformer
  readonly #skips: boolean
  #failed = false

  constructor(name: string, own: StreamTransformer, skips: boolean) {
    this.name = name
    this.#own = own
    this.#skips = skips
  }

  get done(): boolean {
    return this.#own.done === true
  }

  transform(token: Parameters<StreamTransformer['transform']>[0]): TransformResult {
    try {
      const result: unknown = this.#own.transform(token)
      if (isResult(result)) return result
      const found = isPromise(result) ? 'it gave a promise; let it say `async: true`' : 'it gave no result'
      throw new Error(`${found}, or pass, skip, replace or fail`)
    } catch (thrown) {
      if (this.#skips) return pass
      // Not thrown: above it stands a decoder, which may take what is thrown for a fault of the wire.
      this.#failed = true
      return fail(fault(this.name, 'token', thrown))
    }
  }

  flush(): ReturnType<NonNullable<StreamTransformer['flush']>> {
    if (this.#failed) return []
    try {
      const rest: unknown = this.#own.flush?.() ?? []
      if (!Array.isArray(rest)) throw new Error('its flush gave no list of tokens')
      return rest
    } catch (thrown) {
      return this.#skips ? [] : [{ type: 'error', error: fault(this.name, 'token', thrown) }]
    }
  }
}

function isResult(value: unknown): value is TransformResult {
  if (typeof value !== 'object' || value === null || !('action' in value)) return false
  const { action } = value as TransformResult
  if (action === 'replace') return Array.isArray((value as { tokens?: unknown }).tokens)
  return action === 'pass' || action === 'skip' || action === 'error'
}

/** The time starts when it is asked. What comes later is of no interest any more. */
function within<T>(promise: Promise<T>, name: string, timeoutMs: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(timeoutMs, () => {
      reject(
        new SluiceError('internal', `cannot transform the request: "${name}" gave no answer within ${timeoutMs} ms`),
      )
    })
    promise.then(resolve, reject).finally(stop)
  })
}

/** @throws Error for what is no request */
function checked(name: string, result: unknown): TransformedRequest {
  if (result === undefined) return undefined
  const request = result as ChatRequest
  if (isJsonObject(result) && Array.isArray(request.messages) && Array.isArray(request.system)) return request
  throw fault(name, 'request', new Error('it gave something that is no request; let it give a whole one, or none'))
}

function fault(name: string, what: 'request' | 'token' | 'answer', thrown: unknown): SluiceError {
  // What was thrown as a refusal of this request is one.
  if (SluiceError.is(thrown)) return thrown
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  const hint = /read only|not extensible|Cannot assign|delete property/.test(said)
    ? '; let it give another request, and leave this one as it is'
    : ''
  const article = what === 'request' ? 'the request' : what === 'token' ? 'a token' : 'the answer'
  return new SluiceError('internal', `cannot transform ${article}: "${name}" failed: ${said}${hint}`, { cause: thrown })
}

function isPromise(value: unknown): value is Promise<never> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
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
