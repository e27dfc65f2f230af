import { SluiceError } from '../../errors/index.ts'
import { retryAfterMs } from '../headers.ts'
import type { Plan } from '../plan.ts'

/** A provider's error status and body, as the error that the client is told. */
export function readRefusal(
  { provider, upstream }: Plan,
  headers: Record<string, string>,
  status: number,
  text: string,
): SluiceError {
  if (status < 400) {
    return new SluiceError(
      'upstream_protocol',
      `cannot use the answer of ${provider.name}: it redirects (status ${status}); set base_url to the final address`,
    )
  }
  const error = upstream.upstream.decodeError(status, text, headers)
  const code = provider.auth === 'client' && error.code === 'upstream_auth' ? ownKeyCode(status) : error.code
  const wait = retryAfterMs(headers) ?? error.retryAfterMs
  return new SluiceError(code, code === 'upstream_auth' ? ownKeyRefused(provider.name, error.message) : error.message, {
    ...(code === error.code && { status: trueStatus(error, status) }),
    ...(error.param !== undefined && { param: error.param }),
    ...(error.details && { details: error.details }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(error.upstream && { upstream: error.upstream }),
  })
}

/** A refusal of the key that stands in an answer with a good status says whose key it was, too. */
export function readRefusalInside({ provider }: Plan, error: SluiceError): SluiceError {
  if (error.code !== 'upstream_auth') return error
  const { upstream } = error
  const more = { cause: error, ...(upstream && { upstream }) }
  return provider.auth === 'client'
    ? new SluiceError('upstream_client_auth', error.message, more)
    : new SluiceError('upstream_auth', ownKeyRefused(provider.name, error.message), more)
}

/** A failure keeps the provider's own status, by which SDKs decide whether to try again; the table's is for the rest. */
function trueStatus(error: SluiceError, status: number): number {
  return error.code === 'upstream_server' && ((status >= 500 && status <= 599) || status === 409)
    ? status
    : error.status
}

/** The provider's own words alone would send the caller looking for a fault in the caller's key. */
function ownKeyRefused(provider: string, said: string): string {
  return `cannot ask ${provider}: it refused sluice's own key (${said}); set a valid one in its api_keys`
}

/** The provider refused the caller's own key: that is the caller's to know, with its true status. */
function ownKeyCode(status: number): SluiceError['code'] {
  return status === 403 ? 'upstream_permission' : 'upstream_client_auth'
}
