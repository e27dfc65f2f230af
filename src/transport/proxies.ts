/** Of the environment only what names a proxy is read. */
export type ProxyEnv = Readonly<Record<string, string | undefined>>

export interface Proxies {
  http: string | undefined
  https: string | undefined
  /** Who is called directly all the same, as it is written. */
  none: string
}

/** The proxies of an environment; small letters come first. https goes over that for http where it has none of its own. */
export function proxiesOf(env: ProxyEnv): Proxies {
  const read = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined
  const http = proxyUrl(read('HTTP_PROXY'))
  return { http, https: proxyUrl(read('HTTPS_PROXY')) ?? http, none: read('NO_PROXY') ?? '' }
}

/** Other programs take `proxy.example:3128` too, without a scheme. */
function proxyUrl(written: string | undefined): string | undefined {
  return written === undefined || written.includes('://') ? written : `http://${written}`
}
