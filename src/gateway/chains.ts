import type { TransformersConfig } from '../config/index.ts'
import { Chain, type Transformer, TransformerChain } from '../pipeline/index.ts'
import { matchesGlob } from '../providers/index.ts'

/** For whom a chain is. */
export interface ChainPlace {
  provider: string
  /** The model's name at the provider. */
  model: string
  /** The name from `[[models]]` that led there. */
  alias?: string | undefined
  /** The name of the key that the client has shown. */
  clientKey?: string | undefined
}

/**
 * The chains of a house. A request meets first what works by model or key, then what its alias names, then what the
 * provider names; its answer meets them the other way round. One that stands in several lists works once, where it
 * comes first.
 */
export class Chains {
  readonly #config: TransformersConfig
  readonly #known: ReadonlyMap<string, Transformer>
  readonly #none: boolean
  readonly #made = new Map<string, Chain | undefined>()

  constructor(config: TransformersConfig) {
    this.#config = config
    const { own, providers, aliases } = config
    const known = new Map(own.flatMap(({ name, transformer }) => (transformer ? [[name, transformer] as const] : [])))
    const standard = new TransformerChain()
    for (const name of [...Object.values(providers), ...Object.values(aliases)].flat()) {
      if (!known.has(name)) known.set(name, standard.make(name))
    }
    this.#known = known
    this.#none = known.size === 0
  }

  /** Undefined: nothing is changed there. */
  find(place: ChainPlace): Chain | undefined {
    if (this.#none) return undefined
    const { provider, model, alias = '', clientKey = '' } = place
    const key = JSON.stringify([provider, model, alias, clientKey])
    if (this.#made.has(key)) return this.#made.get(key)
    // Clients may make up names of models as they like.
    if (this.#made.size >= mostMade) this.#made.clear()
    const chain = this.#make(place)
    this.#made.set(key, chain)
    return chain
  }

  #make({ provider, model, alias, clientKey }: ChainPlace): Chain | undefined {
    const { own, providers, aliases } = this.#config
    const named = `${provider}/${model}`
    const scoped = own.flatMap(({ name, models, clientKeys }) => {
      if (!models && !clientKeys) return []
      if (models && !models.some((glob) => matchesGlob(glob, named))) return []
      if (clientKeys && !clientKeys.some((glob) => clientKey !== undefined && matchesGlob(glob, clientKey))) return []
      return [name]
    })
    const ofAlias = alias !== undefined && Object.hasOwn(aliases, alias) ? (aliases[alias] ?? []) : []
    const ofProvider = Object.hasOwn(providers, provider) ? (providers[provider] ?? []) : []
    const requests = this.#named([...scoped, ...ofAlias, ...ofProvider])
    return requests.length === 0 ? undefined : new Chain(requests, this.#named([...ofProvider, ...ofAlias, ...scoped]))
  }

  #named(names: readonly string[]): Transformer[] {
    return [...new Set(names)].flatMap((name) => this.#known.get(name) ?? [])
  }
}

const mostMade = 1000
