import { createHash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../errors/index.ts'

/** The headers and query of a request, as far as access looks at them. Header names are lower-case. */
export interface Caller {
  headers: Readonly<Record<string, string | undefined>>
  query: URLSearchParams
}

/**
 * The key a caller shows, wherever their SDK puts it. Every place is read on every route, since one key serves every
 * dialect.
 */
export function callerKey({ headers, query }: Caller): string | undefined {
  const authorization = headers.authorization
  if (authorization !== undefined) {
    const bearer = /^bearer\s+(.+)$/i.exec(authorization.trim())
    if (bearer) return bearer[1]?.trim()
  }
  // Some SDKs send a header with nothing in it: that is no key.
  return headers['x-api-key'] || headers['x-goog-api-key'] || headers['api-key'] || query.get('key') || undefined
}

/**
 * A check of client keys. Keys are kept and compared as digests, in time that does not depend on where two keys
 * differ.
 */
export function keyCheck(keys: readonly string[]): (caller: Caller) => void {
  const digests = keys.map(digest)
  return (caller) => {
    const key = callerKey(caller)
    if (key === undefined) {
      throw new SluiceError(
        'invalid_key',
        'cannot accept the request: it carries no client key; send one as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`',
      )
    }
    const shown = digest(key)
    let known = false
    for (const one of digests) if (timingSafeEqual(one, shown)) known = true
    if (!known) throw new SluiceError('invalid_key', 'cannot accept the request: its client key is not known here')
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
