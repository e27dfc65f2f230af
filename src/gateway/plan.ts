import type { Asked, DecodeOptions, Dialect, Target, UpstreamDialect, Warning } from '../dialects/index.ts'
import { dialects } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Provider, targetOf } from '../providers/index.ts'
import { type Route, type RoutingTable, resolve } from '../routing/index.ts'
import type { ChatReply, ChatRequest, JsonObject } from '../tokens/index.ts'
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
  /** The form of that body, where it is not the usual one of its dialect. */
  form: string | undefined
  /** The answer, where nobody has to be asked for it. */
  alone: ChatReply | undefined
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
  const { provider, model: upstreamModel } = routeTo(model, table, client.client.defaultTag)
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
    form: undefined,
    alone: undefined,
  }
  const alone = same || operation === 'count' ? undefined : client.client.answerAlone?.(body.json, asked)
  if (alone) return { ...base, alone, ...nothingSent }

  const foreign = body.text.includes(envelopeMark) || client.client.foreignState?.test(body.text) === true
  const { thinkTags, reasoningRequired } = target.traits
  // Reasoning that is wanted back has to be seen, where the client may not bring it.
  const kept = reasoningRequired === true && client.client.rebuildsHistory
  const literal = same && !provider.normalise && thinkTags === undefined && !kept
  if (same && !foreign && client.upstream.adapts?.(target) !== true) {
    const { text, usageAdded } = client.upstream.adoptRequest(body.text, body.json, target)
    return {
      ...base,
      untouched: literal,
      request: undefined,
      text,
      form: asked.form,
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
    // What is encoded anew has the usual form, and so has its answer.
    untouched: literal && asked.form === undefined,
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

const nothingSent = {
  untouched: false,
  request: undefined,
  text: '',
  headers: {},
  warnings: [],
  usageAdded: false,
  includeUsage: true,
}

/**
 * Where a name leads. A tag that only says "none of the others" is no part of it, unless there is just that name.
 *
 * @throws SluiceError `unknown_model`
 */
export function routeTo(name: string, table: RoutingTable, defaultTag: string | undefined): Route {
  if (defaultTag === undefined || !name.endsWith(defaultTag)) return resolve(name, table)
  try {
    return resolve(name.slice(0, -defaultTag.length), table)
  } catch {
    return resolve(name, table)
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

/** What the decoder of the answer has to know of the request. */
export function decodeOptions({ target, customTools, toolNames, choices }: Plan): DecodeOptions {
  const { vendor, family, traits } = target
  return { vendor, family, customTools, toolNames, choices, wholeArguments: traits.wholeArguments === true }
}
