import type { Asked, Dialect, Target, UpstreamDialect, Warning } from '../dialects/index.ts'
import { dialects } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Provider, targetOf } from '../providers/index.ts'
import { type RoutingTable, resolve } from '../routing/index.ts'
import type { ChatRequest, JsonObject } from '../tokens/index.ts'
import type { RequestBody } from './request-body.ts'

/** What is going to be done with a request: whom to ask, in which words, and how the answer comes back. */
export interface Plan {
  provider: Provider
  target: Target
  upstream: UpstreamDialect
  /** The client wants a stream. */
  stream: boolean
  /** What the encoders of the answer want to know of the request. */
  kept: JsonObject | undefined
  /** The answer goes back as it comes; otherwise through the canonical model. */
  untouched: boolean
  /** The canonical request, where one had to be made. Gone once it has been sent. */
  request: ChatRequest | undefined
  /** The body for the provider. Empty once it has been sent. */
  text: string
  /** The size of the prompt, in tokens, for an answer that has to say it before the provider does. */
  inputEstimate: number | undefined
  /** Headers that the body calls for. */
  headers: Record<string, string>
  warnings: Warning[]
  /** sluice asked for usage on its own: the client must not see the chunk that carries it. */
  usageAdded: boolean
  /** The client wants usage in the stream. */
  includeUsage: boolean
  /** How many answers were asked for. */
  choices: number
  /** Tools that the provider had to be given in another form, by name. */
  customTools: ReadonlySet<string>
  /** From the tools' names at the provider to those that the client knows, where the two differ. */
  toolNames: ReadonlyMap<string, string>
}

/**
 * Decode, route, encode. With one dialect at both ends the client's own text goes on, so that fields which sluice does
 * not know survive; only opaque state of another vendor, which must not reach the provider, calls for the long way.
 *
 * @param restore puts state back that the client could not carry
 * @throws SluiceError `invalid_request`, `unknown_model`, `unsupported`
 */
export function plan(
  client: Dialect,
  body: RequestBody,
  table: RoutingTable,
  asked: Asked,
  restore?: (request: ChatRequest) => void,
): Plan {
  const { operation = 'chat' } = asked
  const model = asked.model ?? readModel(body.json)
  const { provider, model: upstreamModel } = resolve(model, table)
  const target = targetOf(provider, upstreamModel)
  const upstream: UpstreamDialect = dialects[provider.dialect]
  const stream =
    operation === 'chat' && (asked.stream ?? readStream(body.json, client.client.streamsByDefault ?? false))
  const same = upstream.name === client.name
  const base = {
    provider,
    target,
    upstream,
    stream,
    kept: operation === 'chat' ? client.client.keep?.(body.json, asked) : undefined,
    choices: 1,
    customTools: noTools,
    toolNames: noNames,
    inputEstimate: undefined,
  }

  const foreign = body.text.includes(envelopeMark) || client.client.foreignState?.test(body.text) === true
  if (same && !foreign) {
    const { text, usageAdded } = upstream.upstream.adoptRequest(body.text, body.json, target)
    return {
      ...base,
      untouched: !provider.normalise,
      request: undefined,
      text,
      headers: {},
      warnings: [],
      usageAdded,
      includeUsage: stream && !usageAdded,
      choices: typeof body.json.n === 'number' ? body.json.n : 1,
    }
  }
  const request = client.client.decodeRequest(body.json, asked)
  restore?.(request)
  const left = same ? [] : (client.client.leave?.(request) ?? [])
  const encoded = upstream.upstream.encodeRequest(request, target, operation)
  const includeUsage = request.includeUsage ?? false
  return {
    ...base,
    untouched: same && !provider.normalise,
    request,
    text: JSON.stringify(encoded.body),
    headers: encoded.headers,
    warnings: [...left, ...encoded.warnings],
    usageAdded: same && stream && !includeUsage,
    includeUsage,
    choices: request.choices ?? 1,
    customTools: encoded.customTools ?? noTools,
    toolNames: encoded.toolNames ?? noNames,
  }
}

const noTools: ReadonlySet<string> = new Set()
const noNames: ReadonlyMap<string, string> = new Map()
const envelopeMark = '"slc1.'

/** @throws SluiceError `invalid_request` */
export function readModel(json: JsonObject): string {
  if (typeof json.model === 'string' && json.model !== '') return json.model
  const found =
    json.model === undefined || json.model === null
      ? 'is missing'
      : json.model === ''
        ? 'is empty'
        : `is a ${typeof json.model}`
  throw new SluiceError('invalid_request', `cannot route the request: \`model\` ${found}; name one of GET /v1/models`, {
    param: 'model',
  })
}

function readStream(json: JsonObject, byDefault: boolean): boolean {
  if (typeof json.stream === 'boolean') return json.stream
  if (json.stream === undefined || json.stream === null) return byDefault
  throw new SluiceError(
    'invalid_request',
    `cannot read the request: \`stream\` must be true or false, but it is a ${typeof json.stream}`,
    {
      param: 'stream',
    },
  )
}
