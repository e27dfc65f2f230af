import type { StreamingConfig } from '../config/index.ts'
import {
  type Asked,
  type Dialect,
  dialects,
  type Target,
  type UpstreamDialect,
  type Warning,
} from '../dialects/index.ts'
import { type Chain, type ChainedTransformer, emulateTools, type TransformContext } from '../pipeline/index.ts'
import type { Soon } from '../storage/index.ts'
import type { ChatRequest } from '../tokens/index.ts'
import type { Plan, Routed } from './plan.ts'
import type { RequestBody } from './request-body.ts'
import { toldChange } from './told-change.ts'
import type { Way } from './way.ts'

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
export function plan(client: Dialect, body: RequestBody, routed: Routed, asked: Asked, options: PlanOptions): Soon<Plan>
export function plan(
  client: Dialect,
  body: RequestBody,
  routed: Routed,
  asked: Asked,
  options: PlanOptions,
): Soon<Plan> {
  return new Planning(client, body, routed, asked, options).plan()
}

/** One request on its way to one target. */
class Planning {
  readonly #client: Dialect
  readonly #body: RequestBody
  readonly #routed: Routed
  readonly #asked: Asked
  readonly #options: PlanOptions
  readonly #upstream: UpstreamDialect
  /** The target in the light of what was learned of it. */
  #target: Target
  /** Whether the provider is asked for a stream. */
  #asksStream: boolean
  /** What the chain has changed or lost. */
  readonly #changes: Warning[] = []

  constructor(client: Dialect, body: RequestBody, routed: Routed, asked: Asked, options: PlanOptions) {
    this.#client = client
    this.#body = body
    this.#routed = routed
    this.#asked = asked
    this.#options = options
    this.#upstream = dialects[routed.provider.dialect]
    this.#target = routed.target
    this.#asksStream = routed.stream
  }

  plan(): Soon<Plan> {
    const { client } = this.#client
    const { chain, choose, restore } = this.#options
    const alone = this.#same || !this.#chats ? undefined : client.answerAlone?.(this.#body.json, this.#asked)
    if (alone) return { ...this.#base(), alone }
    const way = choose?.() ?? { stream: this.#routed.stream }
    if (way.traits) this.#target = { ...this.#target, traits: { ...this.#target.traits, ...way.traits } }
    this.#asksStream = way.stream
    const adopts = this.#adopts()
    if (adopts && !chain?.readsRequests) return this.#adopt()
    const decoded = client.decodeRequest(this.#body.json, this.#asked)
    restore?.(decoded)
    const finish = (transformed: ChatRequest): Plan =>
      adopts && transformed === decoded ? this.#adopt() : this.#encode(transformed)
    const transformed = chain ? chain.transform(decoded, this.#context(decoded.choices ?? 1)) : decoded
    return transformed instanceof Promise ? transformed.then(finish) : finish(transformed)
  }

  get #same(): boolean {
    return this.#upstream.name === this.#client.name
  }

  /** An answer is wanted, and not only a count. */
  get #chats(): boolean {
    return (this.#asked.operation ?? 'chat') === 'chat'
  }

  /** The client's own text will do. */
  #adopts(): boolean {
    const { client, upstream } = this.#client
    const { text } = this.#body
    if (!this.#same || this.#options.rewrite || this.#asksStream !== this.#routed.stream) return false
    const { localStops, emulateTools: emulates } = this.#target.traits
    if (localStops || emulates || upstream.adapts?.(this.#target) === true) return false
    return !text.includes(envelopeMark) && client.foreignState?.test(text) !== true
  }

  /** The provider's own bytes will do, as far as its dialect and its traits say. */
  #isLiteral(): boolean {
    const { thinkTags, reasoningRequired } = this.#target.traits
    // Reasoning that is wanted back has to be seen, where the client may not bring it.
    const kept = reasoningRequired === true && this.#client.client.rebuildsHistory
    const asWanted = this.#asksStream === this.#routed.stream
    return this.#same && asWanted && !this.#routed.provider.normalise && thinkTags === undefined && !kept
  }

  #adopt(): Plan {
    const { text, json } = this.#body
    const { stream } = this.#routed
    const adopted = this.#client.upstream.adoptRequest(text, json, this.#target)
    const choices = typeof json.n === 'number' ? json.n : 1
    const chain = this.#openChain(choices)
    return {
      ...this.#base(),
      chain,
      untouched: this.#isLiteral() && chain.length === 0,
      text: adopted.text,
      form: this.#asked.form,
      warnings: this.#changes,
      usageAdded: adopted.usageAdded,
      includeUsage: stream && !adopted.usageAdded,
      choices,
    }
  }

  #encode(transformed: ChatRequest): Plan {
    // A transformer of one's own leaves what it was shown frozen.
    const request = Object.isFrozen(transformed) ? { ...transformed } : transformed
    const { provider, stream } = this.#routed
    const { rewrite, choose } = this.#options
    const target = this.#target
    rewrite?.(request, target, this.#upstream)
    // The other way that it goes answers whole.
    const detour = provider.prepare !== undefined && this.#chats && carriesMedia(request)
    if (detour && this.#asksStream) this.#asksStream = (choose?.(true) ?? { stream: false }).stream
    if (this.#chats) request.stream = this.#asksStream
    const { localStops, emulateTools: emulates } = target.traits
    const stops = localStops ? takeStops(request) : noStops
    const left = this.#same ? [] : (this.#client.client.leave?.(request) ?? [])
    const emulation = emulates ? emulateTools(request) : undefined
    const spoken = emulation?.request ?? request
    const encoded = this.#upstream.upstream.encodeRequest(spoken, target, this.#asked.operation ?? 'chat')
    const includeUsage = request.includeUsage ?? false
    const choices = request.choices ?? 1
    const chain = this.#openChain(choices)
    const changed = stops.length > 0 || emulation?.calls !== undefined || chain.length > 0
    return {
      ...this.#base(),
      chain,
      // What is encoded anew has the usual form, and so has its answer.
      untouched: this.#isLiteral() && this.#asked.form === undefined && !changed,
      request: spoken,
      text: JSON.stringify(encoded.body),
      headers: encoded.headers,
      warnings: [...this.#changes, ...left, ...(emulation?.warnings ?? []), ...encoded.warnings],
      usageAdded: this.#same && stream && !includeUsage,
      includeUsage,
      choices,
      customTools: encoded.customTools ?? noTools,
      toolNames: encoded.toolNames ?? noNames,
      stops,
      calls: emulation?.calls,
    }
  }

  /** A plan in which nothing is sent. */
  #base(): Plan {
    const { provider, stream } = this.#routed
    return {
      provider,
      target: this.#target,
      upstream: this.#upstream,
      stream,
      asksStream: this.#asksStream,
      policy: this.#options.policy,
      kept: this.#chats ? this.#client.client.keep?.(this.#body.json, this.#asked) : undefined,
      untouched: false,
      request: undefined,
      text: '',
      form: undefined,
      alone: undefined,
      inputEstimate: undefined,
      headers: {},
      warnings: [],
      usageAdded: false,
      includeUsage: true,
      choices: 1,
      customTools: noTools,
      toolNames: noNames,
      stops: noStops,
      calls: undefined,
      chain: noChain,
    }
  }

  #openChain(choices: number): readonly ChainedTransformer[] {
    const { chain } = this.#options
    return chain && this.#chats ? chain.open(this.#context(choices)) : noChain
  }

  #context(choices: number): TransformContext {
    const { provider, stream, alias } = this.#routed
    return {
      provider: provider.name,
      model: this.#target.model,
      alias,
      clientKey: this.#options.clientKey,
      client: this.#client.name,
      dialect: this.#upstream.name,
      stream,
      choices,
      maxOutput: this.#target.traits.maxOutput,
      warn: (warning) => {
        const change = toldChange(warning)
        if (this.#changes.length < mostChanges) this.#changes.push(change)
      },
    }
  }
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

const noTools: ReadonlySet<string> = new Set()
const noNames: ReadonlyMap<string, string> = new Map()
const noStops: readonly string[] = []
const noChain: readonly ChainedTransformer[] = []
/** More than a client is told of anyway. */
const mostChanges = 1000
const envelopeMark = '"slc1.'
