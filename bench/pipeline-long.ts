import { createHash, type Hash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createParser } from 'eventsource-parser'
import { anthropicMessages, openaiChat } from '../src/dialects/index.ts'
import type { SluiceError } from '../src/errors/index.ts'
import { systemClock } from '../src/flow/index.ts'
import { Answer } from '../src/gateway/answer.ts'
import type { Relay } from '../src/gateway/delivery/relay.ts'
import { TranslatedRelay } from '../src/gateway/delivery/translated.ts'
import { UntouchedRelay } from '../src/gateway/delivery/untouched.ts'
import type { Chunk, Exchange } from '../src/gateway/index.ts'
import { MemoryBudget } from '../src/pipeline/index.ts'
import { SseParser } from '../src/sse/index.ts'
import { openaiStream } from './streams.ts'
import { digits, table } from './table.ts'

const million = 1_000_000
/** Events that are written beforehand and played again and again, each time with other numbers in their text. */
const blockEvents = 1000

/** One stream of as many million tokens as there are rounds, torn at random bytes, through each relay of the gateway. */
export async function pipelineLong(rounds: number): Promise<string> {
  const tokens = rounds * million
  const rows = [await act('untouched', tokens), await act('translated', tokens)]
  return [
    '## pipeline-long: one very long stream through the relays of the gateway',
    '',
    `${rounds} million tokens from one provider to one client, torn at random bytes, without sockets. Checked: what went`,
    'out, by a hash over all of it (untouched: of the bytes; translated: of the text of every delta, read with another',
    'parser), one end, and a heap that has not grown (after garbage collections, from the first tenth on).',
    '',
    table(['relay', 'tokens', 'heap at a tenth, MiB', 'at most after it', 's'], rows),
  ].join('\n')
}

async function act(kind: 'untouched' | 'translated', tokens: number): Promise<string[]> {
  const client = new Client(kind)
  const failures: SluiceError[] = []
  const relay = open(kind, client, failures)
  const random = seeded(20_261_120)
  const heap: number[] = []
  const { head, deltas, tail } = openaiStream(blockEvents, 'mixed')
  const began = performance.now()
  let torn: Uint8Array = new Uint8Array(0)
  const give = (text: string, all = false): void => {
    const bytes = Buffer.concat([torn, Buffer.from(text)])
    client.expectBytes(text)
    let at = 0
    for (let size = sizeOf(random); at + size <= bytes.length; size = sizeOf(random)) {
      // Memory of its own for each piece, as a read of a socket has.
      relay.data(Buffer.from(bytes.subarray(at, at + size)))
      if (random() < 0.7) relay.flush()
      at += size
    }
    torn = Buffer.from(bytes.subarray(at))
    if (all) relay.data(torn)
  }
  give(head.join(''))
  for (let sent = 0, block = 0; sent < tokens; sent += blockEvents, block++) {
    // The number of the block makes each text another one, so that a lost, doubled or swapped event shows.
    const events = deltas.map((event) => event.replace('"content":"', `"content":"${block}`))
    give(events.join(''))
    for (const event of events) client.expectText(JSON.parse(event.slice('data: '.length)).choices[0].delta.content)
    if ((sent + blockEvents) % (tokens / 10) === 0) heap.push(await settledHeap())
  }
  give(tail.join(''), true)
  relay.flush()
  relay.end()
  client.check(tokens, failures)
  const [first = 0, ...later] = heap
  const most = Math.max(...later)
  if (most > first + 2) throw new Error(`${kind}: the heap grew from ${digits(first)} to ${digits(most)} MiB`)
  return [kind, String(tokens), digits(first), digits(most), digits((performance.now() - began) / 1000)]
}

/** From one byte, over torn events, to full reads of several. */
function sizeOf(random: () => number): number {
  return 1 + Math.floor(random() ** 3 * 8000)
}

function open(kind: 'untouched' | 'translated', exchange: Client, failures: SluiceError[]): Relay {
  const dialect = kind === 'untouched' ? openaiChat : anthropicMessages
  const framing = dialect.client.framing()
  const answer = new Answer({
    exchange,
    client: dialect.client,
    framing,
    clock: systemClock,
    requestId: 'bench',
    headers: () => ({}),
    heartbeatMs: 0,
    statusCeilingMs: Number.POSITIVE_INFINITY,
    budget: new MemoryBudget(),
    onFlow: () => {},
  })
  const options = {
    answer,
    framing,
    maxEventBytes: 1024 * 1024,
    onFailure: (error: SluiceError) => failures.push(error),
    onContent: () => {},
  }
  const newObserver = () => openaiChat.upstream.observeStream({ dropUsage: false })
  if (kind === 'untouched') return new UntouchedRelay({ ...options, observer: newObserver(), newObserver })
  return new TranslatedRelay({
    ...options,
    parser: new SseParser({ flushTail: true }),
    decoder: openaiChat.upstream.decodeStream({ vendor: 'bench', family: 'bench' }),
    encoder: anthropicMessages.client.encodeStream({
      requestId: 'bench',
      model: 'bench',
      created: 1790000000,
      includeUsage: false,
    }),
    followed: undefined,
  })
}

/** Takes everything at once, and keeps of it what a hash keeps. */
class Client implements Exchange {
  readonly method = 'POST'
  readonly path = '/'
  readonly query = new URLSearchParams()
  readonly headers = {}
  readonly pending = 0
  readonly #kind: 'untouched' | 'translated'
  readonly #wanted: Hash = createHash('sha256')
  readonly #came: Hash = createHash('sha256')
  #deltas = 0
  #ends = 0
  #over = 0
  readonly #parser = createParser({
    onEvent: ({ data }) => {
      const event = JSON.parse(data) as { type: string; delta?: { text?: string } }
      if (event.type === 'message_stop') this.#ends++
      if (event.type !== 'content_block_delta') return
      this.#deltas++
      this.#came.update(`${event.delta?.text}\n`)
    },
  })

  constructor(kind: 'untouched' | 'translated') {
    this.#kind = kind
  }

  expectBytes(text: string): void {
    if (this.#kind === 'untouched') this.#wanted.update(text)
  }

  expectText(text: string): void {
    if (this.#kind === 'translated') this.#wanted.update(`${text}\n`)
    else this.#deltas++
  }

  write(chunk: Chunk): void {
    if (this.#over > 0) throw new Error('cannot compare: something was written behind the end')
    if (this.#kind === 'untouched') for (const piece of chunk as readonly Uint8Array[]) this.#came.update(piece)
    else this.#parser.feed(chunk as string)
  }

  end(): void {
    this.#over++
  }

  check(tokens: number, failures: readonly SluiceError[]): void {
    const same = this.#wanted.digest('hex') === this.#came.digest('hex')
    const ends = this.#kind === 'untouched' ? 1 : this.#ends
    if (failures.length === 0 && same && this.#deltas === tokens && ends === 1 && this.#over === 1) return
    throw new Error(
      `${this.#kind}: ${this.#deltas} of ${tokens} deltas, ${ends} end marks, ${this.#over} ends, ${failures.length} failures; the hash is ${same ? 'right' : 'wrong'}`,
    )
  }

  start(): void {}
  respond(): void {}
  destroy(): void {}
  onTaken(): void {}
  onClose(): void {}
  stream(): undefined {}

  body(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(0))
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** MiB of heap and buffers, once all that is dead has gone. */
async function settledHeap(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1024 / 1024
}

/** Mulberry32: the same tears each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
