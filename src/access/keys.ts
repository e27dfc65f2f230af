import { hash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../errors/index.ts'

/** The headers and query of a request, as far as access looks at them. Header names are lower-case. */
export interface Caller {
  headers: Readonly<Record<string, string | undefined>>
  query: URLSearchParams
}

/** A key as a caller showed it. */
export interface ShownKey {
  key: string
  /** It came as a bearer token: it may be a subscription's, which is no API key. */
  bearer: boolean
}

/**
 * The keys a caller shows, wherever their SDKs put them, the bearer first. Every place is read on every route, since one
 * key serves every dialect; and there may be two, one for sluice and one for the provider behind it.
 */
export function shownKeys({ headers, query }: Caller): ShownKey[] {
  const bearer = /^bearer\s+(.+)$/i.exec(headers.authorization?.trim() ?? '')?.[1]?.trim()
  const others = [headers['x-api-key'], headers['x-goog-api-key'], headers['api-key'], query.get('key')]
  // Some SDKs send a header with nothing in it: that is no key.
  return [
    ...(bearer ? [{ key: bearer, bearer: true }] : []),
    ...others.flatMap((key) => (key ? [{ key, bearer: false }] : [])),
  ]
}

/**
 * The keys that sluice itself has given out. They are kept and compared as digests, in time that does not depend on
 * where two keys differ.
 */
export class ClientKeys {
  readonly #digests: readonly Buffer[]
  readonly #named: ReadonlyArray<{ name: string; digest: Buffer }>

  /** @param named those of them that have names */
  constructor(keys: readonly string[], named: ReadonlyArray<{ name: string; key: string }> = []) {
    this.#digests = keys.map(digest)
    this.#named = named.map(({ name, key }) => ({ name, digest: digest(key) }))
  }

  /** The name of the key that the caller shows, if it has one. */
  nameOf(caller: Caller): string | undefined {
    if (this.#named.length === 0) return undefined
    let found: string | undefined
    for (const { key } of shownKeys(caller)) {
      const shown = digest(key)
      for (const one of this.#named) if (timingSafeEqual(one.digest, shown)) found ??= one.name
    }
    return found
  }

  /** @throws SluiceError `invalid_key` */
  check(caller: Caller): void {
    const shown = shownKeys(caller)
    if (shown.length === 0) {
      throw new SluiceError(
        'invalid_key',
        'cannot accept the request: it carries no client key; send one as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`',
      )
    }
    if (!shown.map((one) => this.owns(one.key)).includes(true)) {
      throw new SluiceError('invalid_key', 'cannot accept the request: its client key is not known here')
    }
  }

  /** Whether a key is one of sluice's own, which no provider may ever see. */
  owns(key: string): boolean {
    const shown = digest(key)
    let known = false
    for (const one of this.#digests) if (timingSafeEqual(one, shown)) known = true
    return known
  }
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
