import { createParser } from 'eventsource-parser'
import { anthropicMessages, openaiChat } from '../src/dialects/index.ts'
import {
  ContentFilter,
  type ContentFilterOptions,
  Histogram,
  StopSequences,
  type StopSequencesOptions,
  type StreamingPipeline,
  StreamMetrics,
  StreamPipelineBuilder,
  TokenAccumulator,
} from '../src/pipeline/index.ts'
import { timed } from './rounds.ts'
import { cut, fingerprint, openaiStream, type Script, type Stream, wire } from './streams.ts'
import { digits, ratio, table } from './table.ts'

type Pipeline = StreamingPipeline<Uint8Array, string>

const count = 2000
const chunkBytes = 1448

const filter: ContentFilterOptions = { patterns: ['Project Nimbus', 'a secret'], replacement: '***' }
const stop: StopSequencesOptions = { sequences: ['</answer>', 'END'] }

const encode = { requestId: 'bench', model: 'bench', created: 1790000000, includeUsage: false }
const bare = new StreamPipelineBuilder().from(openaiChat).to(anthropicMessages, encode)
const row = bare
  .addTransformer(() => new ContentFilter(filter))
  .addTransformer(() => new StopSequences(stop))
  .addTransformer(() => new TokenAccumulator())

/** Bytes of one dialect to text of another, through three transformers; all in memory, on one core. */
export async function pipeline(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const script of ['ascii', 'mixed'] as const) {
    for (const shape of ['learned shape', 'every event parsed']) rows.push(await measure(script, shape, rounds))
  }
  return [
    '## pipeline: Chat Completions to Messages through three transformers',
    '',
    `Chunks of ${chunkBytes} bytes; a content filter of two texts, two stop sequences, and one that collects the answer.`,
    'Checked first: the whole text and one end arrive. Tokens a second hold for this machine and this run; the ratios say',
    'what the transformers and the metrics add.',
    '',
    table(['stream', 'M tokens/s', 'ns a token', 'against no transformers', 'with metrics against without'], rows),
    '',
    await paced(Math.min(rounds, 10)),
  ].join('\n')
}

async function measure(script: Script, shape: string, rounds: number): Promise<string[]> {
  const stream = openaiStream(count, script)
  const chunks = cut(wire(shape === 'learned shape' ? stream : withoutShape(stream)), chunkBytes)
  const ways = { row: row.build(), bare: bare.build(), measured: row.enableMetrics(new StreamMetrics()).build() }
  for (const way of Object.values(ways)) check(way, chunks, stream)
  const spent = await timed(rounds, {
    row: () => run(ways.row, chunks, ignore),
    bare: () => run(ways.bare, chunks, ignore),
    measured: () => run(ways.measured, chunks, ignore),
  })
  const perToken = spent.row! / count
  return [
    `${script}, ${shape}`,
    digits(1e3 / perToken),
    digits(perToken),
    ratio(spent.row, spent.bare),
    ratio(spent.measured, spent.row),
  ]
}

function run(pipeline: Pipeline, chunks: readonly Uint8Array[], write: (text: string) => void): void {
  const open = pipeline.open()
  for (const chunk of chunks) {
    const text = open.processChunk(chunk)
    if (text !== '') write(text)
  }
  const text = open.end()
  if (text !== '') write(text)
}

/** The same answer from a server that says the time with every event, as some do: no two events have one shape. */
function withoutShape(stream: Stream): Stream {
  const deltas = stream.deltas.map((event, i) => event.replace('"created":1790000000', `"created":${1790000000 + i}`))
  return { ...stream, deltas }
}

const tokensPerSecond = 20_000

/** What the way through the pipeline adds to a token: the time from its chunk's coming to its text's leaving. */
async function paced(seconds: number): Promise<string> {
  const stream = openaiStream(tokensPerSecond * seconds, 'mixed')
  const events = [...stream.head, ...stream.deltas, ...stream.tail].map((event) => Buffer.from(event))
  const read = reader()
  const open = row.build().open()
  const added = new Histogram()
  const began = performance.now()
  for (let at = 0; at < events.length; ) {
    const due = ((performance.now() - began) * tokensPerSecond) / 1000
    for (; at < events.length && at <= due; at++) {
      const before = performance.now()
      const text = open.processChunk(events[at]!)
      added.record(performance.now() - before)
      read.parser.feed(text)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  read.parser.feed(open.end())
  read.check(stream)
  const p99 = added.quantile(0.99)
  if (p99 >= 1)
    throw new Error(`a token waits ${p99.toFixed(2)} ms for the pipeline (p99): that is a millisecond or more`)
  const us = (p: number): string => `${digits(added.quantile(p) * 1000)} us`
  return [
    `At ${tokensPerSecond} tokens a second, an event a chunk, ${seconds} s: added to a token p50 ${us(0.5)}, p99 ${us(0.99)},`,
    `p99.9 ${us(0.999)}, at most ${us(1)} (on the clock, with what else runs here). Checked by the hash of the text.`,
  ].join('\n')
}

/** A reading of the output that is not ours. */
function reader() {
  const pieces: string[] = []
  let ends = 0
  const parser = createParser({
    onEvent({ data }) {
      const event = JSON.parse(data) as { type: string; delta?: { text?: string } }
      if (event.type === 'message_stop') ends++
      if (event.delta?.text) pieces.push(event.delta.text)
    },
  })
  return {
    parser,
    check({ text }: Stream): void {
      if (ends === 1 && fingerprint(pieces.join('')) === fingerprint(text)) return
      throw new Error(`cannot compare: ${pieces.length} deltas and ${ends} ends came, or their text differs`)
    },
  }
}

function check(pipeline: Pipeline, chunks: readonly Uint8Array[], stream: Stream): void {
  const read = reader()
  run(pipeline, chunks, (text) => read.parser.feed(text))
  read.check(stream)
}

const sink = { chars: 0 }

function ignore(text: string): void {
  sink.chars += text.length
}
