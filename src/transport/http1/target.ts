import { SluiceError } from '../../errors/index.ts'

/** Where requests of one address go. */
export interface Target {
  /** Connections of one key can serve each other's requests. */
  key: string
  /** What errors call it, unless the request has a name for it. */
  host: string
  secure: boolean
  /** A name or a bare address, without the brackets of IPv6. */
  hostname: string
  port: number
  /** Path and query. */
  path: string
}

/** Addresses, each read once: reading one costs as much as the rest of a head. */
export class Targets {
  readonly #known = new Map<string, Target>()

  /** @throws SluiceError `upstream_unreachable` */
  read(url: string): Target {
    const known = this.#known.get(url)
    if (known) return known
    const target = readTarget(url)
    // Some addresses name the model, and clients may name any.
    if (this.#known.size >= 1000) this.#known.clear()
    this.#known.set(url, target)
    return target
  }
}

function readTarget(url: string): Target {
  const read = URL.canParse(url) ? new URL(url) : undefined
  if (!read || (read.protocol !== 'http:' && read.protocol !== 'https:')) {
    throw new SluiceError('upstream_unreachable', 'cannot call the provider: its address is no http or https URL')
  }
  const secure = read.protocol === 'https:'
  return {
    key: read.origin,
    host: read.host,
    secure,
    hostname: read.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: read.port === '' ? (secure ? 443 : 80) : Number(read.port),
    // A name and password in the address are not sent: keys go into headers.
    path: read.pathname + read.search,
  }
}
