import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { StreamTransformer, TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'
import { type PersonalData, personalData } from './personal-data.ts'
import { Pattern, type PatternOptions, PatternScan } from './text/pattern-scan.ts'
import { Rewriting, type Where } from './text/rewriting.ts'

export interface RedactionOptions {
  /** Which kinds are taken out. Default: all that are known. */
  kinds?: readonly PersonalData[]
  /** Kinds of your own, by name. */
  own?: Readonly<Record<string, PatternOptions>>
  /** What stands in the place of a match. Default `[redacted: email]`, with the name of the kind. */
  mark?: (kind: string) => string
  /** Default: text only. */
  where?: Where
}

// One object, so that it is compiled once.
const defaults: RedactionOptions = {}

const compile = compileOnce(({ kinds, own = {} }: RedactionOptions) => {
  const known = Object.keys(personalData)
  const unknown = kinds?.filter((kind) => !known.includes(kind)) ?? []
  if (unknown.length > 0) {
    throw new SluiceError(
      'config_invalid',
      `cannot redact ${unknown.join(', ')}: the kinds are ${known.join(', ')}; describe others in \`own\``,
      { param: 'kinds' },
    )
  }
  const chosen: Array<[string, PatternOptions]> = [
    ...(kinds ?? (known as PersonalData[])).map((kind): [string, PatternOptions] => [kind, personalData[kind]]),
    ...Object.entries(own),
  ]
  return {
    names: chosen.map(([name]) => name),
    patterns: chosen.map(([, options]) => new Pattern(options)),
  }
})

/**
 * Takes personal data and secrets out of an answer while it streams, also where they reach over several deltas. What
 * may still become a match waits: for e-mail addresses the word at the end of a delta, for cards and phones a number.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const options: RedactionOptions = { kinds: ['email', 'credit-card'] }
 * const make = () => new Redaction(options) // Write to [redacted: email].
 */
export class Redaction implements StreamTransformer {
  readonly name = 'redaction'
  readonly #rewriting: Rewriting

  constructor(options: RedactionOptions = defaults) {
    const { mark = (kind: string) => `[redacted: ${kind}]`, where = {} } = options
    const { names, patterns } = compile(options)
    this.#rewriting = new Rewriting({
      where,
      scans: () => patterns.map((one, i) => new PatternScan(one, i)),
      mark: ({ pattern }) => mark(names[pattern]!),
    })
  }

  transform(token: StreamToken): TransformResult {
    return this.#rewriting.transform(token)
  }

  flush(): readonly StreamToken[] {
    return this.#rewriting.flush()
  }
}
