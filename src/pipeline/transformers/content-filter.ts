import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { StreamTransformer, TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'
import { checkChoice } from './option-checks.ts'
import { LiteralScan } from './text/literal-scan.ts'
import { LiteralSet } from './text/literal-set.ts'
import { Pattern, type PatternOptions, PatternScan } from './text/pattern-scan.ts'
import { Rewriting, type Where } from './text/rewriting.ts'

export interface ContentFilterOptions {
  /** Texts, and expressions with the length of their longest match. */
  patterns: ReadonlyArray<string | PatternOptions>
  /**
   * What becomes of a match. `replace`: `replacement` stands in its place. `drop`: nothing does. `end`: the choice ends
   * before it, with the finish reason `content_filter`. `error`: the stream breaks before it. Default `replace`.
   */
  action?: 'replace' | 'drop' | 'end' | 'error'
  /** Default `***`. */
  replacement?: string
  /** For texts; an expression has its flag `i`. Pairs of letters that are one UTF-16 code unit each. Default false. */
  ignoreCase?: boolean
  /** Default: text only. */
  where?: Where
  /** How many answers the stream has, for `end`. Default 1. */
  choices?: number
}

const compile = compileOnce(({ patterns, action, ignoreCase }: ContentFilterOptions) => {
  checkChoice('action', action, ['replace', 'drop', 'end', 'error'])
  const texts = patterns.filter((one) => typeof one === 'string')
  const expressions = patterns.filter((one) => typeof one !== 'string')
  return {
    literals: texts.length > 0 ? new LiteralSet(texts, { ignoreCase: ignoreCase ?? false }) : undefined,
    expressions: expressions.map((one) => new Pattern(one)),
    texts: texts.length,
  }
})

/**
 * Looks for texts in an answer while it streams, also where they reach over several deltas. Only what may still become
 * a match waits: for texts that is the part of one that has come, and nothing where none has begun; so at most the
 * longest match less one character.
 *
 * Of matches that overlap, the one that begins first counts, and of those the longest. Matches of an expression and
 * of texts that overlap are taken out together.
 *
 * In the arguments of a call `end` breaks the stream as `error` does: a call that ends in the middle could be taken for
 * a whole one.
 *
 * @throws SluiceError `config_invalid` from the constructor; a stream breaks with `content_refused`
 *
 * @example
 * const options: ContentFilterOptions = { patterns: ['Project Nimbus'], ignoreCase: true }
 * const make = () => new ContentFilter(options) // one for each stream; the patterns are compiled once
 */
export class ContentFilter implements StreamTransformer {
  readonly name = 'content-filter'
  readonly #rewriting: Rewriting

  constructor(options: ContentFilterOptions) {
    const { action = 'replace', replacement = '***', where = {}, choices = 1 } = options
    const { literals, expressions, texts } = compile(options)
    this.#rewriting = new Rewriting({
      where,
      choices: action === 'end' ? choices : undefined,
      scans: () => [
        ...(literals ? [new LiteralScan(literals)] : []),
        ...expressions.map((one, i) => new PatternScan(one, texts + i)),
      ],
      mark(_found, inCall) {
        if (action === 'replace') return replacement
        if (action === 'drop') return ''
        return action === 'end' && !inCall ? { reason: 'content_filter' } : refused()
      },
    })
  }

  get done(): boolean {
    return this.#rewriting.done
  }

  transform(token: StreamToken): TransformResult {
    return this.#rewriting.transform(token)
  }

  flush(): readonly StreamToken[] {
    return this.#rewriting.flush()
  }
}

// What was found is not said: the message goes to the client whom the filter keeps it from.
function refused(): SluiceError {
  return new SluiceError(
    'content_refused',
    'cannot go on with the answer: it holds a text that the content filter refuses',
  )
}
