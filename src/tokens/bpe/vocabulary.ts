import { SluiceError } from '../../errors/index.ts'

/** The vocabularies that can be loaded by name. */
export type VocabularyName = 'o200k_base' | 'cl100k_base'

/** A token: its text (well-formed), or its bytes where they are not whole characters. */
export type RankEntry = string | Uint8Array | readonly number[]

/**
 * What token ids mean. Any table of this shape can be decoded with; those of other models come as lists of bytes by
 * rank as well. A table must not be changed once a decoder has been made with it.
 *
 * @example
 * // The ids of gpt-oss: the ranks of o200k, shared, with other marks.
 * const harmony = { ...(await loadVocabulary('o200k_base')), name: 'o200k_harmony', specials: { '<|start|>': 200006 } }
 */
export interface Vocabulary {
  /** For messages. */
  readonly name: string
  /** The tokens by their ids. Ids that mean nothing may be holes. */
  readonly ranks: ReadonlyArray<RankEntry | undefined>
  /** Marks such as `<|endoftext|>` and their ids. */
  readonly specials?: Readonly<Record<string, number>>
}

// The marks are those of the reference implementation, tiktoken.
const shipped: Readonly<Record<VocabularyName, () => Promise<Vocabulary>>> = {
  o200k_base: async () => ({
    name: 'o200k_base',
    ranks: (await import('gpt-tokenizer/bpeRanks/o200k_base')).default,
    specials: { '<|endoftext|>': 199999, '<|endofprompt|>': 200018 },
  }),
  cl100k_base: async () => ({
    name: 'cl100k_base',
    ranks: (await import('gpt-tokenizer/bpeRanks/cl100k_base')).default,
    specials: {
      '<|endoftext|>': 100257,
      '<|fim_prefix|>': 100258,
      '<|fim_middle|>': 100259,
      '<|fim_suffix|>': 100260,
      '<|endofprompt|>': 100276,
    },
  }),
}

const loaded = new Map<VocabularyName, Promise<Vocabulary>>()

/**
 * A vocabulary by its name: loaded by the first call (one or two megabytes of source, some ten of memory) and then
 * shared. Nothing of it is there before.
 *
 * @throws SluiceError `invalid_request` for another name
 */
export async function loadVocabulary(name: VocabularyName): Promise<Vocabulary> {
  if (!Object.hasOwn(shipped, name)) {
    const names = Object.keys(shipped).join(', ')
    throw new SluiceError('invalid_request', `cannot load the vocabulary ${name}: those known by name are ${names}`)
  }
  let vocabulary = loaded.get(name)
  if (vocabulary === undefined) {
    vocabulary = shipped[name]()
    loaded.set(name, vocabulary)
    // A module that could not be fetched may be there the next time.
    vocabulary.catch(() => loaded.delete(name))
  }
  return vocabulary
}
