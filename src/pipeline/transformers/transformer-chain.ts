import { SluiceError } from '../../errors/index.ts'
import type { MakeTransformer } from '../transformer.ts'
import { ContentFilter } from './content-filter.ts'
import { DeltaSmoothing } from './delta-smoothing.ts'
import { FieldRenaming } from './field-renaming.ts'
import { MaxTokens } from './max-tokens.ts'
import { type OptionShapes, readOptions } from './read-options.ts'
import { Redaction } from './redaction.ts'
import { StopSequences } from './stop-sequences.ts'
import { TextReplacement } from './text-replacement.ts'
import { ThinkExtraction } from './think-extraction.ts'
import { TokenAccumulator } from './token-accumulator.ts'
import { UsageEstimation } from './usage-estimation.ts'

/** Checks the options and gives the way to make the transformer, one for each stream. */
export type TransformerFactory = (options: Readonly<Record<string, unknown>>) => MakeTransformer

/** Options by the name of the transformer, as a configuration holds them. */
export type ChainOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const standard: Readonly<Record<string, TransformerFactory>> = {
  'content-filter': known(ContentFilter, {
    patterns: 'patterns',
    action: 'text',
    replacement: 'text',
    ignoreCase: 'switch',
    where: 'where',
    choices: 'number',
  }),
  'delta-smoothing': known(DeltaSmoothing, { over: 'number', longest: 'number', join: 'number' }),
  'field-renaming': known(FieldRenaming, { metadata: 'texts', meta: 'texts', tools: 'texts', reverse: 'switch' }),
  'max-tokens': known(MaxTokens, { tokens: 'number', characters: 'number', choices: 'number' }),
  redaction: known(Redaction, { kinds: 'list', own: 'named patterns', where: 'where' }),
  'stop-sequences': known(StopSequences, { sequences: 'list', choices: 'number' }),
  'text-replacement': known(TextReplacement, { replace: 'texts', ignoreCase: 'switch', where: 'where' }),
  'think-extraction': known(ThinkExtraction, { tags: 'list', anywhere: 'switch', opened: 'switch' }),
  'token-accumulator': known(TokenAccumulator, { maxCharacters: 'number' }),
  'usage-estimation': known(UsageEstimation, { input: 'number' }),
}

/**
 * Transformers by name, for configurations: each name is that of its class in kebab case, as `think-extraction`. A
 * chain object knows the standard ones and those that were registered with it; there is no global list.
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
  readonly #factories = new Map(Object.entries(standard))

  /** The standard ones, by name. As the method of the same name. */
  static fromNames(names: readonly string[], options?: ChainOptions): MakeTransformer[] {
    return new TransformerChain().fromNames(names, options)
  }

  /** All names that are known, in the order of the alphabet. */
  get names(): string[] {
    return [...this.#factories.keys()].sort()
  }

  /** @throws SluiceError `config_invalid` when the name is taken or not in kebab case */
  register(name: string, factory: TransformerFactory): this {
    if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
      throw new SluiceError('config_invalid', `cannot register the transformer "${name}": write its name in kebab-case`)
    }
    if (this.#factories.has(name)) {
      throw new SluiceError('config_invalid', `cannot register the transformer "${name}": the name is taken`)
    }
    this.#factories.set(name, factory)
    return this
  }

  /**
   * The ways to make the named transformers, in that order, with their options checked.
   *
   * @throws SluiceError `config_invalid` for a name or an option that is not known, or options that cannot be used
   */
  fromNames(names: readonly string[], options: ChainOptions = {}): MakeTransformer[] {
    for (const name of Object.keys(options)) {
      if (!names.includes(name)) {
        throw new SluiceError(
          'config_invalid',
          `cannot use options for the transformer "${name}": it is not in the list (${names.join(', ')})`,
          { param: name },
        )
      }
    }
    return names.map((name) => {
      const factory = this.#factories.get(name)
      if (!factory) {
        throw new SluiceError(
          'config_invalid',
          `cannot use the transformer "${name}": it is not known; write one of ${this.names.join(', ')}`,
          { param: name },
        )
      }
      try {
        return factory(options[name] ?? {})
      } catch (thrown) {
        const error = SluiceError.from(thrown, 'config_invalid')
        const param = error.param === undefined ? name : `${name}.${error.param}`
        throw new SluiceError('config_invalid', `${error.message} (transformer "${name}")`, { param, cause: thrown })
      }
    })
  }
}

function known<Options>(
  Transformer: new (options: Options) => ReturnType<MakeTransformer>,
  shapes: OptionShapes<Options>,
): TransformerFactory {
  return (given) => {
    const options = readOptions(given, shapes)
    const make = (): ReturnType<MakeTransformer> => new Transformer(options)
    // Made once for nothing, so that options that cannot be used are told of now.
    make()
    return make
  }
}
