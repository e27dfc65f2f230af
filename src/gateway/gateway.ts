import { randomUUID } from 'node:crypto'
import { ClientKeys, loopbackCheck } from '../access/index.ts'
import type { Config } from '../config/index.ts'
import { type Dialect, dialects } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Clock, systemClock } from '../flow/index.ts'
import type { Log, RequestRecord } from '../observe/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Transport } from '../transport/index.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { count } from './count.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { Lifecycle } from './lifecycle.ts'
import { logReason } from './log-reason.ts'
import { ModelList } from './models.ts'
import { ReasoningMemory } from './reasoning-memory.ts'
import { allowedMethods, callerDialect, type Endpoint, findEndpoint } from './routes.ts'

export interface GatewayOptions {
  config: Config
  transport: Transport
  log: Log
  clock?: Clock
}

/** Answers requests. It knows no server: a binding hands it exchanges. */
export class Gateway {
  readonly #house: House
  readonly #config: Config
  readonly #check: (exchange: Exchange) => void
  readonly #models: ModelList
  readonly #running = new Set<Lifecycle>()
  #draining = false
  #onIdle: (() => void) | undefined

  constructor({ config, transport, log, clock = systemClock }: GatewayOptions) {
    this.#config = config
    const { server, streaming, access } = config
    this.#house = {
      transport,
      clock,
      log,
      table: { providers: config.providers, aliases: config.aliases },
      limits: { maxBodyBytes: server.maxBodyBytes, bodyTimeoutMs: server.bodyTimeoutMs },
      streaming,
      clientKeys: new ClientKeys(access.keys),
      memory: new ReasoningMemory(remembered, () => clock.now()),
      headersFor: (exchange) => corsHeaders(exchange, server.corsOrigins),
    }
    const { clientKeys } = this.#house
    this.#check = access.keys.length > 0 ? (exchange) => clientKeys.check(exchange) : loopbackCheck(server.corsOrigins)
    this.#models = new ModelList(this.#house)
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size
  }

  /** Never throws, and never leaves an exchange without an answer. */
  handle(exchange: Exchange): void {
    const id = requestId(exchange)
    let dialect: Dialect = dialects[callerDialect(exchange)]
    try {
      if (isPreflight(exchange)) {
        exchange.respond(204, preflightHeaders(exchange, this.#config.server.corsOrigins), '')
        return
      }
      const endpoint = findEndpoint(exchange)
      dialect = dialects[endpoint.dialect]
      this.#answer(exchange, endpoint, dialect, id)
    } catch (error) {
      this.#refuse(exchange, dialect, id, SluiceError.from(error))
    }
  }

  #answer(exchange: Exchange, endpoint: Endpoint, dialect: Dialect, id: string): void {
    switch (endpoint.operation) {
      case 'health':
        this.#respond(exchange, id, 200, { status: 'ok' })
        return
      case 'ready':
        this.#ready(exchange, id)
        return
    }
    this.#check(exchange)
    if (endpoint.operation === 'front') {
      this.#respond(exchange, id, 200, { name: 'sluice', models: '/v1/models' })
      return
    }
    if (this.#draining) {
      throw new SluiceError('draining', 'cannot take the request: sluice is shutting down; try again in a moment', {
        retryAfterMs: 1000,
      })
    }
    this.#serve(exchange, endpoint, dialect, id)
  }

  /** Takes no new requests and waits for the running ones, at most `graceMs`; then they end with an error. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    if (this.#running.size === 0) return
    const { clock } = this.#house
    await new Promise<void>((resolve) => {
      const stopTimer = clock.after(graceMs, () => {
        this.stop()
        resolve()
      })
      this.#onIdle = () => {
        stopTimer()
        resolve()
      }
    })
  }

  /** Ends every running request now. */
  stop(): void {
    this.#draining = true
    const error = new SluiceError('draining', 'the answer was cut short: sluice is shutting down', {
      retryAfterMs: 1000,
    })
    for (const lifecycle of [...this.#running]) lifecycle.stop(error)
  }

  #serve(exchange: Exchange, endpoint: Endpoint, dialect: Dialect, id: string): void {
    if (endpoint.operation === 'chat') {
      const lifecycle = new Lifecycle(this.#house, exchange, dialect, id, () => {
        this.#running.delete(lifecycle)
        if (this.#running.size === 0) this.#onIdle?.()
      })
      this.#running.add(lifecycle)
      void lifecycle.run()
      return
    }
    const startedAt = this.#house.clock.now()
    const leaving = new AbortController()
    exchange.onClose(() => leaving.abort())
    const answer =
      endpoint.operation === 'count'
        ? this.#count(exchange, dialect, leaving.signal)
        : this.#list(exchange, endpoint, dialect)
    answer.then(
      ({ status, headers, body }) => {
        this.#respond(exchange, id, status, body, { [dialect.client.requestIdHeader]: id, ...headers })
        this.#note(exchange, id, dialect, startedAt, { status, outcome: 'ok' })
      },
      (error) => {
        if (leaving.signal.aborted) this.#note(exchange, id, dialect, startedAt, { status: 0, outcome: 'aborted' })
        else this.#refuse(exchange, dialect, id, SluiceError.from(error))
      },
    )
  }

  #count(exchange: Exchange, dialect: Dialect, signal: AbortSignal) {
    return count(this.#house, exchange, dialect, signal)
  }

  async #list(exchange: Exchange, { model }: Endpoint, { client }: Dialect) {
    const body =
      model === undefined
        ? client.encodeModels(await this.#models.entries(exchange))
        : client.encodeModel(this.#models.entry(model))
    return { status: 200, headers: {}, body }
  }

  #ready(exchange: Exchange, id: string): void {
    if (this.#draining) this.#respond(exchange, id, 503, { status: 'draining', running: this.#running.size })
    else this.#respond(exchange, id, 200, { status: 'ready' })
  }

  #refuse(exchange: Exchange, dialect: Dialect, id: string, error: SluiceError): void {
    const { status, body } = dialect.client.encodeError(error, id)
    const headers: Record<string, string> = { [dialect.client.requestIdHeader]: id }
    if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    if (error.code === 'wrong_method') headers.allow = allowedMethods(exchange) ?? ''
    const reason = logReason(error)
    const end = { status, outcome: 'error' as const, code: error.code, ...(reason !== undefined && { reason }) }
    this.#note(exchange, id, dialect, this.#house.clock.now(), end)
    this.#respond(exchange, id, status, body, headers)
  }

  /** The one line in the log for a request that was no chat. */
  #note(
    exchange: Exchange,
    id: string,
    dialect: Dialect,
    startedAt: number,
    end: Pick<RequestRecord, 'status' | 'outcome' | 'code' | 'reason'>,
  ): void {
    this.#house.log.request({
      id,
      method: exchange.method,
      path: exchange.path.slice(0, 200),
      client: dialect.name,
      totalMs: Math.round(this.#house.clock.now() - startedAt),
      ...end,
    })
  }

  #respond(
    exchange: Exchange,
    id: string,
    status: number,
    body: JsonObject,
    headers: Record<string, string> = {},
  ): void {
    exchange.respond(
      status,
      {
        ...corsHeaders(exchange, this.#config.server.corsOrigins),
        'content-type': 'application/json',
        'x-sluice-request-id': id,
        ...headers,
      },
      JSON.stringify(body),
    )
  }
}

// A tool loop takes minutes; an hour leaves room for a person who thinks in between.
const remembered = { keepMs: 3_600_000, characters: 16 * 1024 * 1024 }

/** The caller's own trace id where it is one, so that both logs agree; else a new one. */
function requestId(exchange: Exchange): string {
  const given = exchange.headers['x-request-id']
  return given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : `req_${randomUUID().replaceAll('-', '')}`
}
