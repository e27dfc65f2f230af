import { readConfig } from '../../../src/config/index.ts'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { Gateway } from '../../../src/gateway/index.ts'
import { type RequestRecord, silentLog } from '../../../src/observe/index.ts'
import type { Transport, UpstreamHandler, UpstreamRequest } from '../../../src/transport/index.ts'
import { FakeClock } from '../../flow/fake-clock.ts'
import { FakeExchange } from '../exchange.ts'

/** A call of a provider that does what the test says, when it says it. */
export class Call {
  readonly provider: string
  aborted = false
  over = false
  readonly #handler: UpstreamHandler

  constructor({ name = '' }: Pick<UpstreamRequest, 'name'>, handler: UpstreamHandler) {
    this.provider = name
    this.#handler = handler
  }

  get isOpen(): boolean {
    return !this.aborted && !this.over
  }

  head(status = 200): void {
    if (this.isOpen) this.#handler.onHead({ status, headers: { 'content-type': 'text/event-stream' } })
  }

  say(text: string): void {
    if (!this.isOpen) return
    this.#handler.onData(Buffer.from(text))
    if (this.isOpen) this.#handler.onFlush()
  }

  end(): void {
    if (!this.isOpen) return
    this.over = true
    this.#handler.onEnd()
  }

  cut(): void {
    if (!this.isOpen) return
    this.over = true
    this.#handler.onError(new SluiceError('upstream_truncated', 'it broke off'))
  }
}

export interface Race {
  gateway: Gateway
  clock: FakeClock
  calls: Call[]
  records: RequestRecord[]
  ask(stream?: boolean): FakeExchange
}

export const hedgeMs = 50

/** A gateway with three targets, of which the second is asked when the first takes longer than `hedgeMs`. */
export function openRace(
  client: ClientDialectName,
  dialects: ClientDialectName[],
  hedge = `${hedgeMs}ms`,
  afterContent: 'end' | 'continue' = 'end',
): Race {
  const config = readConfig({
    options: {
      server: { port: 0 },
      streaming: { max_retries: 0, hedge_after: hedge, first_token_timeout: '1s', after_content: afterContent },
      providers: dialects.map((dialect, i) => ({
        name: `t${i}`,
        dialect,
        base_url: 'http://127.0.0.1:9/v1',
        api_keys: ['k'],
      })),
      models: [{ name: 'm', targets: dialects.map((_, i) => `t${i}/m`) }],
    },
    env: {},
    flags: {},
  })
  const calls: Call[] = []
  const transport: Transport = {
    send(request, handler) {
      const call = new Call(request, handler)
      calls.push(call)
      return {
        abort: () => {
          call.aborted = true
        },
        pause() {},
        resume() {},
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
    log: { ...silentLog, request: (record) => records.push(record) },
  })
  return {
    gateway,
    clock,
    calls,
    records,
    ask(stream = true) {
      const [path, body] = asking(client, stream)
      const exchange = new FakeExchange({ method: 'POST', path, body: JSON.stringify(body) })
      gateway.handle(exchange)
      return exchange
    },
  }
}

function asking(client: ClientDialectName, stream: boolean): [string, object] {
  const messages = [{ role: 'user', content: 'Hi' }]
  if (client === 'anthropic-messages') return ['/v1/messages', { model: 'm', stream, max_tokens: 99, messages }]
  return ['/v1/chat/completions', { model: 'm', stream, messages }]
}

/** The stream of an answer of three words, as the pieces in which it comes: what precedes content, each word, the end. */
export function pieces(dialect: ClientDialectName, who: string): { start: string; words: string[]; finish: string } {
  if (dialect === 'anthropic-messages') {
    const event = (one: { type: string }) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`
    const delta = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
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
    const begun = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    const ended = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } }
    return {
      start: event({ type: 'message_start', message } as never) + event(begun as never),
      words: wordsOf(who).map((word) => event(delta(word) as never)),
      finish:
        event({ type: 'content_block_stop', index: 0 } as never) +
        event(ended as never) +
        event({ type: 'message_stop' }),
    }
  }
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: who, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  return {
    start: chunk({ role: 'assistant', content: '' }),
    words: wordsOf(who).map((content) => chunk({ content })),
    finish: `${chunk({}, 'stop')}data: [DONE]\n\n`,
  }
}

export function wordsOf(who: string): string[] {
  return [`${who} `, 'says ', 'this']
}

/** Lets promises come to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
