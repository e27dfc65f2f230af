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
    const known = Object.entries(routes).map(([at, { method }]) => `${method} ${at}`)
    throw new SluiceError(
      'unknown_route',
      `cannot find ${exchange.method} ${path.slice(0, 200)}: there are ${known.join(', ')}`,
    )
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
  let end = written.length
  while (end > 1 && written[end - 1] === '/') end--
  const path = written.slice(0, end)
  const model = path.startsWith(modelPrefix) ? decode(path.slice(modelPrefix.length)) : undefined
  const row = Object.hasOwn(routes, path) ? routes[path] : model === undefined ? undefined : routes['/v1/models']
  return { path, model, row }
}

/** The dialect an error is worded in, even where the route is unknown. */
export function callerDialect(exchange: Exchange): DialectName {
  if (exchange.path.startsWith('/v1/messages')) return 'anthropic-messages'
  if (exchange.path.startsWith('/v1/chat')) return 'openai-chat'
  return exchange.headers['anthropic-version'] !== undefined ? 'anthropic-messages' : 'openai-chat'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
