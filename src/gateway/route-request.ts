import { ProviderLessons } from '../capabilities/index.ts'
import type { Asked, Dialect } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { targetOf } from '../providers/index.ts'
import { explainHeader, type LiveFacts, type Route, type Routing, route } from '../routing/index.ts'
import type { Soon } from '../storage/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import { readModel, readStream } from './asked-model.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import type { Routed } from './plan.ts'
import type { RequestBody } from './request-body.ts'
import { type BodyFacts, factsOf } from './request-facts.ts'

/** Where a request goes. */
export interface RoutedRequest {
  /** In the order of preference; at least one. */
  targets: readonly [Routed, ...Routed[]]
  /** Without what was written in it for routing alone. */
  body: RequestBody
  /** How it came to that, where the client wants to know. */
  explained: string | undefined
}

/**
 * Routes a request in three phases. A promise only where a prompt has to be counted.
 *
 * @throws SluiceError `invalid_request`, `unknown_model`
 */
export function routeRequest(
  house: House,
  exchange: Exchange,
  client: Dialect,
  body: RequestBody,
  asked: Asked,
): Soon<RoutedRequest> {
  const clientKey = house.clientKeys.nameOf(exchange)
  const facts = factsOf(client, body, exchange.headers, {
    asked,
    tags: house.tags,
    ...(clientKey !== undefined && { clientKey }),
  })
  const counting = facts.settle(house.table)
  const decide = (): RoutedRequest => decided(house, exchange, client, body, asked, facts)
  return counting ? counting.then(decide) : decide()
}

function decided(
  house: House,
  exchange: Exchange,
  client: Dialect,
  body: RequestBody,
  asked: Asked,
  facts: BodyFacts,
): RoutedRequest {
  const { operation = 'chat' } = asked
  const stream =
    operation === 'chat' && (asked.stream ?? readStream(body.json, client.client.streamsByDefault ?? false))
  const routing = routed(house, client, body.json, facts)
  for (const warning of routing.warnings) house.log.warn(`routing: ${warning}`)
  const { alias } = routing
  const targets = routing.routes.map(
    ({ provider, model }): Routed => ({
      provider,
      model,
      target: targetOf(provider, model),
      stream,
      ...(alias !== undefined && { alias }),
    }),
  )
  const [first, ...others] = targets
  if (!first) throw new SluiceError('internal', 'a request was routed nowhere')
  const explains = exchange.headers['x-sluice-explain'] === '1'
  const named = facts.model === '' ? withModel(body, routing) : body
  return {
    targets: [first, ...others],
    body: routing.tagged ? withoutTag(named, facts) : named,
    explained: explains ? explainHeader(routing.explanation) : undefined,
  }
}

function routed(house: House, client: Dialect, json: JsonObject, facts: BodyFacts): Routing {
  try {
    return route(facts, house.table, liveFacts(house), client.client.defaultTag)
  } catch (error) {
    // A name that is missing, or is none, is another mistake than one that nobody knows.
    if (facts.model === '') readModel(json)
    throw error
  }
}

function liveFacts({ health, clock, capabilities }: House): LiveFacts {
  const now = clock.now()
  const known = ({ provider, model }: Route) => health.known(provider, model)
  return {
    now,
    random: Math.random,
    healthy: (one) => known(one)?.admits(now) !== false,
    firstMs: (one) => known(one)?.firstMs,
    running: (one) => known(one)?.running ?? 0,
    cost: () => undefined,
    streams: ({ provider, model }) => {
      const lessons = capabilities.of(provider)
      const seen = lessons instanceof ProviderLessons ? lessons.known(model, 'stream') : undefined
      return seen ?? targetOf(provider, model).traits.streams
    },
  }
}

/**
 * With the name that a tag, a header or the key has given to a request that has none: all that follows reads it there.
 *
 * @throws SluiceError `invalid_request` where nothing of the kind did, however many rules would take it
 */
function withModel({ text, json }: RequestBody, { explanation }: Routing): RequestBody {
  const { by, name } = explanation.wanted
  const all = { ...json, model: by === 'model' ? readModel(json) : name }
  // Numbers and the order of fields stay as they were written.
  const open = Object.keys(json).length > 0 && json.model === undefined
  const written = open ? text.replace('{', () => `{"model":${JSON.stringify(name)},`) : JSON.stringify(all)
  return { text: written, json: all }
}

/** The tag was for sluice, and no model has to read it. */
function withoutTag(body: RequestBody, facts: BodyFacts): RequestBody {
  const written = facts.modelTag()?.written
  if (written === undefined) return body
  const text = body.text.replace(JSON.stringify(written).slice(1, -1), '')
  return { text, json: JSON.parse(text) as JsonObject }
}
