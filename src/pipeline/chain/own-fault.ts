import { SluiceError } from '../../errors/index.ts'

const articles = { request: 'the request', token: 'a token', answer: 'the answer' } as const

/**
 * What a transformer of one's own has thrown, with its name: never a fault of the provider, whoever threw it first. What
 * was thrown as a refusal of the request stays one.
 */
export function ownFault(name: string, what: keyof typeof articles, thrown: unknown): SluiceError {
  if (isRefusal(thrown)) return thrown
  const said = saidOf(thrown)
  const hint = /read only|not extensible|Cannot assign|delete property/.test(said)
    ? '; let it give another request, and leave this one as it is'
    : ''
  return new SluiceError('internal', `cannot transform ${articles[what]}: "${name}" failed: ${said}${hint}`, {
    cause: thrown,
  })
}

/**
 * A decision about what the client asks, rather than a mishap. What tells of a provider comes from a call that the
 * transformer has made itself, and would be taken for an answer of the one that the client is waiting for.
 */
export function isRefusal(thrown: unknown): thrown is SluiceError {
  if (!SluiceError.is(thrown)) return false
  const { code, status } = thrown
  return !code.startsWith('upstream_') && code !== 'client_closed' && (status < 500 || status === 503)
}

/** Anything can be thrown, and a client reads it. */
function saidOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown).slice(0, 500)
  } catch {
    return 'it threw something without a word'
  }
}

/** @returns whether it is a promise, which nobody will wait for: that it fails later must not end the process */
export function isForgotten(value: unknown): boolean {
  if (!isPromise(value)) return false
  Promise.resolve(value).catch(() => {})
  return true
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
