import { SluiceError } from '../../errors/index.ts'
import type { Transformer } from '../chain/transformer.ts'
import { kebabCase } from '../chain/transformer.ts'
import type { MakeTransformer, StreamTransformer } from '../transformer.ts'
import { type NamedTransformer, standardTransformers } from './standard-transformers.ts'

/** Checks the options and gives the way to make the transformer, one for each stream. */
export type TransformerFactory = (options: Readonly<Record<string, unknown>>) => MakeTransformer

/** Options by the name of the transformer, as a configuration holds them. */
export type ChainOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

type Known = Pick<NamedTransformer, 'make'>

/**
 * Transformers by name, for configurations: each name is that of its class or function in kebab case, as
 * `think-extraction`. A chain object knows the standard ones and those that were registered with it; there is no global
 * list.
 *
 * @example
 * const makers = TransformerChain.fromNames(['think-extraction', 'redaction'], { redaction: { kinds: ['email'] } })
 *
 * @example
 * const chain = new TransformerChain()
 * chain.register('shouting', () => () => new Shouting())
 * const makers = chain.fromNames(['shouting'])
 */
export class TransformerChain {
  readonly #known = new Map<string, Known>(standardTransformers.map((one) => [one.name, one]))

  /** The standard ones, by name. As the method of the same name. */
  static fromNames(names: readonly string[], options?: ChainOptions): MakeTransformer[] {
    return new TransformerChain().fromNames(names, options)
  }

  /** All names that are known, in the order of the alphabet. */
  get names(): string[] {
    return [...this.#known.keys()].sort()
  }

  /** @throws SluiceError `config_invalid` when the name is taken or not in kebab case */
  register(name: string, factory: TransformerFactory): this {
    if (!kebabCase.test(name)) {
      throw new SluiceError('config_invalid', `cannot register the transformer "${name}": write its name in kebab-case`)
    }
    if (this.#known.has(name)) {
      throw new SluiceError('config_invalid', `cannot register the transformer "${name}": the name is taken`)
    }
    this.#known.set(name, {
      make(options) {
        const make = factory(options)
        return { name, tokens: () => make() }
      },
    })
    return this
  }

  /**
   * The named transformers for requests and answers, in that order, with their options checked: what a `Chain` is made of.
   *
   * @throws SluiceError `config_invalid` for a name or an option that is not known, or options that cannot be used
   */
  transformers(names: readonly string[], options: ChainOptions = {}): Transformer[] {
    for (const name of Object.keys(options)) {
      if (!names.includes(name)) {
        throw new SluiceError(
          'config_invalid',
          `cannot use options for the transformer "${name}": it is not in the list (${names.join(', ')})`,
          { param: name },
        )
      }
    }
    return names.map((name) => this.make(name, options[name]))
  }

  /**
   * One of them.
   *
   * @throws SluiceError `config_invalid`
   */
  make(name: string, options: Readonly<Record<string, unknown>> = {}): Transformer {
    const known = this.#known.get(name)
    if (!known) {
      throw new SluiceError(
        'config_invalid',
        `cannot use the transformer "${name}": it is not known; write one of ${this.names.join(', ')}`,
        { param: name },
      )
    }
    try {
      return known.make(options)
    } catch (thrown) {
      const error = SluiceError.from(thrown, 'config_invalid')
      const param = error.param === undefined ? name : `${name}.${error.param}`
      throw new SluiceError('config_invalid', `${error.message} (transformer "${name}")`, { param, cause: thrown })
    }
  }

  /**
   * The ways to make the named transformers of streams, in that order, with their options checked.
   *
   * @throws SluiceError `config_invalid` as `transformers`, and for one that changes requests, or that waits
   */
  fromNames(names: readonly string[], options: ChainOptions = {}): MakeTransformer[] {
    return this.transformers(names, options).map((one) => {
      const made = one.tokens?.(nobody)
      if (made && !made.async && !one.request) return () => one.tokens?.(nobody) as StreamTransformer
      const found = made?.async ? 'it waits; use `addAsyncTransformer`' : 'it changes requests; make a `Chain` of it'
      throw new SluiceError('config_invalid', `cannot put "${one.name}" into a row of stream transformers: ${found}`, {
        param: one.name,
      })
    })
  }
}

/** For streams that come of no request. */
const nobody = {
  provider: 'unknown',
  model: 'unknown',
  client: 'unknown',
  dialect: 'unknown',
  stream: true,
  choices: 1,
  warn: (): void => {},
}
