import { createParser } from 'eventsource-parser'
import { type SseEvent, SseParser } from '../src/sse/index.ts'
import { timed } from './rounds.ts'
import { anthropicStream, cut, fingerprint, openaiStream, wire } from './streams.ts'
import { ratio, table } from './table.ts'

/** Chunk sizes: a full read, a network packet, about one event, less than one, and the worst. */
const sizes = [65_536, 1448, 290, 100, 16, 1]

const inputs = {
  'chat, ASCII': (count: number) => wire(openaiStream(count, 'ascii')),
  'chat, mixed': (count: number) => wire(openaiStream(count, 'mixed')),
  'messages, ASCII': (count: number) => wire(anthropicStream(count, 'ascii')),
  'messages, mixed': (count: number) => wire(anthropicStream(count, 'mixed')),
}

/** `SseParser` beside eventsource-parser and a `TextDecoder`: bytes to events. */
export async function sse(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const size of sizes) {
    const row = [size === 65_536 ? '64 KiB' : `${size} B`]
    for (const make of Object.values(inputs)) {
      const chunks = cut(make(size < 100 ? 400 : 2000), size)
      check(chunks)
      const { ours, theirs } = await timed(rounds, {
        ours: () => readOurs(chunks, ignore),
        theirs: () => readTheirs(chunks, ignore),
      })
      row.push(ratio(theirs, ours))
    }
    rows.push(row)
  }
  return [
    '## sse: bytes to events',
    '',
    'How many times as fast as eventsource-parser 4 behind a streaming TextDecoder; above 1 is faster.',
    'Checked first: both give the same events, by number and hash.',
    '',
    table(['chunk', ...Object.keys(inputs)], rows),
  ].join('\n')
}

type Read = Pick<SseEvent, 'event' | 'data'>

function readOurs(chunks: readonly Uint8Array[], take: (event: Read) => void): void {
  const parser = new SseParser()
  for (const chunk of chunks) parser.push(chunk, take)
  parser.end(take)
}

function readTheirs(chunks: readonly Uint8Array[], take: (event: Read) => void): void {
  const decoder = new TextDecoder()
  const parser = createParser({ onEvent: ({ event = 'message', data }) => take({ event, data }) })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
}

const sink = { chars: 0 }

function ignore({ data }: Read): void {
  sink.chars += data.length
}

function check(chunks: readonly Uint8Array[]): void {
  const [ours, theirs] = [readOurs, readTheirs].map((read) => {
    const events: string[] = []
    read(chunks, ({ event, data }) => events.push(`${event} ${data}`))
    return { count: events.length, hash: fingerprint(events.join('\n')) }
  })
  if (ours!.count === 0 || ours!.count !== theirs!.count || ours!.hash !== theirs!.hash) {
    throw new Error(`cannot compare: the parsers read ${ours!.count} and ${theirs!.count} events, or other contents`)
  }
}
