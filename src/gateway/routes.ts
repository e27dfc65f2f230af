import type { Asked, ClientDialectName } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Exchange } from './exchange.ts'

export type Operation = 'chat' | 'count' | 'models' | 'health' | 'ready' | 'front'

export interface Endpoint {
  operation: Operation
  /** The caller's dialect. */
  dialect: ClientDialectName
  /** The model in the path of a question about one. */
  model?: string
  /** What the path says of a request that has a body. */
  asked?: Asked
}

interface Row {
  method: 'GET' | 'POST'
  operation: Operation
  dialect?: ClientDialectName
  /** Reads what the path and its query say. */
  ask?: (found: Found) => Asked
}

interface Found {
  /** What stands in the place of `{model}`. */
  model: string | undefined
  query: URLSearchParams
}

/**
 * The HTTP surface. Paths that speak one dialect say which; the others are told by the caller's headers. `{model}` is
 * the name of a model, slashes and all.
 */
const routes: Record<string, Row> = {
  '/v1/chat/completions': { method: 'POST', operation: 'chat', dialect: 'openai-chat' },
  '/v1/messages': { method: 'POST', operation: 'chat', dialect: 'anthropic-messages' },
  '/v1/messages/count_tokens': { method: 'POST', operation: 'count', dialect: 'anthropic-messages' },
  '/v1/models': { method: 'GET', operation: 'models' },
  '/v1/models/{model}': { method: 'GET', operation: 'models' },
  // Some clients knock here before they do anything else.
  '/': { method: 'GET', operation: 'front' },
  '/healthz': { method: 'GET', operation: 'health' },
  '/readyz': { method: 'GET', operation: 'ready' },
}

/** The paths that hold a model, as what stands before it and behind it; the longest ends come first. */
const patterns = Object.entries(routes)
  .flatMap(([path, row]) => {
    const [before, behind] = path.split('{model}')
    return before === undefined || behind === undefined ? [] : [{ before, behind, row }]
  })
  .sort((a, b) => b.behind.length - a.behind.length)

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
    ...(row.ask && { asked: row.ask({ model, query: exchange.query }) }),
  }
}

/** The methods that a known path takes, as the header `allow` of a refusal. */
export function allowedMethods(exchange: Exchange): string | undefined {
  const { row } = find(exchange.path)
  return row && (row.method === 'GET' ? 'GET, HEAD' : row.method)
}

function find(written: string): { path: string; model: string | undefined; row: Row | undefined } {
  const path = plainPath(written)
  if (Object.hasOwn(routes, path)) return { path, model: undefined, row: routes[path] }
  for (const { before, behind, row } of patterns) {
    if (path.length <= before.length + behind.length) continue
    if (!path.startsWith(before) || !path.endsWith(behind)) continue
    return { path, model: decode(path.slice(before.length, path.length - behind.length)), row }
  }
  return { path, model: undefined, row: undefined }
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
export function callerDialect(exchange: Exchange): ClientDialectName {
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
