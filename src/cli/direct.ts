const loopback = ['127.0.0.1', 'localhost', '::1']

/**
 * What keeps a proxy, where one is set, out of the way to a gateway on this machine: it could not reach it, and several
 * programs would ask it all the same.
 */
export function directTo(url: string, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const proxied = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].some((name) => env[name])
  if (!proxied || !loopback.includes(host)) return {}
  const list = [...new Set([...(env.NO_PROXY || env.no_proxy || '').split(','), ...loopback])].filter(Boolean).join(',')
  return { NO_PROXY: list, no_proxy: list }
}
