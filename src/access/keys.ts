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
  readonly #operators: readonly Buffer[]

  /**
   * @param named those of them that have names
   * @param operators those that are good for what only operators may ask, and for everything else as well
   */
  constructor(
    keys: readonly string[],
    named: ReadonlyArray<{ name: string; key: string }> = [],
    operators: readonly string[] = [],
  ) {
    this.#digests = [...new Set([...keys, ...operators])].map(digest)
    this.#named = named.map(({ name, key }) => ({ name, digest: digest(key) }))
    this.#operators = operators.map(digest)
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
    if (!showsOneOf(this.#digests, shownOrRefused(caller, 'client'))) throw unknown('client')
  }

  /**
   * For what only operators may ask. Without operator keys nobody may: those who were given a key to chat with have not
   * been given the gateway.
   *
   * @throws SluiceError `operator_only`, `invalid_key`
   */
  checkOperator(caller: Caller): void {
    // Whatever they show: no key would do.
    if (this.#operators.length === 0) throw operatorOnly('there are no operator keys; set [access] operator_keys')
    const shown = shownOrRefused(caller, 'operator')
    if (showsOneOf(this.#operators, shown)) return
    if (!showsOneOf(this.#digests, shown)) throw unknown('operator')
    throw operatorOnly('it carries a client key; send one of [access] operator_keys')
  }

  /** Whether a key is one of sluice's own, which no provider may ever see. */
  owns(key: string): boolean {
    return isAmong(this.#digests, key)
  }
}

type Kind = 'client' | 'operator'

function shownOrRefused(caller: Caller, kind: Kind): ShownKey[] {
  const shown = shownKeys(caller)
  if (shown.length > 0) return shown
  throw new SluiceError(
    'invalid_key',
    `cannot accept the request: it carries no ${kind} key; send one as \`Authorization: Bearer\`, \`x-api-key\`, \`x-goog-api-key\` or \`?key=\``,
  )
}

function unknown(kind: Kind): SluiceError {
  return new SluiceError('invalid_key', `cannot accept the request: its ${kind} key is not known here`)
}

function operatorOnly(why: string): SluiceError {
  return new SluiceError('operator_only', `cannot accept the request: only operators may ask this, and ${why}`)
}

/** Looks at every key that is shown and at every one that is known, whichever fits. */
function showsOneOf(digests: readonly Buffer[], shown: readonly ShownKey[]): boolean {
  return shown.map(({ key }) => isAmong(digests, key)).includes(true)
}

function isAmong(digests: readonly Buffer[], key: string): boolean {
  const shown = digest(key)
  let known = false
  for (const one of digests) if (timingSafeEqual(one, shown)) known = true
  return known
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
