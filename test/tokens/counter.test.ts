import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { countTokens as gptCl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as gptO200k } from 'gpt-tokenizer/encoding/o200k_base'
import type { get_encoding as GetEncoding } from 'tiktoken'
import { afterAll, describe, expect, it } from 'vitest'
import { countText, loadVocabulary, TokenCounter, TokenDecoder, type VocabularyName } from '../../src/tokens/index.ts'
import { scripts } from './scripts.ts'

// As CommonJS: its ES module imports WebAssembly, which Node warns of.
const { get_encoding } = createRequire(import.meta.url)('tiktoken') as { get_encoding: typeof GetEncoding }

const names: VocabularyName[] = ['o200k_base', 'cl100k_base']
const reference = { o200k_base: get_encoding('o200k_base'), cl100k_base: get_encoding('cl100k_base') }
const gpt = { o200k_base: gptO200k, cl100k_base: gptCl100k }
afterAll(() => {
  for (const one of Object.values(reference)) one.free()
})

const asText = { disallowedSpecial: new Set<string>() }
const code = readFileSync(new URL('../../src/tokens/bpe/split.ts', import.meta.url), 'utf8')

/** What the patterns of the vocabularies tell apart, and what JavaScript's own classes get wrong. */
const pieces = [
  ...[
    'a',
    'b',
    's',
    'T',
    'HT',
    'll',
    'the ',
    ' of',
    "'s",
    "'RE",
    "'ll",
    "'ſ",
    "'",
    '"',
    'ß',
    'İ',
    'ı',
    'ǅ',
    'ʰ',
    'é',
    'É',
  ],
  ...[' ', '  ', '\t', '\n', '\r\n', '\r', '\v', '\u0085', '\ufeff', '\u00a0', '\u2028', '\u3000', '\0', '\u200b'],
  ...['漢', '字', '仮', '한', 'א', 'ا', 'ा', 'क', '\u0301', '\u0345', '1', '22', '٣', '½', 'Ⅷ'],
  ...['😀', '👨‍👩‍👧', '🇫🇷', '𝐀', '𐐀', '𐐨', '𠀀', '\ud800', '\udc00', '\ufffd'],
  ...['/', '//', '.', '-', '_', '{', '<|endoftext|>', '<|im_start|>', '=', '#'],
]
const piece = fc.tuple(fc.constantFrom(...pieces), fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.nat(40)))
const mixture = fc.array(piece, { maxLength: 20 }).map((all) => all.map(([one, times]) => one.repeat(times)).join(''))

describe.each(names)('%s', (name) => {
  const ids = (text: string): Uint32Array => reference[name].encode_ordinary(text)

  it('any text is as many tokens as the reference implementation finds in it', async () => {
    const counter = await TokenCounter.open(name)
    fc.assert(
      fc.property(fc.oneof(mixture, fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
        expect(counter.count(text), JSON.stringify(text)).toBe(ids(text).length)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([...Object.entries(scripts), ['source code', code] as const])('%s', async (_, text) => {
    const counted = await countText(text, name)
    expect(counted).toBe(ids(text).length)
    expect(counted).toBe(gpt[name](text, asText))
    // The second time its words are remembered.
    expect(await countText(text, name)).toBe(counted)
  })

  it.each(['a', ' ', 'A', '漢字仮名', '0123456789', '-=/', '\n ', 'ab', '\u0301', '😀', 'Aa', '字A', ' \t'])(
    'a run of %j without end',
    async (unit) => {
      const text = unit.repeat(20_000 / Buffer.byteLength(unit))
      expect(await countText(text, name)).toBe(ids(text).length)
      expect(await countText(`x${text}.`, name)).toBe(ids(`x${text}.`).length)
    },
  )

  it('a word longer than a window, of random letters', async () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abcdeéstn漢'), minLength: 18_000, maxLength: 20_000 })
    for (const text of fc.sample(letters, { numRuns: 2, seed: 1 })) {
      expect(await countText(text, name)).toBe(ids(text).length)
    }
  })

  it('what looks like a mark is text', async () => {
    expect(await countText('<|endoftext|>', name)).toBe(7)
    expect(await countText('', name)).toBe(0)
  })

  it('the ids of the reference are decoded to the text, token by token', async () => {
    const text = [...Object.values(scripts), code, pieces.join('')].join('\n')
    const decoder = await TokenDecoder.open(name)
    let decoded = ''
    for (const id of ids(text)) decoded += decoder.decodeToken(id)
    expect(decoded + decoder.flush()).toBe(text.toWellFormed())
  })

  it('every token of the vocabulary has the bytes of the reference', async () => {
    const { ranks, specials = {} } = await loadVocabulary(name)
    const encoder = new TextEncoder()
    expect(ranks).toHaveLength(reference[name].token_byte_values().length)
    for (const [rank, entry] of ranks.entries()) {
      const own = typeof entry === 'string' ? encoder.encode(entry) : Uint8Array.from(entry!)
      const theirs = reference[name].decode_single_token_bytes(rank)
      if (Buffer.compare(own, theirs) !== 0) expect.fail(`the token ${rank} of ${name} has other bytes`)
    }
    for (const [mark, id] of Object.entries(specials)) {
      expect([...reference[name].encode(mark, 'all')], mark).toEqual([id])
    }
  })
})

it('words that push each other out of memory are still counted right', async () => {
  const counter = await TokenCounter.open('o200k_base')
  const words = Array.from({ length: 40_000 }, (_, i) => ` zq${(i * 7919).toString(36)}x${i.toString(36)}vw`)
  const counts = words.map((word) => counter.count(word))
  expect(words.map((word) => counter.count(word))).toEqual(counts)
  expect(counter.count(words.join(''))).toBe(reference.o200k_base.encode_ordinary(words.join('')).length)
})
