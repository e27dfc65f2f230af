import type { StreamToken } from '../../tokens/index.ts'
import type { StreamTransformer, TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'
import { LiteralScan } from './text/literal-scan.ts'
import { LiteralSet } from './text/literal-set.ts'
import { Rewriting, type Where } from './text/rewriting.ts'

export interface TextReplacementOptions {
  /** What to replace, and what with. Replaced text is not looked at again. */
  replace: Readonly<Record<string, string>>
  /** Pairs of letters that are one UTF-16 code unit each. Default false. */
  ignoreCase?: boolean
  /** Default: text only. */
  where?: Where
}

const compile = compileOnce(({ replace, ignoreCase = false }: TextReplacementOptions) => ({
  set: new LiteralSet(Object.keys(replace), { ignoreCase }),
  texts: Object.values(replace),
}))

/**
 * Replaces texts by others, also where they reach over several deltas. Of those that overlap the one that begins first
 * counts, and of those the longest.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const options = { replace: { ACME: 'the company', 'ACME Inc.': 'the company' } }
 * const make = () => new TextReplacement(options)
 */
export class TextReplacement implements StreamTransformer {
  readonly name = 'text-replacement'
  readonly #rewriting: Rewriting

  constructor(options: TextReplacementOptions) {
    const { set, texts } = compile(options)
    this.#rewriting = new Rewriting({
      where: options.where ?? {},
      scans: () => [new LiteralScan(set)],
      mark: ({ pattern }) => texts[pattern]!,
    })
  }

  transform(token: StreamToken): TransformResult {
    return this.#rewriting.transform(token)
  }

  flush(): readonly StreamToken[] {
    return this.#rewriting.flush()
  }
}
