import { dialects, type ModelEntry, type UpstreamDialect, type UpstreamModel } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Provider, targetOf } from '../providers/index.ts'
import { isJsonObject, type Json } from '../tokens/index.ts'
import { routeTo } from './asked-model.ts'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import type { House } from './house.ts'
import { call } from './upstream/call.ts'
import { upstreamUrl } from './upstream/upstream-url.ts'

/**
 * The models that can be asked for: aliases first, then `provider/model`. What a provider without a list of its own
 * serves is asked of it, with little patience, and remembered for a while; a provider that does not answer is left out.
 */
export class ModelList {
  readonly #house: House
  readonly #known = new Map<string, { until: number; models: Promise<UpstreamModel[]> }>()

  constructor(house: House) {
    this.#house = house
  }

  async entries(exchange: Exchange): Promise<ModelEntry[]> {
    const { aliases, providers } = this.#house.table
    const lists = await Promise.all(
      providers.map(async (provider) => {
        const models = provider.models?.map((id) => ({ id })) ?? (await this.#ask(provider, exchange))
        const streams = await this.#streams(provider)
        return models.map((model) => ({
          ...model,
          id: `${provider.name}/${model.id}`,
          owner: provider.name,
          ...streams(model.id),
        }))
      }),
    )
    // A name with a wildcard stands for many, and is none that can be asked for.
    const named = aliases.filter(({ name }) => !name.includes('*'))
    return [...named.map(({ name }) => ({ id: name, owner: 'sluice' })), ...lists.flat()]
  }

  /**
   * One of them, with all that the list says of it. A model may be served that no list names.
   *
   * @throws SluiceError `unknown_model`
   */
  async entry(exchange: Exchange, id: string, defaultTag?: string): Promise<ModelEntry> {
    const alias = this.#house.table.aliases.find((one) => id === one.name || id === one.name + (defaultTag ?? ''))
    if (alias) return { id, owner: 'sluice' }
    const { provider, model } = routeTo(id, this.#house.table, defaultTag)
    const listed = provider.models ? [] : await this.#ask(provider, exchange)
    const streams = await this.#streams(provider)
    return { ...listed.find((one) => one.id === model), id, owner: provider.name, ...streams(model) }
  }

  /** Says of a model whether it streams by itself, where that is known. */
  async #streams(provider: Provider): Promise<(model: string) => { streams?: boolean }> {
    const lessons = await this.#house.capabilities.of(provider)
    return (model) => {
      const streams = lessons.known(model, 'stream') ?? targetOf(provider, model).traits.streams
      return streams === undefined ? {} : { streams }
    }
  }

  #ask(provider: Provider, exchange: Exchange): Promise<UpstreamModel[]> {
    const now = this.#house.clock.now()
    const known = this.#known.get(provider.name)
    if (known && known.until > now) return known.models
    const keep = (until: number, models: Promise<UpstreamModel[]>): void => {
      // With the caller's own key the answer is the caller's own too, and so is its failure.
      if (provider.auth === 'provider') this.#known.set(provider.name, { until, models })
    }
    const models = this.#fetch(provider, exchange).catch(() => {
      keep(now + failureMs, Promise.resolve([]))
      return []
    })
    keep(now + keepMs, models)
    return models
  }

  async #fetch(provider: Provider, exchange: Exchange): Promise<UpstreamModel[]> {
    const { transport, clock } = this.#house
    const upstream: UpstreamDialect = dialects[provider.dialect]
    const request = {
      name: provider.name,
      method: 'GET' as const,
      url: upstreamUrl(provider, upstream, 'models'),
      headers: upstreamHeaders(exchange, provider, upstream.upstream.headers, this.#house.clientKeys),
    }
    if (provider.sign) request.headers = await provider.sign(request)
    const { head, text } = await call(transport, request, {
      clock,
      timeoutMs: patienceMs,
      maxBytes: 4 * 1024 * 1024,
    })
    if (head.status !== 200) {
      throw new SluiceError('upstream_server', `cannot list the models of ${provider.name}: status ${head.status}`)
    }
    const list = JSON.parse(text) as Json
    return upstream.upstream.decodeModels?.(list) ?? readIds(list)
  }
}

const keepMs = 5 * 60_000
const failureMs = 10_000
const patienceMs = 3000

/** `{ data: [{ id }] }`, or the bare array that some servers send. */
function readIds(list: Json): UpstreamModel[] {
  const rows = Array.isArray(list) ? list : isJsonObject(list) && Array.isArray(list.data) ? list.data : []
  return rows.flatMap((row) => (isJsonObject(row) && typeof row.id === 'string' ? [{ id: row.id }] : []))
}
