import type { StreamingConfig } from '../config/index.ts'
import type { Asked, Dialect, Target, UpstreamDialect, Warning } from '../dialects/index.ts'
import { dialects } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import {
  type Chain,
  type ChainedTransformer,
  emulateTools,
  type ToolCallExtractionOptions,
  type TransformContext,
} from '../pipeline/index.ts'
import type { Provider } from '../providers/index.ts'
import { type Route, type RoutingTable, resolve } from '../routing/index.ts'
import type { ChatReply, ChatRequest, JsonObject } from '../tokens/index.ts'
import type { RequestBody } from './request-body.ts'
import type { Way } from './way.ts'

/** What is going to be done with a request: whom to ask, in which words, and how the answer comes back. */
export interface Plan {
  provider: Provider
  target: Target
  upstream: UpstreamDialect
  /** The client wants a stream. */
  stream: boolean
  /** The provider is asked for one. */
  asksStream: boolean
  /** What the configuration says of streaming for this model. */
  policy: StreamingConfig
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
  /** Texts at which the answer ends, of which the provider was not told. */
  stops: readonly string[]
  /** The provider was told of tools in words: how calls are found in what it says. */
  calls: ToolCallExtractionOptions | undefined
  /** What the configuration has put in the way of the answer, for this one alone. */
  chain: readonly ChainedTransformer[]
}

/** Where a request goes, and what has to be known of it to decide how. */
export interface Routed {
  provider: Provider
  /** The model's name at the provider. */
  model: string
  target: Target
  /** The client wants a stream. */
  stream: boolean
  /** The name from `[[models]]` that led here. */
  alias?: string | undefined
}

export interface PlanOptions {
  /** Puts state back that the client could not carry. */
  restore?: (request: ChatRequest) => void
  /** Makes another request of it, so that the client's own text will not do. */
  rewrite?: ((request: ChatRequest, target: Target, upstream: UpstreamDialect) => void) | undefined
  /** In which way the provider is asked; not called where nobody has to be. Default: as the client wants its answer. */
  choose?: (whole?: boolean) => Way
  policy: StreamingConfig
  /** What the configuration puts in the way of the request and its answer. */
  chain?: Chain | undefined
  /** The name of the key that the client has shown. */
  clientKey?: string | undefined
}

/**
 * Decode and encode. With one dialect at both ends the client's own text goes on, so that fields which sluice does not
 * know survive; only opaque state of another vendor, which must not reach the provider, calls for the long way, and so
 * does a provider that has to be asked in another way than the client asks, and a chain that changes the request. A promise
 * only where a transformer of the chain waits.
 *
 * @throws SluiceError `invalid_request`, `unsupported`, and what `choose` throws
 */
export function plan(
  client: Dialect,
  body: RequestBody,
  routed: Routed,
  asked: Asked,
  options: PlanOptions & { chain?: undefined },
): Plan
export function plan(
  client: Dialect,
  body: RequestBody,
  routed: Routed,
  asked: Asked,
  options: PlanOptions,
): Plan | Promise<Plan>
export function plan(
  client: Dialect,
  body: RequestBody,
  { provider, target: known, stream, alias }: Routed,
  asked: Asked,
  { restore, rewrite, choose, policy, chain, clientKey }: PlanOptions,
): Plan | Promise<Plan> {
  const { operation = 'chat' } = asked
  const upstream: UpstreamDialect = dialects[provider.dialect]
  const same = upstream.name === client.name
  const base = {
    provider,
    target: known,
    upstream,
    stream,
    asksStream: stream,
    policy,
    kept: operation === 'chat' ? client.client.keep?.(body.json, asked) : undefined,
    choices: 1,
    customTools: noTools,
    toolNames: noNames,
    stops: noStops,
    calls: undefined,
    chain: noChain,
    inputEstimate: undefined,
    form: undefined,
    alone: undefined,
  }
  const alone = same || operation === 'count' ? undefined : client.client.answerAlone?.(body.json, asked)
  if (alone) return { ...base, alone, ...nothingSent }

  const way = choose?.() ?? { stream }
  const target = way.traits ? { ...known, traits: { ...known.traits, ...way.traits } } : known
  base.target = target
  base.asksStream = way.stream
  const asWanted = way.stream === stream
  const foreign = body.text.includes(envelopeMark) || client.client.foreignState?.test(body.text) === true
  const { thinkTags, reasoningRequired, localStops, emulateTools: emulates } = target.traits
  // Reasoning that is wanted back has to be seen, where the client may not bring it.
  const kept = reasoningRequired === true && client.client.rebuildsHistory
  const literal = same && asWanted && !provider.normalise && thinkTags === undefined && !kept
  const adapts = localStops || emulates || client.upstream.adapts?.(target) === true
  const adopts = same && asWanted && !foreign && !adapts && !rewrite
  const changes: Warning[] = []
  const contextOf = (choices: number): TransformContext => ({
    provider: provider.name,
    model: target.model,
    alias,
    clientKey,
    client: client.name,
    dialect: upstream.name,
    stream,
    choices,
    maxOutput: target.traits.maxOutput,
    warn: (warning) => changes.push(warning),
  })
  const adopt = (): Plan => {
    const { text, usageAdded } = client.upstream.adoptRequest(body.text, body.json, target)
    const choices = typeof body.json.n === 'number' ? body.json.n : 1
    const opened = operation === 'chat' && chain ? chain.open(contextOf(choices)) : noChain
    return {
      ...base,
      chain: opened,
      untouched: literal && opened.length === 0,
      request: undefined,
      text,
      form: asked.form,
      headers: {},
      warnings: changes,
      usageAdded,
      includeUsage: stream && !usageAdded,
      choices,
    }
  }
  if (adopts && !chain?.readsRequests) return adopt()
  const decoded = client.client.decodeRequest(body.json, asked)
  restore?.(decoded)
  const finish = (transformed: ChatRequest): Plan => {
    if (adopts && transformed === decoded) return adopt()
    // A transformer of one's own leaves what it was shown frozen.
    const request = Object.isFrozen(transformed) ? { ...transformed } : transformed
    rewrite?.(request, target, upstream)
    return encode(request)
  }
  const encode = (request: ChatRequest): Plan => {
    // The other way that it goes answers whole.
    const detour = provider.prepare !== undefined && operation === 'chat' && carriesMedia(request)
    if (detour && way.stream) base.asksStream = (choose?.(true) ?? { stream: false }).stream
    if (operation === 'chat') request.stream = base.asksStream
    const stops = localStops ? takeStops(request) : noStops
    const left = same ? [] : (client.client.leave?.(request) ?? [])
    const emulation = emulates ? emulateTools(request) : undefined
    const spoken = emulation?.request ?? request
    const encoded = upstream.upstream.encodeRequest(spoken, target, operation)
    const includeUsage = request.includeUsage ?? false
    const opened = operation === 'chat' && chain ? chain.open(contextOf(request.choices ?? 1)) : noChain
    return {
      ...base,
      chain: opened,
      // What is encoded anew has the usual form, and so has its answer.
      untouched: literal && asked.form === undefined && stops.length === 0 && !emulation?.calls && opened.length === 0,
      request: spoken,
      text: JSON.stringify(encoded.body),
      headers: encoded.headers,
      warnings: [...changes, ...left, ...(emulation?.warnings ?? []), ...encoded.warnings],
      usageAdded: same && stream && !includeUsage,
      includeUsage,
      choices: request.choices ?? 1,
      customTools: encoded.customTools ?? noTools,
      toolNames: encoded.toolNames ?? noNames,
      stops,
      calls: emulation?.calls,
    }
  }
  const transformed = chain ? chain.transform(decoded, contextOf(decoded.choices ?? 1)) : decoded
  return transformed instanceof Promise ? transformed.then(finish) : finish(transformed)
}

function carriesMedia({ messages }: ChatRequest): boolean {
  const is = ({ type }: { type: string }): boolean => type === 'image' || type === 'file' || type === 'audio'
  return messages.some(({ parts }) =>
    parts.some((part) => is(part) || (part.type === 'tool-result' && part.content.some(is))),
  )
}

/** What the provider is not told of, since it would not listen. */
function takeStops(request: ChatRequest): readonly string[] {
  const { stop = noStops } = request
  delete request.stop
  return stop.filter((text) => text !== '')
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
const noStops: readonly string[] = []
const noChain: readonly ChainedTransformer[] = []
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

export function readStream(json: JsonObject, byDefault: boolean): boolean {
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
