import { type Capability, capabilities, type LessonEntry, type ProviderLessons } from '../capabilities/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Route, resolve } from '../routing/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { probe } from './probe.ts'
import { readRequestBody } from './request-body.ts'

/** What an operator asks for. */
export type AdminQuestion = 'capabilities' | 'capability' | 'probe' | 'targets'

/**
 * `/admin/v1`: what was found out of the models, to be looked at, pinned, dropped and asked for anew.
 *
 * @param name the model in the path, as `provider/model` or an alias
 * @param status what there is to say of the gateway itself
 * @throws SluiceError `invalid_request`, `unknown_model`
 */
export async function answerAdmin(
  house: House,
  exchange: Exchange,
  question: AdminQuestion,
  name: string,
  status: () => JsonObject,
): Promise<JsonObject> {
  switch (question) {
    case 'capabilities': {
      const rows = await house.capabilities.list(house.table.providers)
      return { object: 'list', data: rows.map(shown) }
    }
    case 'targets':
      return { ...status(), ...targets(house) }
    case 'probe':
      return probeAll(house, exchange)
    case 'capability': {
      const route = resolve(name, house.table)
      const lessons = await house.capabilities.of(route.provider)
      return exchange.method === 'DELETE'
        ? drop(lessons, route, exchange.query.get('capability'))
        : pin(lessons, route, await readBody(house, exchange))
    }
  }
}

function shown({ since, until, baseUrl, ...entry }: LessonEntry): JsonObject {
  return {
    ...entry,
    base_url: baseUrl,
    since: new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    pinned: until === undefined,
  }
}

/** How targets and keys do. Times of a clock that only this process reads become those of the world. */
function targets({ health, table, clock }: House): JsonObject {
  const now = clock.now()
  const since = Date.now() - now
  const dated = <T extends { until?: number }>({ until, ...state }: T) => ({
    ...state,
    ...(until !== undefined && { until: new Date(since + until).toISOString() }),
  })
  return {
    targets: health.states(now).map((one) => {
      const { firstMs, lastError, failedRequests, ...state } = dated(one)
      return {
        ...state,
        failed_requests: failedRequests,
        ...(firstMs !== undefined && { first_ms: firstMs }),
        ...(lastError !== undefined && { last_error: lastError }),
      }
    }),
    providers: health
      .keyStates(table.providers, now)
      .map(({ provider, keys }) => ({ provider, keys: keys.map(dated) })),
  } as unknown as JsonObject
}

/** Each costs a few tokens, and they are asked one after the other. */
const mostProbed = 100

async function probeAll(house: House, exchange: Exchange): Promise<JsonObject> {
  const { models, all } = await readBody(house, exchange)
  if (!Array.isArray(models) || models.length === 0 || !models.every((one) => typeof one === 'string')) {
    throw wrong('models', 'must be a list of names such as "openrouter/some-model"')
  }
  if (models.length > mostProbed) throw wrong('models', `must hold at most ${mostProbed} names at a time`)
  if (all !== undefined && typeof all !== 'boolean') throw wrong('all', 'must be true or false')
  // Before the first one costs anything.
  for (const name of models) resolve(name, house.table)
  const data: JsonObject[] = []
  for (const name of models)
    data.push({ ...(await probe(house, exchange, name, all === true)) } as unknown as JsonObject)
  return { object: 'list', data }
}

function pin(lessons: ProviderLessons, { provider, model }: Route, { capability, can }: JsonObject): JsonObject {
  if (typeof can !== 'boolean') throw wrong('can', 'must be true or false')
  const pinned = readCapability(capability)
  lessons.pin(model, pinned, can, 'pinned by an operator')
  return { provider: provider.name, model, capability: pinned, can, pinned: true }
}

function drop(lessons: ProviderLessons, { provider, model }: Route, named: string | null): JsonObject {
  const dropped = lessons.drop(model, named === null ? undefined : readCapability(named))
  return { provider: provider.name, model, ...(named !== null && { capability: named }), dropped }
}

function readCapability(value: unknown): Capability {
  const found = capabilities.find((one) => one === value)
  if (found) return found
  throw wrong('capability', `must be one of ${capabilities.join(', ')}`)
}

async function readBody({ limits }: House, exchange: Exchange): Promise<JsonObject> {
  const { json } = await readRequestBody(exchange, { bytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs })
  return json
}

function wrong(param: string, what: string): SluiceError {
  return new SluiceError('invalid_request', `cannot read the request: \`${param}\` ${what}`, { param })
}
