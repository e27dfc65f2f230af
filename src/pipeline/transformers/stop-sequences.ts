import { SluiceError } from '../../errors/index.ts'
import type { StreamToken } from '../../tokens/index.ts'
import type { StreamTransformer, TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'
import { LiteralScan } from './text/literal-scan.ts'
import { LiteralSet } from './text/literal-set.ts'
import { Rewriting } from './text/rewriting.ts'

export interface StopSequencesOptions {
  /** The first of them to be complete ends the choice; it is left out itself. */
  sequences: readonly string[]
  /** How many answers the stream has. Default 1. */
  choices?: number
}

const compile = compileOnce(({ sequences }: StopSequencesOptions) => {
  if (sequences.length === 0) {
    throw new SluiceError('config_invalid', 'cannot stop at a text: `sequences` is empty; name at least one', {
      param: 'sequences',
    })
  }
  return new LiteralSet(sequences, { match: 'earliest' })
})

/**
 * Stop sequences for a provider that has none: ends a choice at the first of some texts, wherever the deltas are cut.
 * Open blocks end, and the finish says `stop_sequence` and which it was. They are looked for in what is said, not in
 * reasoning or arguments. Usage that comes later still goes on; `done` is true when every choice has ended, so that the
 * upstream can be stopped.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const options = { sequences: ['\n\nHuman:', '</answer>'] }
 * const make = () => new StopSequences(options)
 */
export class StopSequences implements StreamTransformer {
  readonly name = 'stop-sequences'
  readonly #rewriting: Rewriting

  constructor(options: StopSequencesOptions) {
    const set = compile(options)
    this.#rewriting = new Rewriting({
      where: {},
      choices: options.choices ?? 1,
      scans: () => [new LiteralScan(set)],
      mark: ({ text }) => ({ reason: 'stop_sequence', stopSequence: text }),
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
