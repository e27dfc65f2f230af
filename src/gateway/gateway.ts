import { randomUUID } from 'node:crypto'
import { ClientKeys, loopbackCheck } from '../access/index.ts'
import { StreamingCapabilityCache } from '../capabilities/index.ts'
import type { Config } from '../config/index.ts'
import { clientDialects, type Dialect } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Clock, Roster, systemClock } from '../flow/index.ts'
import type { Log } from '../observe/index.ts'
import { MemoryBudget } from '../pipeline/index.ts'
import { Health } from '../resilience/index.ts'
import { MemoryStore, type Store } from '../storage/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Transport } from '../transport/index.ts'
import { answerAdmin } from './admin.ts'
import type { Arrival, End } from './arrival.ts'
import { profilesOf } from './client-profile.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { count } from './count.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { Lifecycle } from './lifecycle.ts'
import { logReason } from './log-reason.ts'
import { ModelList } from './models.ts'
import { readModel } from './plan.ts'
import { RawRequest } from './raw.ts'
import { type RawPath, readRawPath } from './raw-path.ts'
import { ReasoningMemory, reasoningIn } from './reasoning-memory.ts'
import { readRequestBody } from './request-body.ts'
import { wantsEvents } from './response-answers.ts'
import { ResponseDesk } from './response-desk.ts'
import { allowedMethods, callerDialect, type Endpoint, findEndpoint } from './routes.ts'
import { StoredResponses, storedDialect } from './stored-responses.ts'

export interface GatewayOptions {
  config: Config
  transport: Transport
  log: Log
  clock?: Clock
  /** Where state lives that outlasts a request; whoever hands it in closes it. Default: memory. */
  store?: Store
}

/** Answers requests. It knows no server: a binding hands it exchanges. */
export class Gateway {
  readonly #house: House
  readonly #config: Config
  readonly #check: (exchange: Exchange) => void
  readonly #models: ModelList
  readonly #desk: ResponseDesk
  readonly #running = new Roster<{ stop(error: SluiceError): void }>()
  #draining = false
  #onIdle: (() => void) | undefined
  #drained: Promise<void> | undefined

  constructor({ config, transport, log, clock = systemClock, store = new MemoryStore() }: GatewayOptions) {
    this.#config = config
    const { server, streaming, access } = config
    this.#house = {
      transport,
      clock,
      log,
      table: { providers: config.providers, aliases: config.aliases },
      limits: { maxBodyBytes: server.maxBodyBytes, bodyTimeoutMs: server.bodyTimeoutMs },
      streaming,
      capabilities: new StreamingCapabilityCache({ ttlMs: streaming.detectionTtlMs, store }),
      health: new Health(),
      clientKeys: new ClientKeys(access.keys),
      memory: new ReasoningMemory(remembered, () => clock.now(), store.lasts ? reasoningIn(store) : undefined),
      responses: new StoredResponses({ store, log, clock, maxHistory: server.maxBodyBytes }),
      buffers: new MemoryBudget({ limit: streaming.bufferBudgetBytes }),
      profiles: profilesOf(config.clients),
      headersFor: (exchange) => corsHeaders(exchange, server.corsOrigins),
    }
    const { clientKeys } = this.#house
    this.#check = access.keys.length > 0 ? (exchange) => clientKeys.check(exchange) : loopbackCheck(server.corsOrigins)
    this.#models = new ModelList(this.#house)
    this.#desk = new ResponseDesk(this.#house, {
      respond: (...answer) => this.#respond(...answer),
      refuse: (...refusal) => this.#refuse(...refusal),
      note: (...end) => this.#note(...end),
      enter: (one) => this.#enter(one),
    })
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size
  }

  /** What is held for clients that read more slowly than their providers write. */
  get buffers(): MemoryBudget {
    return this.#house.buffers
  }

  /** Never throws, and never leaves an exchange without an answer. */
  handle(exchange: Exchange): void {
    const arrival: Arrival = {
      exchange,
      id: requestId(exchange),
      at: this.#house.clock.now(),
      dialect: clientDialects[callerDialect(exchange)],
    }
    try {
      if (isPreflight(exchange)) {
        exchange.respond(204, preflightHeaders(exchange, this.#config.server.corsOrigins), '')
        return
      }
      const raw = readRawPath(exchange.path)
      if (raw) {
        this.#pass(arrival, raw)
        return
      }
      const endpoint = findEndpoint(exchange)
      arrival.dialect = clientDialects[endpoint.dialect]
      this.#answer(arrival, endpoint)
    } catch (error) {
      this.#refuse(arrival, SluiceError.from(error))
    }
  }

  /** Takes no new requests and waits for the running ones, at most `graceMs`; then they end with an error. */
  drain(graceMs: number): Promise<void> {
    this.#draining = true
    this.#drained ??= this.#idle(graceMs)
    return this.#drained
  }

  /** Ends every running request now. */
  stop(): void {
    this.#draining = true
    const error = new SluiceError('draining', 'the answer was cut short: sluice is shutting down', {
      retryAfterMs: 1000,
    })
    for (const lifecycle of this.#running.all()) lifecycle.stop(error)
  }

  async #idle(graceMs: number): Promise<void> {
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

  #answer(arrival: Arrival, endpoint: Endpoint): void {
    const { exchange } = arrival
    switch (endpoint.operation) {
      case 'health':
        this.#respond(arrival, 200, { status: 'ok' })
        return
      case 'ready':
        if (this.#draining) this.#respond(arrival, 503, { status: 'draining', running: this.running })
        else this.#respond(arrival, 200, { status: 'ready' })
        return
    }
    this.#check(exchange)
    if (endpoint.operation === 'front' || endpoint.says) {
      this.#respond(arrival, 200, endpoint.says ?? { name: 'sluice', models: '/v1/models' })
      return
    }
    // What was begun here goes on for a while, and can be asked for nowhere else.
    if (endpoint.operation !== 'stored') this.#refuseWhileDraining()
    if (endpoint.operation === 'chat') this.#chat(arrival, endpoint)
    else if (endpoint.stored?.action === 'get' && wantsEvents(exchange)) this.#desk.follow(arrival, endpoint.stored.id)
    else this.#tell(arrival, endpoint)
  }

  /** What goes to a provider as it is. Its errors are of no dialect. */
  #pass({ exchange, id }: Arrival, path: RawPath): void {
    const request = new RawRequest(this.#house, exchange, id, path, () => leave())
    const leave = this.#enter(request)
    try {
      this.#check(exchange)
      this.#refuseWhileDraining()
    } catch (error) {
      request.stop(SluiceError.from(error))
      return
    }
    request.run()
  }

  /** @throws SluiceError `draining` */
  #refuseWhileDraining(): void {
    if (!this.#draining) return
    throw new SluiceError('draining', 'cannot take the request: sluice is shutting down; try again in a moment', {
      retryAfterMs: 1000,
    })
  }

  #chat(arrival: Arrival, { asked = {} }: Endpoint): void {
    const { dialect, id } = arrival
    const exchange = dialect.name === storedDialect ? this.#desk.leavable(arrival) : arrival.exchange
    const lifecycle = new Lifecycle(this.#house, exchange, dialect, asked, id, () => leave())
    const leave = this.#enter(lifecycle)
    void lifecycle.run()
  }

  /** Somebody is being answered, until the returned function is called. */
  #enter(one: { stop(error: SluiceError): void }): () => void {
    const place = this.#running.enter(one)
    return () => {
      this.#running.leave(place)
      if (this.#running.size === 0) this.#onIdle?.()
    }
  }

  /** What takes a moment to find out but is no chat: counts, models and stored responses. */
  #tell(arrival: Arrival, endpoint: Endpoint): void {
    const { exchange, dialect, id } = arrival
    const leaving = new AbortController()
    exchange.onClose(() => leaving.abort())
    this.#find(exchange, endpoint, dialect, leaving.signal).then(
      ({ status, headers, body }) => {
        this.#respond(arrival, status, body, { [dialect.client.requestIdHeader]: id, ...headers })
        if (leaving.signal.aborted) this.#note(arrival, { status: 0, outcome: 'aborted' })
        else this.#note(arrival, { status, outcome: 'ok' })
      },
      (error) => {
        if (leaving.signal.aborted) this.#note(arrival, { status: 0, outcome: 'aborted' })
        else this.#refuse(arrival, SluiceError.from(error))
      },
    )
  }

  async #find(exchange: Exchange, endpoint: Endpoint, dialect: Dialect, signal: AbortSignal) {
    if (endpoint.operation === 'count') {
      return count(this.#house, exchange, dialect, { ...endpoint.asked, operation: 'count' }, signal)
    }
    const { stored, admin } = endpoint
    if (admin) {
      return { status: 200, headers: {}, body: await answerAdmin(this.#house, exchange, admin, endpoint.model ?? '') }
    }
    if (!stored) return this.#list(exchange, endpoint, dialect)
    return { status: 200, headers: {}, body: await this.#desk.answer(exchange, stored) }
  }

  async #list(exchange: Exchange, endpoint: Endpoint, { client }: Dialect) {
    const model = exchange.method === 'POST' ? await this.#namedModel(exchange) : endpoint.model
    const body =
      model === undefined
        ? client.encodeModels(await this.#models.entries(exchange), exchange.query)
        : client.encodeModel(this.#models.entry(model, client.defaultTag))
    return { status: 200, headers: {}, body }
  }

  /** The model that a question about one names in its body. */
  async #namedModel(exchange: Exchange): Promise<string> {
    const { limits } = this.#house
    const { json } = await readRequestBody(exchange, { bytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs })
    // Clients of long ago call it by its other name.
    return readModel(json.model === undefined ? { model: json.name } : json)
  }

  #refuse(arrival: Arrival, error: SluiceError): void {
    const { exchange, dialect, id } = arrival
    const { status, body } = dialect.client.encodeError(error, id)
    const headers: Record<string, string> = { [dialect.client.requestIdHeader]: id }
    if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    if (error.code === 'wrong_method') headers.allow = allowedMethods(exchange) ?? ''
    const reason = logReason(error)
    const outcome = error.code === 'client_closed' ? 'aborted' : 'error'
    this.#note(arrival, { status, outcome, code: error.code, ...(reason !== undefined && { reason }) })
    this.#respond(arrival, status, body, headers)
  }

  /** The one line in the log for a request that was no chat. */
  #note({ exchange, id, at, dialect }: Arrival, end: End): void {
    this.#house.log.request({
      id,
      method: exchange.method,
      path: exchange.path.slice(0, 200),
      client: dialect.name,
      totalMs: Math.round(this.#house.clock.now() - at),
      ...end,
    })
  }

  #respond({ exchange, id }: Arrival, status: number, body: JsonObject, headers: Record<string, string> = {}): void {
    const all = {
      ...this.#house.headersFor(exchange),
      'content-type': 'application/json',
      'x-sluice-request-id': id,
      ...headers,
    }
    exchange.respond(status, all, JSON.stringify(body))
  }
}

// A tool loop takes minutes; an hour leaves room for a person who thinks in between.
const remembered = { keepMs: 3_600_000, characters: 16 * 1024 * 1024 }

/** The caller's own trace id where it is one, so that both logs agree; else a new one. */
function requestId(exchange: Exchange): string {
  const given = exchange.headers['x-request-id']
  return given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : `req_${randomUUID().replaceAll('-', '')}`
}
