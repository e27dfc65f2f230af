import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AwsEventParser, JsonArrayParser, NdjsonParser, writeAwsEvent } from '../src/framing/index.ts'
import { type EventParser, SseParser } from '../src/sse/index.ts'
import { interleave, median } from './rounds.ts'
import { digits, table } from './table.ts'

const MB = 1_000_000

type Push = (chunk: Uint8Array) => void

interface Attack {
  parser: () => EventParser
  /** Gives an input of about `size` bytes, chunk by chunk. What comes again is made once: only the parser is measured. */
  feed: (push: Push, size: number) => void
  /** Bytes of the larger input; the other one is half of it. */
  size: number
  /** How many events there must be. */
  events: (size: number) => number
}

const unlimited = { maxEventBytes: Number.POSITIVE_INFINITY }
const sse = (): EventParser => new SseParser(unlimited)
const ndjson = (): EventParser => new NdjsonParser(unlimited)
const array = (): EventParser => new JsonArrayParser(unlimited)
const aws = (): EventParser => new AwsEventParser(unlimited)

const decoderAlone = (): EventParser => {
  const decoder = new TextDecoder()
  return {
    push: (chunk, emit) => emit({ event: '', data: decoder.decode(chunk), id: '', end: 0 }),
    end() {},
    border: 0,
  }
}

const none = (): number => 0
const one = (): number => 1

const event = 'event: x\ndata: {"text":"some text","n":1}\n\n'
const message = writeAwsEvent({ ':message-type': 'event', ':event-type': 'x' }, '{"text":"some text"}')

const attacks: Record<string, Attack> = {
  'SSE: events, a byte a chunk': {
    parser: sse,
    feed: byteByByte(bytes(event)),
    size: 4 * MB,
    events: (size) => Math.floor(size / event.length),
  },
  'SSE: no line end, 64 KiB a chunk': { parser: sse, feed: around('', 'x', '', 65_536), size: 100 * MB, events: none },
  'SSE: no line end, a byte a chunk': { parser: sse, feed: around('', 'x', '', 1), size: 10 * MB, events: none },
  'SSE: empty lines, 64 KiB a chunk': { parser: sse, feed: around('', '\n', '', 65_536), size: 10 * MB, events: none },
  'SSE: empty lines, a byte a chunk': { parser: sse, feed: around('', '\n', '', 1), size: 2 * MB, events: none },
  'SSE: CRs, 64 KiB a chunk': { parser: sse, feed: around('', '\r', '', 65_536), size: 10 * MB, events: none },
  // What the platform itself makes of such a text, beside the next lines.
  'no parser: TextDecoder, one chunk': { parser: decoderAlone, feed: whole('', 'x', ''), size: 100 * MB, events: one },
  'SSE: one data line, one chunk': { parser: sse, feed: whole('data: ', 'x', '\n\n'), size: 100 * MB, events: one },
  'SSE: one data line, 1448 B a chunk': {
    parser: sse,
    feed: around('data: ', 'x', '\n\n', 1448),
    size: 100 * MB,
    events: one,
  },
  'SSE: empty data lines, one event': {
    parser: sse,
    feed: around('', 'data\n', '\n', 1448),
    size: 10 * MB,
    events: one,
  },
  'SSE: comments without end': { parser: sse, feed: around('', ':\n', '', 1448), size: 10 * MB, events: none },
  'NDJSON: one line, 1448 B a chunk': {
    parser: ndjson,
    feed: around('"', 'x', '"\n', 1448),
    size: 100 * MB,
    events: one,
  },
  'NDJSON: blank lines, a byte a chunk': { parser: ndjson, feed: around('', '\n', '', 1), size: 2 * MB, events: none },
  'JSON array: elements, a byte a chunk': {
    parser: array,
    feed: (push, size) => {
      push(bytes('['))
      byteByByte(bytes('{"a":"b"},'))(push, size)
    },
    size: 4 * MB,
    events: (size) => size / 10,
  },
  'JSON array: one text, one chunk': { parser: array, feed: whole('["', 'x', '"]'), size: 100 * MB, events: one },
  'JSON array: one text, 1448 B a chunk': {
    parser: array,
    feed: around('["', 'x', '"]', 1448),
    size: 100 * MB,
    events: one,
  },
  'JSON array: backslashes, a byte a chunk': {
    parser: array,
    feed: around('["', '\\', '"]', 1),
    size: 4 * MB,
    events: one,
  },
  'JSON array: nested, 1448 B a chunk': {
    parser: array,
    feed: (push, size) => {
      around('[', '[', '', 1448)(push, size / 2)
      around('', ']', ']', 1448)(push, size / 2)
    },
    size: 20 * MB,
    events: one,
  },
  'AWS: messages, a byte a chunk': {
    parser: aws,
    feed: byteByByte(message),
    size: 4 * MB,
    events: (size) => Math.floor(size / message.length),
  },
}

/** Input that is made to be expensive: what twice as much of it costs. */
export async function hostile(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const [name, attack] of Object.entries(attacks)) {
    // The first runs warm up, and say whether the answer is right.
    for (const size of [attack.size / 2, attack.size]) run(name, attack, size)
    const spent = await interleave(rounds, {
      half: () => run(name, attack, attack.size / 2),
      whole: () => run(name, attack, attack.size),
    })
    const [half, all] = [median(spent.half!), median(spent.whole!)]
    rows.push([name, `${attack.size / MB} MB`, digits(all / half), digits(attack.size / MB / (all / 1000))])
  }
  return [
    '## hostile: input that is made to be expensive',
    '',
    'Time for all of it by the time for its half: 2 is linear, 4 is quadratic. MB/s are those of this run.',
    'Checked first: the number of events.',
    '',
    table(['input', 'size', 'twice as much costs', 'MB/s'], rows),
  ].join('\n')
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** @returns milliseconds of processor time */
function run(name: string, { parser, feed, events }: Attack, size: number): number {
  const reader = parser()
  let seen = 0
  const emit = (): void => {
    seen++
  }
  // What the run before left behind is not this one's to clear away.
  collect()
  const from = process.cpuUsage()
  feed((chunk) => reader.push(chunk, emit), size)
  const { user, system } = process.cpuUsage(from)
  if (seen !== events(size)) throw new Error(`cannot measure ${name}: ${seen} events instead of ${events(size)}`)
  return (user + system) / 1000
}

/** A piece of text over and over, between two others, in chunks of a size. */
function around(head: string, piece: string, tail: string, chunk: number): Attack['feed'] {
  const middle = bytes(piece.repeat(Math.max(1, Math.floor(chunk / piece.length))))
  return (push, size) => {
    if (head !== '') push(bytes(head))
    for (let at = 0; at < size; at += middle.length) push(middle)
    if (tail !== '') push(bytes(tail))
  }
}

/** The same, all of it in one chunk. */
function whole(head: string, piece: string, tail: string): Attack['feed'] {
  const made = new Map<number, Uint8Array>()
  return (push, size) => {
    const chunk = made.get(size) ?? bytes(head + piece.repeat(size / piece.length) + tail)
    made.set(size, chunk)
    push(chunk)
  }
}

/** The same bytes over and over, each in a chunk of its own. */
function byteByByte(pattern: Uint8Array): Attack['feed'] {
  const chunks = Array.from(pattern, (byte) => Uint8Array.of(byte))
  return (push, size) => {
    for (let at = 0; at < size; at++) push(chunks[at % chunks.length]!)
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
