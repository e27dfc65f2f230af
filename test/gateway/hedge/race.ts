import { type Config, type ConfigOptions, readConfig } from '../../../src/config/index.ts'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { Gateway } from '../../../src/gateway/index.ts'
import { type RequestRecord, silentLog } from '../../../src/observe/index.ts'
import type { OwnTransformer } from '../../../src/pipeline/index.ts'
import type { Transport, UpstreamHandler } from '../../../src/transport/index.ts'
import { FakeClock } from '../../flow/fake-clock.ts'
import { FakeExchange } from '../exchange.ts'

/** A call of a provider that does what the test says, when it says it. */
export class Call {
  readonly provider: string
  readonly model: string
  readonly asksStream: boolean
  aborted = false
  paused = false
  /** What it has said so far. */
  headed = false
  started = false
  words = 0
  #over = false
  readonly #handler: UpstreamHandler

  constructor({ name = '', body }: { name?: string; body?: unknown }, handler: UpstreamHandler) {
    const { model, stream } = JSON.parse(String(body))
    this.provider = name
    this.model = model
    this.asksStream = stream === true
    this.#handler = handler
  }

  get isOpen(): boolean {
    return !this.aborted && !this.#over
  }

  head(status = 200, headers: Record<string, string> = { 'content-type': 'text/event-stream' }): void {
    this.headed = true
    if (this.isOpen) this.#handler.onHead({ status, headers })
  }

  say(text: string): void {
    if (!this.isOpen) return
    this.#handler.onData(Buffer.from(text))
    if (this.isOpen) this.#handler.onFlush()
  }

  end(): void {
    if (!this.isOpen) return
    this.#over = true
    this.#handler.onEnd()
  }

  cut(): void {
    if (!this.isOpen) return
    this.#over = true
    this.#handler.onError(new SluiceError('upstream_truncated', 'it broke off'))
  }

  refuse(status: number, message: string, headers: Record<string, string> = {}): void {
    this.head(status, { 'content-type': 'application/json', ...headers })
    this.say(JSON.stringify({ error: { message } }))
    this.end()
  }

  /** In one piece. */
  whole(text: string, dialect: ClientDialectName = 'openai-chat'): void {
    this.head(200, { 'content-type': 'application/json' })
    const chat = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: this.model,
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: this.model,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 4 },
    }
    this.say(JSON.stringify(dialect === 'anthropic-messages' ? message : chat))
    this.end()
  }
}

export interface RaceOptions {
  client?: ClientDialectName
  /** Of the targets. */
  dialects?: ClientDialectName[]
  /** The keys of each. */
  keys?: string[]
  /** Default: a model of each provider. */
  targets?: string[]
  streaming?: ConfigOptions['streaming']
  /** What stands in the way of whom. */
  transformers?: Record<string, OwnTransformer>
}

export interface Race {
  gateway: Gateway
  clock: FakeClock
  calls: Call[]
  records: RequestRecord[]
  ask(stream?: boolean): FakeExchange
  /** Asks for a stream, and waits until a second target is asked. */
  begin(): Promise<FakeExchange>
  /** How many requests each target is answering. */
  running(): Promise<number[]>
}

export const hedgeMs = 50
const three: ClientDialectName[] = ['openai-chat', 'openai-chat', 'openai-chat']

/** A gateway with three targets, of which the second is asked when the first takes longer than `hedgeMs`. */
export function openRace({
  client = 'openai-chat',
  dialects = three,
  keys = ['k'],
  targets = dialects.map((_, i) => `t${i}/m`),
  streaming,
  transformers = {},
}: RaceOptions = {}): Race {
  const read = readConfig({
    options: {
      server: { port: 0 },
      streaming: { max_retries: 0, hedge_after: `${hedgeMs}ms`, first_token_timeout: '1s', ...streaming },
      providers: dialects.map((dialect, i) => ({
        name: `t${i}`,
        dialect,
        base_url: 'http://127.0.0.1:9/v1',
        api_keys: keys,
      })),
      models: [{ name: 'm', targets }],
    },
    env: {},
    flags: {},
  })
  const config: Config = {
    ...read,
    transformers: {
      own: Object.entries(transformers).map(([name, transformer]) => ({ name, options: {}, transformer })),
      providers: Object.fromEntries(Object.keys(transformers).map((name) => [name, [name]])),
      aliases: {},
    },
  }
  const calls: Call[] = []
  const transport: Transport = {
    send(request, handler) {
      const call = new Call(request, handler)
      calls.push(call)
      return {
        abort: () => {
          call.aborted = true
        },
        pause: () => {
          call.paused = true
        },
        resume: () => {
          call.paused = false
        },
      }
    },
    async close() {},
  }
  const clock = new FakeClock()
  const records: RequestRecord[] = []
  const gateway = new Gateway({
    config,
    transport,
    clock,
    log: { ...silentLog, request: (record) => void (record.path?.startsWith('/admin') || records.push(record)) },
  })
  const ask = (stream = true): FakeExchange => {
    const [path, body] = asking(client, stream)
    const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(body) })
    gateway.handle(exchange)
    return exchange
  }
  return {
    gateway,
    clock,
    calls,
    records,
    ask,
    async begin() {
      const exchange = ask()
      await settle()
      clock.pass(hedgeMs)
      await settle()
      return exchange
    },
    async running() {
      const exchange = new FakeExchange({ path: '/admin/v1/targets' })
      gateway.handle(exchange)
      await exchange.answered
      return (exchange.json as { targets: Array<{ running: number }> }).targets.map(({ running }) => running)
    },
  }
}

function asking(client: ClientDialectName, stream: boolean): [string, object] {
  const messages = [{ role: 'user', content: 'Hi' }]
  if (client === 'gemini') {
    const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
    return [`/v1beta/models/m:${method}`.split('?')[0]!, { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }]
  }
  if (client === 'anthropic-messages') return ['/v1/messages', { model: 'm', stream, max_tokens: 99, messages }]
  return ['/v1/chat/completions', { model: 'm', stream, messages }]
}

/** The stream of an answer of three words, as the pieces in which it comes: what precedes content, each word, the end. */
export function pieces(dialect: ClientDialectName, who: string): { start: string; words: string[]; finish: string } {
  return dialect === 'anthropic-messages' ? messagesPieces(who) : chatPieces(who)
}

export function wordsOf(who: string): string[] {
  return [`${who} `, 'says ', 'this']
}

export function textOf(who: string): string {
  return wordsOf(who).join('')
}

export function chunk(who: string, delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: who, choices })}\n\n`
}

function chatPieces(who: string) {
  return {
    start: chunk(who, { role: 'assistant', content: '' }),
    words: wordsOf(who).map((content) => chunk(who, { content })),
    finish: `${chunk(who, {}, 'stop')}data: [DONE]\n\n`,
  }
}

function messagesPieces(who: string) {
  const event = (type: string, more: object = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: who,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  }
  return {
    start:
      event('message_start', { message }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    words: wordsOf(who).map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    finish:
      event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } }) +
      event('message_stop'),
  }
}

/** All of an answer that is streamed. */
export function answer(call: Call, dialect: ClientDialectName = 'openai-chat'): void {
  const { start, words, finish } = pieces(dialect, call.provider)
  call.head()
  for (const piece of [start, ...words, finish]) call.say(piece)
  call.end()
}

/** Lets promises come to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
