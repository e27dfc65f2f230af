import type { Asked, Dialect, StreamFraming, Warning } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { Answer } from './answer.ts'
import { answerHeaders } from './answer-headers.ts'
import { type ClientProfile, clientProfile, profiledFraming, rewrites } from './client-profile.ts'
import { Delivery } from './delivery/delivery.ts'
import type { DeliveryEvents } from './delivery/delivery-options.ts'
import type { Exchange } from './exchange.ts'
import { warningsHeader } from './headers.ts'
import type { House } from './house.ts'
import { ownerOf } from './owner.ts'
import { goesOn, type Plan } from './plan.ts'
import { Pursuit } from './pursuit.ts'
import { type RequestBody, readRequestBody } from './request-body.ts'
import { requestRecord } from './request-record.ts'
import { tellEnd, tellPlan } from './request-story.ts'
import { ResponseRecorder } from './responses/response-recorder.ts'
import { storedDialect } from './responses/stored-responses.ts'
import { routeRequest } from './route-request.ts'

/**
 * The life of one chat request, from its body to its record; `docs/lifecycle.md` draws it. The steps stand here in
 * the order in which they happen: read and route; ask, which is the affair of a `Pursuit`; deliver, which is that of a
 * `Delivery`; settle. Every way out leads through `#fail` or the end of a delivery, and then once through `#settle`.
 */
export class Lifecycle {
  readonly #house: House
  readonly #exchange: Exchange
  readonly #client: Dialect
  readonly #asked: Asked
  readonly #profile: ClientProfile
  readonly #framing: StreamFraming
  readonly #id: string
  readonly #startedAt: number
  readonly #answer: Answer
  readonly #pursuit: Pursuit
  readonly #onSettled: () => void
  /** How the request was routed, where the client wants to know. */
  #explained: string | undefined
  #error: SluiceError | undefined
  #settled = false
  #recorder: ResponseRecorder | undefined

  constructor(
    house: House,
    exchange: Exchange,
    client: Dialect,
    asked: Asked,
    requestId: string,
    onSettled: () => void,
  ) {
    this.#house = house
    this.#exchange = exchange
    this.#client = client
    this.#asked = asked
    this.#profile = clientProfile(exchange, house.profiles)
    this.#framing = profiledFraming(this.#profile, client.client.framing(asked.form))
    this.#id = requestId
    this.#startedAt = house.clock.now()
    this.#onSettled = onSettled
    const { heartbeatMs, statusCeilingMs } = house.streaming
    this.#answer = new Answer({
      exchange,
      client: client.client,
      framing: this.#framing,
      clock: house.clock,
      requestId,
      headers: () => this.#headers(),
      heartbeatMs,
      statusCeilingMs,
      budget: house.buffers,
      onFlow: (flowing) => this.#flow(flowing),
    })
    this.#pursuit = new Pursuit({
      house,
      exchange,
      client,
      asked,
      id: requestId,
      startedAt: this.#startedAt,
      owner: this.#owner,
      newDelivery: (events) => this.#newDelivery(events),
      isOver: () => this.#settled || this.#answer.isOver,
      onStream: () => this.#answer.expectStream(),
      onPlan: (planned, delivery) => this.#onPlan(planned, delivery),
      onContent: () => this.#onContent(),
      onGiveUp: (error) => this.#fail(error),
      onSettled: () => this.#settle(),
    })
  }

  #newDelivery(events: DeliveryEvents): Delivery {
    return new Delivery(
      {
        house: this.#house,
        client: this.#client,
        asked: this.#asked,
        profile: this.#profile,
        framing: this.#framing,
        id: this.#id,
        startedAt: this.#startedAt,
        answer: this.#answer,
        owner: this.#owner,
        recorder: () => this.#recorder,
        onLoss: (warning) => this.#tellLoss(warning),
        onOver: () => this.#settle(),
        onCut: () => {
          this.#pursuit.abort(false)
          this.#settle()
        },
      },
      events,
    )
  }

  /** How the answer comes, in the way that counts. */
  get #delivery(): Delivery {
    return this.#pursuit.delivery
  }

  async run(): Promise<void> {
    try {
      this.#exchange.onClose(() => this.#abort())
      if (this.#settled) return
      const { limits } = this.#house
      const written = await readRequestBody(this.#exchange, {
        bytes: limits.maxBodyBytes,
        timeoutMs: limits.bodyTimeoutMs,
      })
      const body = this.#client.name === storedDialect ? await this.#goOn(written) : written
      if (this.#settled) return
      const routing = routeRequest(this.#house, this.#exchange, this.#client, body, this.#asked)
      const routed = routing instanceof Promise ? await routing : routing
      if (this.#settled) return
      this.#explained = routed.explained
      await this.#pursuit.start(routed.body, routed.targets)
    } catch (error) {
      this.#fail(SluiceError.from(error))
    }
  }

  /** What the request refers to is put into it, and its answer will be kept. */
  async #goOn(written: RequestBody): Promise<RequestBody> {
    const { responses } = this.#house
    const owner = this.#owner()
    const body = await responses.expand(owner, written)
    this.#recorder = new ResponseRecorder({ responses, owner, asked: written.json })
    return body
  }

  /** The server stops: a stream that is still running ends with an honest error. */
  stop(error: SluiceError): void {
    if (this.#settled) return
    // Nobody goes on with it.
    this.#error ??= error
    this.#pursuit.callOffRival(error)
    if (!this.#delivery.fail(error)) this.#fail(error)
    this.#pursuit.abort(false)
    this.#settle()
  }

  /** @returns false where nobody has to be asked */
  #onPlan(planned: Plan, delivery: Delivery): boolean {
    const { log } = this.#house
    planned.kept = this.#recorder?.told(planned.kept) ?? planned.kept
    // The rest of an answer is no beginning of its own, whatever holds for the target that writes it.
    const isRest = delivery.delivered !== undefined
    if (rewrites(this.#profile, this.#client.name) || goesOn(planned) || isRest) planned.untouched = false
    if (log.debug) tellPlan(log, this.#id, this.#client.name, planned)
    if (!planned.alone) return true
    delivery.alone(planned, planned.alone)
    this.#settle()
    return false
  }

  /** The provider goes on while the client takes what comes. */
  #flow(flowing: boolean): void {
    if (flowing) {
      this.#pursuit.resume()
      this.#delivery.resume()
    } else {
      this.#pursuit.pause()
      this.#delivery.pause()
    }
  }

  #fail(error: SluiceError): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = error
    const headers: Record<string, string> = {}
    if (error.retryAfterMs !== undefined && !this.#pursuit.head?.headers['retry-after']) {
      headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    }
    // SDKs send what ended with a 5xx once more: that would only multiply what has been tried, or be paid for twice.
    if (!error.retry || this.#pursuit.failed.length > 1) headers['x-should-retry'] = 'false'
    try {
      this.#answer.fail(error, headers, () => this.#delivery.errorEvents(this.#pursuit.plan, error))
    } catch {
      this.#answer.cut()
    }
    this.#delivery.stop()
    this.#pursuit.abort(false)
    this.#settle()
  }

  #onContent(): void {
    const { log, clock } = this.#house
    if (log.debug) log.step(this.#id, 'first token', { ms: Math.round(clock.now() - this.#startedAt) })
  }

  /** The client has left. */
  #abort(): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = new SluiceError('client_closed', 'the client closed the connection before the answer was complete')
    this.#answer.abandon()
    this.#delivery.stop()
    this.#pursuit.abort(true)
    this.#settle()
  }

  /** Asked for only where there is state that belongs to somebody: it costs a hash. */
  readonly #owner = (): string => ownerOf(this.#exchange)

  /** Something in the answer that the client's dialect cannot say. Once the head has gone only the log can tell. */
  #tellLoss(warning: Warning): void {
    const { log } = this.#house
    if (log.debug) log.step(this.#id, 'lost', { warnings: warningsHeader([warning]) })
  }

  #headers(): Record<string, string> {
    const { plan, head, failed, attempts } = this.#pursuit
    const headers = answerHeaders({
      id: this.#id,
      client: this.#client.client,
      upstream: head?.headers ?? {},
      plan,
      kind: this.#delivery.kind,
      warnings: this.#delivery.warnings,
      failed,
      attempts,
    })
    if (this.#explained !== undefined) headers['x-sluice-explain'] = this.#explained
    return Object.assign(headers, this.#house.headersFor(this.#exchange))
  }

  /** Once, when both the client has its end and the upstream call is over. */
  #settle(): void {
    if (this.#settled || this.#delivery.outlasts) return
    const answered = this.#answer.isOver
    if (!answered || !this.#pursuit.isIdle) {
      if (!answered && this.#pursuit.isIdle && this.#pursuit.hasCalled) {
        // The upstream call is over and nobody has answered the client: a fault of this house.
        this.#fail(new SluiceError('internal', 'the request ended without an answer'))
      }
      return
    }
    this.#settled = true
    this.#tellEnd()
    this.#onSettled()
  }

  #tellEnd(): void {
    const { log, clock } = this.#house
    const { progress, firstAt, kind } = this.#delivery
    const error = this.#error ?? progress.error
    const endedAt = clock.now()
    this.#pursuit.end(error, firstAt, endedAt)
    const { plan, head, failed } = this.#pursuit
    const record = requestRecord({
      id: this.#id,
      exchange: this.#exchange,
      client: this.#client.name,
      key: this.#house.clientKeys.nameOf(this.#exchange),
      plan,
      stream: kind,
      headers: head?.headers ?? {},
      status: this.#answer.status,
      progress,
      error,
      maybeBilled: this.#pursuit.maybeBilled(error),
      failed,
      startedAt: this.#startedAt,
      firstAt,
      endedAt,
    })
    if (log.debug) tellEnd(log, record, this.#answer.pressure)
    log.request(record)
  }
}
