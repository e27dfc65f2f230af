import type { DialectName } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Exchange } from './exchange.ts'

export type Operation = 'chat' | 'count' | 'models' | 'health' | 'ready' | 'front'

export interface Endpoint {
  operation: Operation
  /** The caller's dialect. */
  dialect: DialectName
  /** The model in the path, for `/v1/models/{id}`. */
  model?: string
}

interface Row {
  method: 'GET' | 'POST'
  operation: Operation
  dialect?: DialectName
}

/** The HTTP surface. Paths that speak one dialect say which; the others are told by the caller's headers. */
const routes: Record<string, Row> = {
  '/v1/chat/completions': { method: 'POST', operation: 'chat', dialect: 'openai-chat' },
  '/v1/messages': { method: 'POST', operation: 'chat', dialect: 'anthropic-messages' },
  '/v1/messages/count_tokens': { method: 'POST', operation: 'count', dialect: 'anthropic-messages' },
  '/v1/models': { method: 'GET', operation: 'models' },
  // Some clients knock here before they do anything else.
  '/': { method: 'GET', operation: 'front' },
  '/healthz': { method: 'GET', operation: 'health' },
  '/readyz': { method: 'GET', operation: 'ready' },
}

const modelPrefix = '/v1/models/'

/** @throws SluiceError `unknown_route`, `wrong_method` */
export function findEndpoint(exchange: Exchange): Endpoint {
  const { path, model, row } = find(exchange.path)
  if (!row) {
    throw new SluiceError('unknown_route', `cannot find ${exchange.method} ${path.slice(0, 200)}: ${advice(path)}`)
  }
  const allowed = row.method === exchange.method || (row.method === 'GET' && exchange.method === 'HEAD')
  if (!allowed) {
    throw new SluiceError('wrong_method', `cannot ${exchange.method} ${path}: it takes ${row.method}`)
  }
  return {
    operation: row.operation,
    dialect: row.dialect ?? callerDialect(exchange),
    ...(model !== undefined && { model }),
  }
}

/** The methods that a known path takes, as the header `allow` of a refusal. */
export function allowedMethods(exchange: Exchange): string | undefined {
  const { row } = find(exchange.path)
  return row && (row.method === 'GET' ? 'GET, HEAD' : row.method)
}

function find(written: string): { path: string; model: string | undefined; row: Row | undefined } {
  const path = plainPath(written)
  const model = path.startsWith(modelPrefix) ? decode(path.slice(modelPrefix.length)) : undefined
  const row = Object.hasOwn(routes, path) ? routes[path] : model === undefined ? undefined : routes['/v1/models']
  return { path, model, row }
}

/** What to do about an unknown path. The usual mistake is a base URL with one `/v1` too few or too many. */
function advice(path: string): string {
  const meant = Object.keys(routes).find(
    (known) => known.startsWith('/v1/') && (path.endsWith(known) || path.endsWith(known.slice('/v1'.length))),
  )
  if (meant) return `it is at ${meant}; correct the base URL of the client`
  const known = Object.entries(routes).map(([at, { method }]) => `${method} ${at}`)
  return `there are ${known.join(', ')}`
}

/** Without the slashes that base URLs leave behind: `//v1/models/` is `/v1/models`. */
function plainPath(written: string): string {
  const path = written.replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** The dialect an error is worded in, even where the route is unknown. */
export function callerDialect(exchange: Exchange): DialectName {
  const path = plainPath(exchange.path)
  if (path.startsWith('/v1/messages')) return 'anthropic-messages'
  if (path.startsWith('/v1/chat')) return 'openai-chat'
  return exchange.headers['anthropic-version'] !== undefined ? 'anthropic-messages' : 'openai-chat'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
