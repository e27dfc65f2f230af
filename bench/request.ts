import type { Config } from '../src/config/index.ts'
import { type Chunk, type Exchange, Gateway } from '../src/gateway/index.ts'
import { createLog } from '../src/observe/index.ts'
import { defineProvider } from '../src/providers/index.ts'
import type { Transport, UpstreamHandler, UpstreamRequest } from '../src/transport/index.ts'
import { interleave, median } from './rounds.ts'
import { type DialectName, paths, streamOf, wire, words } from './streams.ts'
import { digits, ratio, table } from './table.ts'

/** Requests a turn of a round. */
const requests = 2000

interface Way {
  client: DialectName
  upstream: DialectName
  stream: boolean
  /** With a client key to check, and a record of each request in the log. */
  watched?: true
}

export const ways: Record<string, Way> = {
  'whole, untouched': { client: 'openai-chat', upstream: 'openai-chat', stream: false },
  'whole, untouched, key and log': { client: 'openai-chat', upstream: 'openai-chat', stream: false, watched: true },
  'whole, untouched, messages': { client: 'anthropic-messages', upstream: 'anthropic-messages', stream: false },
  'whole, translated': { client: 'anthropic-messages', upstream: 'openai-chat', stream: false },
  'stream of one token, untouched': { client: 'openai-chat', upstream: 'openai-chat', stream: true },
  'stream of one token, translated': { client: 'anthropic-messages', upstream: 'openai-chat', stream: true },
}

/** What the gateway itself adds to a request, between a server and a transport that cost nothing. */
export async function request(rounds: number): Promise<string> {
  const rigs = Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, new Rig(way)]))
  for (const rig of Object.values(rigs)) {
    await rig.check()
    for (let i = 0; i < requests * 3; i++) await rig.once()
  }
  const work = Object.entries(rigs).map(([name, rig]) => [name, () => rig.timed()] as const)
  const bare = new Rig(ways['whole, untouched']!)
  const results = await interleave(rounds, { ...Object.fromEntries(work), parsing: () => bare.parsing() })
  const parsing = median(results.parsing!)
  const rows = work.map(([name]) => {
    const us = median(results[name]!)
    return [name, ratio(us, parsing), digits(us)]
  })
  return [
    '## request: what the gateway adds to one request',
    '',
    'From the arrival of a request of 2 KB to the end of its answer of 64 tokens (or a stream of one), between a server and',
    'a transport that cost nothing. Beside it: one JSON.parse each of the untouched request and answer.',
    'Checked first: every answer is whole. The microseconds hold for this machine and this run.',
    '',
    table(['way', 'cost / parsing', 'us a request'], rows),
    '',
    `Parsing: ${digits(parsing)} us.`,
  ].join('\n')
}

/** One gateway between its two fakes. */
export class Rig {
  readonly #way: Way
  readonly #gateway: Gateway
  readonly #question: Buffer
  readonly #answer: Buffer
  readonly #headers: Record<string, string>
  #handler: UpstreamHandler | undefined
  #sent = ''

  constructor(way: Way) {
    this.#way = way
    const transport: Transport = {
      send: (asked: UpstreamRequest, handler) => {
        this.#handler = handler
        this.#sent = asked.url
        return { abort() {}, pause() {}, resume() {} }
      },
      close: async () => {},
    }
    this.#question = Buffer.from(JSON.stringify(question(way)))
    this.#answer = Buffer.from(
      way.stream ? wire(streamOf(way.upstream, 1, 'ascii')) : JSON.stringify(whole(way.upstream)),
    )
    this.#headers = {
      host: '127.0.0.1:4114',
      'content-type': 'application/json',
      authorization: 'Bearer sk-client',
      'user-agent': 'OpenAI/JS 6.0.0',
      'x-stainless-lang': 'js',
      accept: 'application/json',
      'content-length': String(this.#question.length),
    }
    const level = way.watched ? 'info' : 'error'
    const log = createLog({ level, format: 'json' }, { write() {} })
    this.#gateway = new Gateway({ config: config(way), transport, log })
  }

  async check(): Promise<void> {
    const { status, bytes } = await this.once()
    const text = Buffer.concat(bytes).toString()
    const expected = this.#way.stream ? words(1, 'ascii')[0]! : words(64, 'ascii').at(-1)!
    if (status !== 200 || !text.includes(JSON.stringify(expected).slice(1, -1)) || this.#sent === '') {
      throw new Error(`the answer is not right: ${status} ${text.slice(0, 400)}`)
    }
  }

  async once(): Promise<Client> {
    const client = new Client(paths[this.#way.client], this.#headers, this.#question)
    this.#handler = undefined
    this.#gateway.handle(client)
    // The body comes through a promise; the call goes out some microtasks later.
    for (let turn = 0; !this.#handler && turn < 100; turn++) await undefined
    const handler = this.#handler as UpstreamHandler | undefined
    if (!handler) throw new Error(`the provider was not asked: ${client.status}`)
    handler.onHead({ status: 200, headers: { ...answerHeaders } })
    handler.onData(this.#answer)
    handler.onFlush()
    handler.onEnd()
    if (!client.over) throw new Error('the answer was not ended')
    return client
  }

  /** Microseconds of processor time a request. */
  async timed(): Promise<number> {
    const before = process.cpuUsage()
    for (let i = 0; i < requests; i++) await this.once()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / requests
  }

  parsing(): number {
    const before = process.cpuUsage()
    for (let i = 0; i < requests; i++) {
      JSON.parse(this.#question.toString())
      JSON.parse(this.#answer.toString())
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / requests
  }
}

/** A client that takes what it gets. */
export class Client implements Exchange {
  readonly method = 'POST'
  readonly query = new URLSearchParams()
  readonly path: string
  readonly headers: Record<string, string>
  readonly bytes: Uint8Array[] = []
  readonly #body: Uint8Array
  status = 0
  over = false

  constructor(path: string, headers: Record<string, string>, body: Uint8Array) {
    this.path = path
    this.headers = headers
    this.#body = body
  }

  body(): Promise<Uint8Array> {
    return Promise.resolve(this.#body)
  }

  stream(): undefined {}

  start(status: number): void {
    this.status = status
  }

  write(chunk: Chunk): void {
    if (typeof chunk === 'string') this.bytes.push(Buffer.from(chunk))
    else for (const part of chunk) this.bytes.push(part)
  }

  respond(status: number, _: Record<string, string>, body: string | Uint8Array): void {
    this.status = status
    this.bytes.push(Buffer.from(body as Uint8Array))
    this.over = true
  }

  end(): void {
    this.over = true
  }

  destroy(): void {}
  readonly pending = 0
  onTaken(): void {}
  onClose(): void {}
}

const prompt = 'Tell me about the streams of tokens, "quoted" and on\nmore lines than one. '.repeat(28)

function question({ client, upstream, stream }: Way): object {
  const messages = [{ role: 'user', content: prompt }]
  const model = `${upstream}/bench`
  return client === 'openai-chat'
    ? { model, messages, stream, temperature: 0.5 }
    : { model, messages, stream, max_tokens: 1000 }
}

function whole(dialect: DialectName): object {
  const text = words(64, 'ascii').join('').repeat(4)
  if (dialect === 'anthropic-messages') {
    return {
      id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      type: 'message',
      role: 'assistant',
      model: 'bench',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 500, output_tokens: 64, cache_read_input_tokens: 0 },
    }
  }
  return {
    id: 'chatcmpl-C4xS7RkQ0s1zv0Yb2e9fUj3pWq5Lm',
    object: 'chat.completion',
    created: 1790000000,
    model: 'bench',
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 500,
      completion_tokens: 64,
      total_tokens: 564,
      prompt_tokens_details: { cached_tokens: 0 },
    },
    system_fingerprint: 'fp_a1b2c3d4e5',
  }
}

const answerHeaders = {
  'content-type': 'application/json',
  'x-request-id': 'req_0123456789',
  'x-ratelimit-remaining-requests': '9999',
  'openai-processing-ms': '12',
  server: 'cloudflare',
  date: 'Thu, 01 Jan 2026 00:00:00 GMT',
}

export function config({ watched }: Pick<Way, 'watched'>): Config {
  const base = { base_url: 'http://127.0.0.1:9/v1', api_keys: ['sk-provider'] }
  return {
    server: {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1e6,
      bodyTimeoutMs: 1e4,
      corsOrigins: [],
      drainTimeoutMs: 1e4,
      watch: false,
    },
    limits: { streams: 5000, queue: 1000, queueTimeoutMs: 10_000 },
    marks: {},
    access: { keys: watched ? ['sk-other', 'sk-client'] : [], named: [], operatorKeys: [] },
    transport: { client: 'http1' },
    storage: { path: ':memory:', chosen: false },
    streaming: {
      force: 'auto',
      fallback: true,
      simulateRate: 0,
      afterContent: 'end',
      leastRate: 0,
      rules: [],
      detectionTtlMs: 300_000,
      maxRetries: 3,
      heartbeatMs: 15_000,
      statusCeilingMs: 10_000,
      connectTimeoutMs: 10_000,
      firstTokenTimeoutMs: 30_000,
      hedgeAfterMs: 0,
      idleTimeoutMs: 120_000,
      stallTimeoutMs: 300_000,
      totalTimeoutMs: 600_000,
      finishGraceMs: 2000,
      bufferBudgetBytes: 1 << 26,
      maxEventBytes: 1e6,
    },
    providers: (['openai-chat', 'anthropic-messages'] as const).map((dialect) =>
      defineProvider({ name: dialect, dialect, ...base }),
    ),
    aliases: [],
    transformers: { own: [], providers: {}, aliases: {} },
    clients: [],
    routing: { rules: [], tags: 'system' },
    log: { level: 'silent', format: 'json' },
    source: 'options',
  }
}
