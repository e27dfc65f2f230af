import { allowsOrigin } from '../access/index.ts'
import type { Exchange } from './exchange.ts'

/** What a browser page of an allowed origin needs to read the answer. None for anybody else. */
export function corsHeaders(exchange: Exchange, origins: readonly string[]): Record<string, string> {
  const { origin } = exchange.headers
  if (origins.length === 0 || origin === undefined || !allowsOrigin(origins, origin)) return {}
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers':
      'x-sluice-request-id, x-sluice-provider, x-sluice-model, x-sluice-attempts, x-sluice-stream, x-sluice-warnings, retry-after, retry-after-ms, x-request-id, request-id',
    vary: 'origin',
  }
}

export function isPreflight(exchange: Exchange): boolean {
  return exchange.method === 'OPTIONS' && exchange.headers['access-control-request-method'] !== undefined
}

/** The answer to a preflight: 204, with permission or without. */
export function preflightHeaders(exchange: Exchange, origins: readonly string[]): Record<string, string> {
  const cors = corsHeaders(exchange, origins)
  if (!cors['access-control-allow-origin']) return {}
  return {
    ...cors,
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': exchange.headers['access-control-request-headers'] ?? '*',
    'access-control-max-age': '600',
  }
}
