/**
 * HTTP to an upstream, behind one small interface of callbacks. It knows bytes, heads and connections; what the bytes
 * say is the business of others, and so are all timeouts but that of connecting.
 */
import { type PackageSource, packageScheme, packageTransport } from './ai-sdk/index.ts'
import { http1Transport } from './http1/index.ts'
import { lazyTransport } from './lazy.ts'
import { type ProxyEnv, proxiesOf } from './proxies.ts'
import type { Transport } from './transport.ts'

export { findPackage, type PackageSource, packageScheme } from './ai-sdk/index.ts'
export type {
  OpenRequest,
  Transport,
  UpstreamCall,
  UpstreamHandler,
  UpstreamHead,
  UpstreamRequest,
} from './transport.ts'

/** Who makes the calls: our own reader, or undici for all of them. */
export const transportClients = ['http1', 'undici'] as const
export type TransportClient = (typeof transportClients)[number]

export interface TransportOptions {
  /** Default `http1`. */
  client?: TransportClient
  connectTimeoutMs: number
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case, are honoured. */
  env: ProxyEnv
  /** Packages of the AI SDK, by the names of the providers that they stand for. */
  packages?: ReadonlyMap<string, PackageSource>
}

/**
 * The transport of the gateway: packages are called by their scheme, all else over HTTP.
 */
export function openTransport(options: TransportOptions): Transport {
  const http = openHttp(options)
  const { packages, connectTimeoutMs, env } = options
  if (!packages || packages.size === 0) return http
  const models = packageTransport({ packages, connectTimeoutMs, env })
  return {
    send: (request, handler) => (request.url.startsWith(packageScheme) ? models : http).send(request, handler),
    async close() {
      await Promise.all([models.close(), http.close()])
    },
  }
}

/**
 * HTTP. Addresses of a scheme that has a proxy and open requests are called by undici, whatever
 * the client; it is loaded by the first such request.
 */
function openHttp({ client = 'http1', connectTimeoutMs, env }: TransportOptions): Transport {
  const undici = lazyTransport(async () => {
    const { undiciTransport } = await import('./undici.ts')
    return undiciTransport({ connectTimeoutMs, env })
  })
  if (client === 'undici') return undici
  const http1 = http1Transport({ connectTimeoutMs })
  const proxies = proxiesOf(env)
  // Which hosts go around the proxy is left to undici as well, so that it is decided in one place.
  const isProxied = (url: string): boolean => (/^https:/i.test(url) ? proxies.https : proxies.http) !== undefined
  return {
    send: (request, handler) =>
      // Our own reader knows two methods and whole bodies, which is all that a chat needs.
      ('open' in request || isProxied(request.url) ? undici : http1).send(request, handler),
    async close() {
      await Promise.all([undici.close(), http1.close()])
    },
  }
}
