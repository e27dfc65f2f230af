import type { Asked, ClientDialectName } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { AdminQuestion } from './admin.ts'
import type { Exchange } from './exchange.ts'
import { geminiRoutes } from './gemini-routes.ts'
import type { StoredQuestion } from './responses/response-answers.ts'
import type { Operation, Row } from './route-row.ts'
import { rawPathFor } from './untranslated.ts'

export interface Endpoint {
  operation: Operation
  /** The caller's dialect. */
  dialect: ClientDialectName
  /** The model in the path of a question about one. */
  model?: string
  /** What the path says of a request that has a body. */
  asked?: Asked
  /** The whole answer, where it never changes. */
  says?: JsonObject
  /** What is asked of a stored response. */
  stored?: StoredQuestion
  /** What an operator asks for. */
  admin?: AdminQuestion
}

/**
 * The HTTP surface. Paths that speak one dialect say which; the others are told by the caller's headers. `{model}` is
 * the name of a model, slashes and all; `{id}` is one piece of a path.
 */
const routes: Record<string, Row> = {
  '/v1/chat/completions': { method: 'POST', operation: 'chat', dialect: 'openai-chat' },
  '/v1/responses': { method: 'POST', operation: 'chat', dialect: 'openai-responses' },
  '/v1/responses/input_tokens': { method: 'POST', operation: 'count', dialect: 'openai-responses' },
  '/v1/messages': { method: 'POST', operation: 'chat', dialect: 'anthropic-messages' },
  '/v1/messages/count_tokens': { method: 'POST', operation: 'count', dialect: 'anthropic-messages' },
  '/v1/models': { method: 'GET', operation: 'models' },
  '/v1/models/{model}': { method: 'GET', operation: 'models' },
  '/api/chat': { method: 'POST', operation: 'chat', dialect: 'ollama' },
  '/api/generate': { method: 'POST', operation: 'chat', dialect: 'ollama', ask: () => ({ form: 'generate' }) },
  '/api/tags': { method: 'GET', operation: 'models', dialect: 'ollama' },
  '/api/show': { method: 'POST', operation: 'models', dialect: 'ollama' },
  // Clients look here for what the server can do: as much as an Ollama of this version.
  '/api/version': { method: 'GET', operation: 'fixed', dialect: 'ollama', says: { version: '0.13.0' } },
  // No model is ever loaded here, since none runs here.
  '/api/ps': { method: 'GET', operation: 'fixed', dialect: 'ollama', says: { models: [] } },
  '/v1/responses/{id}': {
    method: 'GET',
    deletes: true,
    operation: 'stored',
    dialect: 'openai-responses',
    stored: 'get',
  },
  '/v1/responses/{id}/input_items': {
    method: 'GET',
    operation: 'stored',
    dialect: 'openai-responses',
    stored: 'items',
  },
  '/v1/responses/{id}/cancel': { method: 'POST', operation: 'stored', dialect: 'openai-responses', stored: 'cancel' },
  '/admin/v1/capabilities': { method: 'GET', operation: 'admin', admin: 'capabilities' },
  '/admin/v1/capabilities/{model}': { method: 'PUT', deletes: true, operation: 'admin', admin: 'capability' },
  '/admin/v1/targets': { method: 'GET', operation: 'admin', admin: 'targets' },
  '/admin/v1/probe': { method: 'POST', operation: 'admin', admin: 'probe' },
  // Some clients knock here before they do anything else.
  '/': { method: 'GET', operation: 'front' },
  '/healthz': { method: 'GET', operation: 'health' },
  '/readyz': { method: 'GET', operation: 'ready' },
}

const all: Record<string, Row> = { ...routes, ...geminiRoutes }

/** The paths with a place to fill, as what stands before it and behind it; the longest ends come first. */
const patterns = Object.entries(all)
  .flatMap(([path, row]) => {
    const [before, behind] = path.split(/\{(?:model|id)\}/)
    const slashes = path.includes('{model}')
    return before === undefined || behind === undefined ? [] : [{ before, behind, slashes, row }]
  })
  .sort((a, b) => b.behind.length - a.behind.length)

/** @throws SluiceError `unknown_route`, `wrong_method` */
export function findEndpoint(exchange: Exchange): Endpoint {
  const { path, model, row } = find(exchange.path)
  // A model's name may hold a colon, but what is posted to one is a method, and the known ones were found.
  if (!row || (exchange.method === 'POST' && row.operation === 'models' && model?.includes(':'))) {
    throw new SluiceError(
      'unknown_route',
      `cannot find ${exchange.method} ${path.slice(0, 200)}: ${advice(path, callerDialect(exchange))}`,
    )
  }
  const allowed = methodsOf(row)
  if (!allowed.includes(exchange.method)) {
    throw new SluiceError('wrong_method', `cannot ${exchange.method} ${path}: it takes ${allowed.join(', ')}`)
  }
  const stored = exchange.method === 'DELETE' ? 'delete' : row.stored
  return {
    operation: row.operation,
    dialect: row.dialect ?? callerDialect(exchange),
    ...(model !== undefined && { model }),
    ...(row.ask && { asked: row.ask({ model, query: exchange.query }) }),
    ...(row.says && { says: row.says }),
    ...(row.admin && { admin: row.admin }),
    ...(stored && { stored: { action: stored, id: model ?? '' } }),
  }
}

/** The methods that a known path takes, as the header `allow` of a refusal. */
export function allowedMethods(exchange: Exchange): string | undefined {
  const { row } = find(exchange.path)
  return row && methodsOf(row).join(', ')
}

function methodsOf({ method, deletes }: Row): string[] {
  return [method, ...(method === 'GET' ? ['HEAD'] : []), ...(deletes ? ['DELETE'] : [])]
}

function find(written: string): { path: string; model: string | undefined; row: Row | undefined } {
  const path = plainPath(written)
  if (Object.hasOwn(all, path)) return { path, model: undefined, row: all[path] }
  for (const { before, behind, slashes, row } of patterns) {
    if (path.length <= before.length + behind.length) continue
    if (!path.startsWith(before) || !path.endsWith(behind)) continue
    const filled = path.slice(before.length, path.length - behind.length)
    if (slashes || !filled.includes('/')) return { path, model: decode(filled), row }
  }
  return { path, model: undefined, row: undefined }
}

/** What to do about an unknown path. The usual mistake is a base URL with one `/v1` too few or too many. */
function advice(path: string, dialect: ClientDialectName): string {
  const meant = Object.keys(routes).find(
    (known) =>
      (known.startsWith('/v1/') && (path.endsWith(known) || path.endsWith(known.slice('/v1'.length)))) ||
      (known.startsWith('/api/') && path.endsWith(known)),
  )
  if (meant) return `it is at ${meant}; correct the base URL of the client`
  const raw = rawPathFor(path, dialect)?.slice(0, 200)
  if (raw) return `it is not translated; ${raw} takes it to a provider as it is, below the \`base_url\` of that`
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
  if (path.startsWith('/v1/responses')) return 'openai-responses'
  if (ollamaPath.test(path)) return 'ollama'
  if (/^\/v1(alpha|beta)\//.test(path) || geminiMethod.test(path)) return 'gemini'
  const { headers } = exchange
  if (headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined) return 'gemini'
  return headers['anthropic-version'] !== undefined ? 'anthropic-messages' : 'openai-chat'
}

/** Those of Ollama, with or without something before them, and not those of a base URL that ends in `/api`. */
const ollamaPath = /^\/api\/(?!v\d)|\/api\/(chat|generate|tags|show|version|ps)$/

const geminiMethod = /^\/v1\/(models|tunedModels)\/.+:[a-z]+[A-Z][A-Za-z]*$/

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
