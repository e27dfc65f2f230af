import { randomUUID } from 'node:crypto'
import type { Config } from '../config/index.ts'
import { clientDialects } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Clock, Roster, systemClock } from '../flow/index.ts'
import type { Log } from '../observe/index.ts'
import type { MemoryBudget } from '../pipeline/index.ts'
import { MemoryStore, type Store } from '../storage/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Transport } from '../transport/index.ts'
import { Admission, type Applicant } from './admission.ts'
import type { Arrival } from './arrival.ts'
import { isPreflight, preflightHeaders } from './cors.ts'
import type { Exchange } from './exchange.ts'
import { findOut } from './find-out.ts'
import type { House } from './house.ts'
import { Lifecycle } from './lifecycle.ts'
import { openHouse } from './open-house.ts'
import { callerOf } from './owner.ts'
import { RawRequest } from './raw/raw.ts'
import { type RawPath, readRawPath } from './raw/raw-path.ts'
import { Replies } from './replies.ts'
import { wantsEvents } from './responses/response-answers.ts'
import { ResponseDesk } from './responses/response-desk.ts'
import { storedDialect } from './responses/stored-responses.ts'
import { callerDialect, type Endpoint, findEndpoint } from './routes.ts'
import { type GatewayStatus, statusOf } from './status.ts'
import { Tenure } from './tenure.ts'

export interface GatewayOptions {
  config: Config
  transport: Transport
  log: Log
  clock?: Clock
  /** Where state lives that outlasts a request; whoever hands it in closes it. Default: memory. */
  store?: Store
  /** As the status tells it. */
  version?: string
}

/** What a configuration is read anew for: what is left out stays as it was. */
export interface Reconfiguration {
  config: Config
  transport?: Transport
  log?: Log
}

/** Answers requests. It knows no server: a binding hands it exchanges. */
export class Gateway {
  readonly #clock: Clock
  readonly #store: Store
  readonly #version: string | undefined
  readonly #startedAt: number
  readonly #admission: Admission
  readonly #replies: Replies
  readonly #desk: ResponseDesk
  /** The house that new requests find, also for those who stay when it changes: the same object, whatever holds. */
  readonly #present: House
  readonly #running = new Roster<{ stop(error: SluiceError): void }>()
  #tenure: Tenure
  /** All tenures before this one are over. */
  #vacated = Promise.resolve()
  #refused: GatewayStatus['refused']
  #draining = false
  #onIdle: (() => void) | undefined
  #drained: Promise<void> | undefined

  constructor({ config, transport, log, clock = systemClock, store = new MemoryStore(), version }: GatewayOptions) {
    this.#clock = clock
    this.#store = store
    this.#version = version
    this.#startedAt = clock.now()
    this.#admission = new Admission(config.limits, clock)
    this.#tenure = new Tenure(config, openHouse({ config, transport, log, clock, store }))
    this.#present = { ...this.#tenure.house }
    const replies = new Replies(this.#present)
    this.#replies = replies
    this.#desk = new ResponseDesk(this.#present, {
      respond: (...answer) => replies.respond(...answer),
      refuse: (...refusal) => replies.refuse(...refusal),
      note: (...end) => replies.note(...end),
      enter: (one) => this.#enter(one),
    })
  }

  /**
   * Another configuration, for requests that come from now on. Those that run are not touched, and go on in the way in
   * which they began.
   *
   * @returns when the last of all that came before is over, so that nobody calls by way of a former transport any more
   */
  reconfigure({ config, transport, log }: Reconfiguration): Promise<void> {
    const former = this.#tenure
    const { house } = former
    const parts = { config, transport: transport ?? house.transport, log: log ?? house.log }
    this.#tenure = new Tenure(config, openHouse({ ...parts, clock: this.#clock, store: this.#store }, former))
    Object.assign(this.#present, this.#tenure.house)
    this.#refused = undefined
    this.#admission.limits = config.limits
    const left = new Promise<void>((resolve) => former.end(resolve))
    const before = this.#vacated
    this.#vacated = left.then(() => before)
    return this.#vacated
  }

  /** Another configuration was not taken: the status tells why, until one is. */
  keep(reason: string): void {
    this.#refused = { at: Date.now(), reason }
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size
  }

  /** What is held for clients that read more slowly than their providers write. */
  get buffers(): MemoryBudget {
    return this.#present.buffers
  }

  /** Never throws, and never leaves an exchange without an answer. */
  handle(exchange: Exchange): void {
    const arrival: Arrival = {
      exchange,
      id: requestId(exchange),
      at: this.#clock.now(),
      dialect: clientDialects[callerDialect(exchange)],
    }
    try {
      if (isPreflight(exchange)) {
        exchange.respond(204, preflightHeaders(exchange, this.#tenure.config.server.corsOrigins), '')
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
      this.#replies.refuse(arrival, SluiceError.from(error))
    }
  }

  /** Takes no new requests and waits for the running ones, at most `graceMs`; then they end with an error. */
  drain(graceMs: number): Promise<void> {
    this.#draining = true
    this.#admission.dismiss(shuttingDown())
    this.#drained ??= this.#idle(graceMs)
    return this.#drained
  }

  /** Ends every running request now. */
  stop(): void {
    this.#draining = true
    this.#admission.dismiss(shuttingDown())
    const error = new SluiceError('draining', 'the answer was cut short: sluice is shutting down', {
      retryAfterMs: 1000,
    })
    for (const lifecycle of this.#running.all()) lifecycle.stop(error)
  }

  async #idle(graceMs: number): Promise<void> {
    if (this.#running.size === 0) return
    await new Promise<void>((resolve) => {
      const stopTimer = this.#clock.after(graceMs, () => {
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
        this.#replies.respond(arrival, 200, { status: 'ok' })
        return
      case 'ready':
        if (this.#draining) this.#replies.respond(arrival, 503, { status: 'draining', running: this.running })
        else this.#replies.respond(arrival, 200, { status: 'ready' })
        return
    }
    if (endpoint.operation === 'admin') this.#tenure.checkOperator(exchange)
    else this.#tenure.check(exchange)
    if (endpoint.operation === 'front' || endpoint.says) {
      this.#replies.respond(arrival, 200, endpoint.says ?? { name: 'sluice', models: '/v1/models' })
      return
    }
    // What was begun here goes on for a while, and can be asked for nowhere else; nor can how it does.
    if (endpoint.operation !== 'stored' && endpoint.admin !== 'targets') this.#refuseWhileDraining()
    if (endpoint.operation === 'chat') this.#chat(arrival, endpoint)
    else if (endpoint.operation === 'count') this.#count(arrival, endpoint)
    else if (endpoint.stored?.action === 'get' && wantsEvents(exchange)) this.#desk.follow(arrival, endpoint.stored.id)
    else this.#tell(arrival, endpoint)
  }

  /** What goes to a provider as it is. Its errors are of no dialect. */
  #pass(arrival: Arrival, path: RawPath): void {
    const { exchange, id } = arrival
    // Made when its time has come, so that one that had to wait finds the house as it is then.
    const make = (onSettled: () => void): RawRequest =>
      new RawRequest(this.#tenure.house, exchange, id, path, onSettled)
    const refuse = (error: SluiceError): void => make(() => {}).stop(error)
    try {
      this.#tenure.check(exchange)
      this.#refuseWhileDraining()
    } catch (error) {
      refuse(SluiceError.from(error))
      return
    }
    this.#apply(arrival, {
      admit: (leave) => {
        const request = make(() => over())
        const over = this.#enter(request, leave)
        request.run()
      },
      refuse,
    })
  }

  /** @throws SluiceError `draining` */
  #refuseWhileDraining(): void {
    if (this.#draining) throw shuttingDown()
  }

  /** Lets a request in, now or when it is its turn. Until then nothing of its body is read. */
  #apply(arrival: Arrival, applicant: Applicant): void {
    const { exchange } = arrival
    const { config, house } = this.#tenure
    const owner = config.limits.perKey === undefined ? undefined : callerOf(exchange, house.clientKeys)
    const withdraw = this.#admission.apply(owner === undefined ? applicant : { ...applicant, owner })
    if (!withdraw) return
    if (house.log.debug) house.log.step(arrival.id, 'waits', { waiting: this.#admission.waiting })
    exchange.onClose(() => {
      if (!withdraw()) return
      applicant.refuse(new SluiceError('client_closed', 'the client closed the connection before it was its turn'))
    })
  }

  #chat(arrival: Arrival, { asked = {} }: Endpoint): void {
    const { dialect, id } = arrival
    this.#apply(arrival, {
      admit: (leave) => {
        const exchange = dialect.name === storedDialect ? this.#desk.leavable(arrival) : arrival.exchange
        const lifecycle = new Lifecycle(this.#tenure.house, exchange, dialect, asked, id, () => over())
        const over = this.#enter(lifecycle, leave)
        void lifecycle.run()
      },
      refuse: (error) => this.#replies.refuse(arrival, error),
    })
  }

  /** A prompt has to be read for it, as for a chat. */
  #count(arrival: Arrival, endpoint: Endpoint): void {
    this.#apply(arrival, {
      admit: (leave) => this.#tell(arrival, endpoint, leave),
      refuse: (error) => this.#replies.refuse(arrival, error),
    })
  }

  /** Somebody is being answered, until the returned function is called. */
  #enter(one: { stop(error: SluiceError): void }, onOver?: () => void): () => void {
    const tenure = this.#tenure
    const place = this.#running.enter(one)
    tenure.enter()
    return () => {
      this.#running.leave(place)
      tenure.leave()
      onOver?.()
      if (this.#running.size === 0) this.#onIdle?.()
    }
  }

  /** What takes a moment to find out but is no chat: counts, models and stored responses. */
  #tell(arrival: Arrival, endpoint: Endpoint, onOver?: () => void): void {
    const { exchange, dialect, id } = arrival
    const tenure = this.#tenure
    const leaving = new AbortController()
    exchange.onClose(() => leaving.abort())
    tenure.enter()
    findOut({ arrival, endpoint, tenure, desk: this.#desk, status: () => this.#status(), signal: leaving.signal })
      .then(
        ({ status, headers, body }) => {
          this.#replies.respond(arrival, status, body, { [dialect.client.requestIdHeader]: id, ...headers })
          if (leaving.signal.aborted) this.#replies.note(arrival, { status: 0, outcome: 'aborted' })
          else this.#replies.note(arrival, { status, outcome: 'ok' })
        },
        (error) => {
          if (leaving.signal.aborted) this.#replies.note(arrival, { status: 0, outcome: 'aborted' })
          else this.#replies.refuse(arrival, SluiceError.from(error))
        },
      )
      .finally(() => {
        tenure.leave()
        onOver?.()
      })
  }

  #status(): JsonObject {
    return statusOf({
      version: this.#version,
      upMs: this.#clock.now() - this.#startedAt,
      draining: this.#draining,
      admission: this.#admission,
      config: this.#tenure.config,
      readAt: this.#tenure.since,
      refused: this.#refused,
      buffered: this.#present.buffers.used,
    })
  }
}

function shuttingDown(): SluiceError {
  return new SluiceError('draining', 'cannot take the request: sluice is shutting down; try again in a moment', {
    retryAfterMs: 1000,
  })
}

/** The caller's own trace id where it is one, so that both logs agree; else a new one. */
function requestId(exchange: Exchange): string {
  const given = exchange.headers['x-request-id']
  return given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : `req_${randomUUID().replaceAll('-', '')}`
}
