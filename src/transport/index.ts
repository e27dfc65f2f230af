/**
 * HTTP to an upstream, behind one small interface of callbacks. It knows bytes, heads and connections; what the bytes
 * say is the business of others, and so are all timeouts but that of connecting.
 */
import { lazyTransport } from './lazy.ts'
import type { Transport } from './transport.ts'
import type { UndiciOptions } from './undici.ts'

export type { Transport, UpstreamCall, UpstreamHandler, UpstreamHead, UpstreamRequest } from './transport.ts'

/** The transport of the gateway. undici is loaded by the first request. */
export function openTransport(options: UndiciOptions): Transport {
  return lazyTransport(async () => {
    const { undiciTransport } = await import('./undici.ts')
    return undiciTransport(options)
  })
}
