import type { Config } from '../../src/config/index.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { Gateway } from '../../src/gateway/index.ts'
import { type Log, silentLog } from '../../src/observe/index.ts'
import { defineProvider, type ProviderOptions } from '../../src/providers/index.ts'
import type { Alias } from '../../src/routing/index.ts'
import type { Store } from '../../src/storage/index.ts'
import type { Transport, UpstreamHandler, UpstreamRequest } from '../../src/transport/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

/** What an upstream does with a question: an answer, a failure, or nothing, for ever. */
export type Upstream = (request: UpstreamRequest) => UpstreamAnswer | 'refuses' | 'hangs'

interface UpstreamAnswer {
  status: number
  text: string
  headers?: Record<string, string>
  /** More could come, and does not. */
  open?: boolean
}

/** An upstream without a network, which answers in a later turn. */
export class FakeTransport implements Transport {
  readonly asked: UpstreamRequest[] = []
  aborted = 0
  #upstream: Upstream

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  send(request: UpstreamRequest, handler: UpstreamHandler) {
    this.asked.push(request)
    let over = false
    const answer = this.#upstream(request)
    if (answer !== 'hangs') {
      queueMicrotask(() => {
        if (over) return
        if (answer === 'refuses') {
          handler.onError(new SluiceError('upstream_unreachable', 'cannot reach it'))
          return
        }
        handler.onHead({ status: answer.status, headers: answer.headers ?? {} })
        if (answer.text !== '') handler.onData(new TextEncoder().encode(answer.text))
        handler.onFlush()
        if (!answer.open) handler.onEnd()
      })
    }
    const abort = (): void => {
      over = true
      this.aborted++
    }
    return { abort, pause() {}, resume() {} }
  }

  async close(): Promise<void> {}
}

export function startGateway(
  upstream: Upstream,
  providers: ProviderOptions[],
  aliases: Alias[] = [],
  access: string[] = [],
  log: Log = silentLog,
  store?: Store,
) {
  const clock = new FakeClock()
  const transport = new FakeTransport(upstream)
  const config: Config = {
    server: {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1e6,
      bodyTimeoutMs: 1e4,
      corsOrigins: [],
      drainTimeoutMs: 1e4,
      watch: false,
    },
    access: { keys: access, named: [], operatorKeys: [] },
    limits: { streams: 5000, queue: 1000, queueTimeoutMs: 10_000 },
    marks: {},
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
      maxRetries: 0,
      heartbeatMs: 15_000,
      statusCeilingMs: 10_000,
      connectTimeoutMs: 10_000,
      firstTokenTimeoutMs: 30_000,
      hedgeAfterMs: 0,
      idleTimeoutMs: 120_000,
      stallTimeoutMs: 300_000,
      totalTimeoutMs: 600_000,
      finishGraceMs: 2000,
      maxEventBytes: 1e6,
      bufferBudgetBytes: 1e6,
    },
    providers: providers.map(defineProvider),
    aliases,
    transformers: { own: [], providers: {}, aliases: {} },
    clients: [],
    routing: { rules: [], tags: 'system' },
    log: { level: 'silent', format: 'json' },
    source: 'options',
  }
  return { gateway: new Gateway({ config, transport, log, clock, ...(store && { store }) }), clock, transport }
}
