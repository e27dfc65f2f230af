import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Tokenizer as AiTokenizer } from 'ai-tokenizer'
import * as aiRanks from 'ai-tokenizer/encoding/o200k_base'
import { decodeGenerator, countTokens as gptCount } from 'gpt-tokenizer/encoding/o200k_base'
import type { get_encoding as GetEncoding } from 'tiktoken'
import { loadVocabulary, TokenCounter, TokenDecoder } from '../src/tokens/index.ts'
import { recordedUsage } from './recorded-usage.ts'
import { interleave, median, timed } from './rounds.ts'
import { words } from './streams.ts'
import { digits, ratio, table } from './table.ts'

// As CommonJS: its ES module imports WebAssembly, which Node warns of.
const { get_encoding } = createRequire(import.meta.url)('tiktoken') as { get_encoding: typeof GetEncoding }
const tiktoken = get_encoding('o200k_base')
const ai = new AiTokenizer(aiRanks)
const asText = { disallowedSpecial: new Set<string>() }

/** Token ids to text and text to a number of tokens, with o200k, beside the tokenizers of npm. */
export async function bpe(rounds: number): Promise<string> {
  const counter = await TokenCounter.open('o200k_base')
  const counters: Record<string, (text: string) => number> = {
    ours: (text) => counter.count(text),
    'gpt-tokenizer': (text) => gptCount(text, asText),
    'ai-tokenizer': (text) => ai.count(text),
    'tiktoken (wasm)': (text) => tiktoken.encode_ordinary(text).length,
  }
  const inputs = await texts()
  const page = [
    '## bpe: token ids to text, and how many tokens a text is',
    '',
    'Vocabulary o200k. How many times as fast as each library; above 1 is faster. The first column belongs to this run',
    'only. Checked first: all give the same text and the same numbers.',
    '',
    '### Decoding, token by token',
    '',
    await decoding(rounds, inputs),
    '',
    '### Counting',
    '',
    '*again*: the same text over and over, so every library finds its words remembered. *new*: words not seen before.',
    '',
    await counting(rounds, inputs, counters),
  ]
  const recordings = process.env.SLUICE_RECORDINGS
  if (recordings) page.push('', '### Against recorded usage', '', await recordedUsage(recordings))
  return page.join('\n')
}

type Inputs = Record<string, string>

async function texts(): Promise<Inputs> {
  const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  const next = await newText()
  return {
    English: ['docs/architecture.md', 'docs/benchmarks.md', 'docs/lifecycle.md'].map(read).join('\n'),
    code: ['bench/relay.ts', 'src/gateway/lifecycle.ts', 'src/tokens/bpe/split.ts'].map(read).join('\n'),
    'mixed scripts': words(5000, 'mixed').join(''),
    Chinese: next('Chinese'),
    Russian: next('Russian'),
  }
}

/** Text that was not there before: words of a language put together by chance, at each call others. */
async function newText(): Promise<(language: 'Chinese' | 'Russian') => string> {
  const { ranks } = await loadVocabulary('o200k_base')
  const all = ranks.filter((entry) => typeof entry === 'string')
  const pools = {
    Chinese: all.filter((word) => /^[\u4e00-\u9fff]+$/.test(word)),
    Russian: all.filter((word) => /^ ?[а-яё]+$/.test(word)),
  }
  let seed = 1
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % below
  }
  return (language) => {
    const pool = pools[language]
    const stop = language === 'Chinese' ? '，' : ' '
    return Array.from({ length: 4000 }, (_, i) => pool[draw(pool.length)]! + (i % 6 === 5 ? stop : '')).join('')
  }
}

async function decoding(rounds: number, inputs: Inputs): Promise<string> {
  const decoder = await TokenDecoder.open('o200k_base')
  const decoders: Record<string, (ids: readonly number[], emit: (text: string) => void) => void> = {
    ours: (ids, emit) => {
      for (const id of ids) emit(decoder.decodeToken(id))
      emit(decoder.flush())
    },
    'gpt-tokenizer': (ids, emit) => {
      for (const text of decodeGenerator(ids)) emit(text)
    },
    'tiktoken (wasm)': (ids, emit) => {
      const bytes = new TextDecoder('utf-8', { ignoreBOM: true })
      for (const id of ids) emit(bytes.decode(tiktoken.decode_single_token_bytes(id), { stream: true }))
      emit(bytes.decode())
    },
  }
  const rows: string[][] = []
  for (const [name, text] of Object.entries(inputs)) {
    const ids = [...tiktoken.encode_ordinary(text)]
    for (const [library, decode] of Object.entries(decoders)) {
      const pieces: string[] = []
      decode(ids, (piece) => pieces.push(piece))
      if (pieces.join('') !== text) throw new Error(`cannot compare: ${library} decodes ${name} to another text`)
    }
    const sink = { characters: 0 }
    const emit = (piece: string): void => {
      sink.characters += piece.length
    }
    const spent = await timed(
      rounds,
      Object.fromEntries(Object.entries(decoders).map(([library, decode]) => [library, () => decode(ids, emit)])),
    )
    const rest = Object.keys(decoders).slice(1)
    const perSecond = ids.length / spent.ours! / 1e-9 / 1e6
    rows.push([name, `${digits(perSecond)} M tokens/s`, ...rest.map((library) => ratio(spent[library], spent.ours))])
  }
  return table(['text', 'ours', ...Object.keys(decoders).slice(1)], rows)
}

async function counting(
  rounds: number,
  inputs: Inputs,
  counters: Record<string, (text: string) => number>,
): Promise<string> {
  const libraries = Object.keys(counters)
  const rest = libraries.slice(1)
  const rows: string[][] = []
  const row = (name: string, spent: Record<string, number>, characters: number): void => {
    const speed = digits((characters / spent.ours!) * 1000)
    rows.push([name, `${speed} M characters/s`, ...rest.map((library) => ratio(spent[library], spent.ours))])
  }
  for (const [name, text] of Object.entries(inputs)) {
    same(name, text, counters)
    const work = Object.fromEntries(libraries.map((library) => [library, () => void counters[library]!(text)]))
    row(`${name}, again`, await timed(rounds, work), text.length)
  }
  const next = await newText()
  for (const language of ['Chinese', 'Russian'] as const) {
    // All libraries get the same new text in a round; what they count is compared as well.
    const given: string[] = []
    const turns = Object.fromEntries(libraries.map((library) => [library, 0]))
    const spent = await interleave(
      rounds,
      Object.fromEntries(
        libraries.map((library) => [
          library,
          () => {
            const turn = turns[library]!++
            given[turn] ??= next(language)
            const before = process.cpuUsage()
            const count = counters[library]!(given[turn])
            const { user, system } = process.cpuUsage(before)
            return { count, spent: ((user + system) * 1000) / given[turn].length }
          },
        ]),
      ),
    )
    const counts = new Set(libraries.map((library) => spent[library]!.map(({ count }) => count).join()))
    if (counts.size !== 1) throw new Error(`cannot compare: the libraries count new ${language} differently`)
    const medians = libraries.map((library) => [library, median(spent[library]!.map((one) => one.spent))])
    row(`${language}, new`, Object.fromEntries(medians), 1)
  }
  return table(['text', 'ours', ...rest], rows)
}

function same(name: string, text: string, counters: Record<string, (text: string) => number>): void {
  const counts = Object.entries(counters).map(([library, count]) => `${library} ${count(text)}`)
  if (new Set(counts.map((one) => one.slice(one.lastIndexOf(' ')))).size !== 1) {
    throw new Error(`cannot compare: ${name} is counted differently: ${counts.join(', ')}`)
  }
}
