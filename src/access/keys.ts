import { createHash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../errors/index.ts'

/** The headers and query of a request, as far as access looks at them. Header names are lower-case. */
export interface Caller {
  headers: Readonly<Record<string, string | undefined>>
  query: URLSearchParams
}

/**
 * The keys a caller shows, wherever their SDKs put them, the bearer first. Every place is read on every route, since one
 * key serves every dialect; and there may be two, one for sluice and one for the provider behind it.
 */
function callerKeys({ headers, query }: Caller): string[] {
  const bearer = /^bearer\s+(.+)$/i.exec(headers.authorization?.trim() ?? '')?.[1]?.trim()
  const shown = [bearer, headers['x-api-key'], headers['x-goog-api-key'], headers['api-key'], query.get('key')]
  // Some SDKs send a header with nothing in it: that is no key.
  return shown.filter((key): key is string => Boolean(key))
}

/** The first key a caller shows. */
export function callerKey(caller: Caller): string | undefined {
  return callerKeys(caller)[0]
}

/**
 * A check of client keys. Keys are kept and compared as digests, in time that does not depend on where two keys
 * differ.
 */
export function keyCheck(keys: readonly string[]): (caller: Caller) => void {
  const digests = keys.map(digest)
  return (caller) => {
    const shown = callerKeys(caller).map(digest)
    if (shown.length === 0) {
      throw new SluiceError(
        'invalid_key',
        'cannot accept the request: it carries no client key; send one as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`',
      )
    }
    let known = false
    for (const one of digests) for (const key of shown) if (timingSafeEqual(one, key)) known = true
    if (!known) throw new SluiceError('invalid_key', 'cannot accept the request: its client key is not known here')
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
