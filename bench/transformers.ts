import { collect, join, type Stage } from '../src/flow/index.ts'
import { type MakeTransformer, TransformerChain, TransformerStage } from '../src/pipeline/index.ts'
import { fold, type StreamToken } from '../src/tokens/index.ts'
import { requestChain } from './request-chain.ts'
import { timed } from './rounds.ts'
import { digits, ratio, table } from './table.ts'

const count = 20_000
const text = 'The quick brown fox jumps over the lazy dog, and then it goes on for a while. '
const words = text.match(/\S+\s*/g)!
const at = { choice: 0, index: 0 }

const tokens: StreamToken[] = [
  { type: 'message-start' },
  { type: 'text-start', ...at },
  ...Array.from(
    { length: count },
    (_, i): StreamToken => ({ type: 'text-delta', ...at, text: words[i % words.length]! }),
  ),
  { type: 'text-end', ...at },
  { type: 'finish', choice: 0, reason: 'stop' },
]

const options = {
  'content-filter': { patterns: ['Project Nimbus', 'secret plan', 'confidential'] },
  'stop-sequences': { sequences: ['\n\nHuman:', '</answer>'] },
  'text-replacement': { replace: { ACME: 'the company' } },
  'max-tokens': { tokens: count * 10 },
}

const fiveNames = 'five: those, tool-call-repair and redaction'

const rows: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  'think-extraction, content-filter, stop-sequences': ['think-extraction', 'content-filter', 'stop-sequences'],
  [fiveNames]: ['think-extraction', 'tool-call-repair', 'content-filter', 'redaction', 'stop-sequences'],
  'content-filter': ['content-filter'],
  'stop-sequences': ['stop-sequences'],
  'text-replacement': ['text-replacement'],
  'think-extraction': ['think-extraction'],
  'max-tokens': ['max-tokens'],
  'usage-estimation': ['usage-estimation'],
  'token-accumulator': ['token-accumulator'],
  'delta-smoothing': ['delta-smoothing'],
  'tool-call-repair': ['tool-call-repair'],
  'redaction (every kind)': ['redaction'],
}

/** Text that no transformer changes, a word a token: what each adds to a token on its way. */
export async function transformers(rounds: number): Promise<string> {
  const makers = Object.fromEntries(
    Object.entries(rows).map(([name, names]) => {
      const given = Object.fromEntries(Object.entries(options).filter(([one]) => names.includes(one)))
      return [name, TransformerChain.fromNames(names, given)]
    }),
  )
  for (const [name, make] of Object.entries(makers)) check(name, make)
  const times = await timed(
    rounds,
    Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, () => run(make, ignore)])),
  )
  const nothing = times.nothing! / tokens.length
  const each = times[fiveNames]! / tokens.length
  return [
    '## transformers: tokens to tokens',
    '',
    'Text that none of them changes. Added: nanoseconds for a token, beyond a stage that does nothing; times: how many',
    'times the work of that stage. Checked first: the answer comes out as it went in.',
    '',
    table(
      ['transformers', 'added', 'times'],
      Object.entries(times).map(([name, time]) => {
        const each = time / tokens.length
        return [name, digits(Math.max(0, each - nothing)), ratio(each, nothing)]
      }),
    ),
    '',
    `A row of five lets ${digits(1e6 / each)} thousand pieces a second through, of the 2 that it has to.`,
    '',
    await requestChain(rounds),
  ].join('\n')
}

function rowOf(makers: readonly MakeTransformer[]): Stage<StreamToken, StreamToken> {
  const idle: Stage<StreamToken, StreamToken> = { push: (token, emit) => emit(token) }
  return makers.reduce((row, make) => join(row, new TransformerStage(make())), idle)
}

function run(makers: readonly MakeTransformer[], take: (token: StreamToken) => void): void {
  const row = rowOf(makers)
  for (const token of tokens) row.push(token, take)
  row.end?.(take)
}

const sink = { tokens: 0 }

function ignore(): void {
  sink.tokens++
}

function check(name: string, makers: readonly MakeTransformer[]): void {
  const [before, after] = [fold(tokens), fold(collect(rowOf(makers), tokens))]
  if (JSON.stringify(before.choices) !== JSON.stringify(after.choices)) {
    throw new Error(`cannot compare: ${name} changed an answer that it should have left alone`)
  }
}
