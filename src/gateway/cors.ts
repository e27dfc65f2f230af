import { allowsOrigin } from '../access/index.ts'
import type { Exchange } from './exchange.ts'

/** What a browser page of an allowed origin needs to read the answer. Nobody else gets permission. */
export function corsHeaders(exchange: Exchange, origins: readonly string[]): Record<string, string> {
  if (origins.length === 0) return {}
  const { origin } = exchange.headers
  // The answer without permission differs by origin too: a cache must not give it to an origin that has it.
  if (origin === undefined || !allowsOrigin(origins, origin)) return { vary: 'origin' }
  return {
    'access-control-allow-origin': origin,
    // All of them: credentials of a browser are never asked for, so that the star is one.
    'access-control-expose-headers': '*',
    vary: 'origin',
  }
}

export function isPreflight(exchange: Exchange): boolean {
  return exchange.method === 'OPTIONS' && exchange.headers['access-control-request-method'] !== undefined
}

/** The answer to a preflight: 204, with permission or without. */
export function preflightHeaders(exchange: Exchange, origins: readonly string[]): Record<string, string> {
  const cors = corsHeaders(exchange, origins)
  if (!cors['access-control-allow-origin']) return cors
  const asked = exchange.headers
  return {
    ...cors,
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': asked['access-control-request-headers'] ?? '*',
    // A page of the open web that calls a machine in its user's own network.
    ...(asked['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
    'access-control-max-age': '600',
  }
}
