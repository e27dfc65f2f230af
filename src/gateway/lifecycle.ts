import type { Led, ProviderLessons } from '../capabilities/index.ts'
import type { Asked, Dialect, StreamFraming, UpstreamFraming, Warning } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Prepare, Sign } from '../providers/index.ts'
import { Rotation, type Step } from '../resilience/index.ts'
import { type ChatReply, type ChatRequest, estimateInput } from '../tokens/index.ts'
import type { UpstreamHead, UpstreamRequest } from '../transport/index.ts'
import { Answer } from './answer.ts'
import { answerHeaders } from './answer-headers.ts'
import { Attempt } from './attempt.ts'
import { type ClientProfile, clientProfile, profiledFraming, rewrites } from './client-profile.ts'
import { Delivery } from './delivery.ts'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders, warningsHeader } from './headers.ts'
import type { House } from './house.ts'
import { Lessons, offersTools } from './lessons.ts'
import { ownerOf } from './owner.ts'
import { type Plan, plan, type Routed, routeRequest } from './plan.ts'
import { poster } from './poster.ts'
import { readRefusal } from './refusal.ts'
import type { Relay } from './relay.ts'
import { type RequestBody, readRequestBody } from './request-body.ts'
import { requestRecord } from './request-record.ts'
import { tellEnd, tellPlan } from './request-story.ts'
import { ResponseRecorder } from './response-recorder.ts'
import { storedDialect } from './stored-responses.ts'
import { upstreamUrl } from './upstream-url.ts'
import { checkSimulation, chooseWay, demandsNative, followLeader, policyOf } from './way.ts'

/**
 * The life of one chat request, from its body to its record; `docs/lifecycle.md` draws it. The steps stand here in
 * the order in which they happen: read and route, plan, attempt, deliver, settle. Every way out leads through `#fail` or
 * the end of a delivery, and then once through `#settle`.
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
  readonly #delivery: Delivery
  readonly #onSettled: () => void
  /** Until the answer has content: as long as the provider may have to be asked once more. */
  #body: RequestBody | undefined
  #plan: Plan | undefined
  #attempt: Attempt | undefined
  #head: UpstreamHead | undefined
  #lessons: Lessons | undefined
  #led: Led | undefined
  #warnings: Warning[] = []
  #sentAt = 0
  #error: SluiceError | undefined
  #settled = false
  #attemptOver = true
  #rotation: Rotation<Routed> | undefined
  /** The target that is asked now, and with which key. */
  #routed: Routed | undefined
  #key: string | undefined
  /** The last failure that a provider has told itself. */
  #refusal: SluiceError | undefined
  #stopWaiting: (() => void) | undefined
  #stopFirst: (() => void) | undefined
  #stopPreparing: (() => void) | undefined
  /** Which of the calls of providers is the one that counts. */
  #turn = 0
  /** The provider has taken the request, and whether it charges for it is not known. */
  #maybeBilled = false
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
    this.#delivery = new Delivery({
      house,
      client,
      asked,
      profile: this.#profile,
      framing: this.#framing,
      id: requestId,
      startedAt: this.#startedAt,
      answer: this.#answer,
      owner: this.#owner,
      recorder: () => this.#recorder,
      onLoss: (warning) => this.#lose(warning),
      onContent: () => this.#onContent(),
      onFailure: (error) => this.#onFailure(error),
      onOver: () => this.#settle(),
    })
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
      this.#body = body
      const { table, health, clock, streaming } = this.#house
      const targets = routeRequest(this.#client, body.json, this.#asked, table)
      this.#rotation = new Rotation({ targets, retries: streaming.maxRetries, health, now: () => clock.now() })
      await this.#try(body, this.#rotation.first())
    } catch (error) {
      this.#fail(SluiceError.from(error))
    }
  }

  /** Asks one target. What cannot be asked of it may be asked of the next one. */
  async #try(body: RequestBody, { target: routed, key }: Step<Routed>): Promise<void> {
    try {
      const known = this.#house.capabilities.of(routed.provider)
      const lessons = known instanceof Promise ? await known : known
      this.#lessons = new Lessons(lessons)
      if (routed.stream) {
        const waiting = this.#follow(lessons, routed)
        if (waiting) await waiting
      }
      if (this.#settled) return
      this.#key = key
      this.#routed = routed
      const asking = this.#ask(body, routed, lessons)
      if (asking) await asking
    } catch (error) {
      this.#attemptFailed(SluiceError.from(error))
    }
  }

  /** Nothing of an answer has reached the client: the next target, another key, or once more, if there is a way left. */
  #attemptFailed(error: SluiceError): void {
    if (this.#settled || this.#answer.isOver) return
    this.#led?.(true)
    this.#led = undefined
    const body = this.#body
    const begun = this.#head !== undefined && this.#head.status < 300
    const step = body && this.#rotation?.next(error, begun)
    if (error.upstream?.status !== undefined) this.#refusal = error
    if (!body || !step) {
      // What a provider has said itself is of more use than that another could not be reached.
      this.#fail(error.upstream?.status === undefined && this.#refusal ? this.#refusal : error)
      return
    }
    const { log, clock } = this.#house
    if (log.debug) {
      const { target, waitMs } = step
      log.step(this.#id, 'next', { because: error.code, target: `${target.provider.name}/${target.model}`, ms: waitMs })
    }
    this.#letGo()
    if (step.waitMs === 0) {
      void this.#try(body, step)
      return
    }
    this.#stopWaiting = clock.after(step.waitMs, () => {
      this.#stopWaiting = undefined
      void this.#try(body, step)
    })
  }

  /** The call that has failed is of no interest from here on. */
  #letGo(): void {
    const attempt = this.#attempt
    this.#turn++
    this.#attempt = undefined
    this.#attemptOver = true
    this.#head = undefined
    this.#stopFirst?.()
    this.#stopPreparing?.()
    this.#stopFirst = undefined
    attempt?.abort()
  }

  /** Nothing is known of the provider, and another request is about to find out: what it learns is worth waiting for. */
  #follow(lessons: ProviderLessons, routed: Routed): Promise<void> | undefined {
    const place = followLeader(lessons, routed.provider, routed.stream)
    if (typeof place === 'function') this.#led = place
    if (!(place instanceof Promise)) return undefined
    this.#answer.expectStream()
    // Who led may have left without an answer.
    return place.then(() => (this.#settled ? undefined : this.#follow(lessons, routed)))
  }

  /** Plans and sends. A promise only where state of the conversation is in a store that takes its time. */
  #ask(body: RequestBody, routed: Routed, lessons: ProviderLessons): Promise<void> | undefined {
    const { memory } = this.#house
    if (!this.#client.client.rebuildsHistory) {
      this.#begin(this.#makePlan(body, routed, lessons))
      return undefined
    }
    const pending: { state?: Promise<void> | undefined } = {}
    const planned = this.#makePlan(body, routed, lessons, (request) => {
      pending.state = memory.restore(this.#owner, request)
    })
    if (!pending.state) {
      this.#begin(planned)
      return undefined
    }
    return pending.state.then(() => {
      if (this.#settled) return
      this.#begin(this.#makePlan(body, routed, lessons, (request) => memory.restoreKnown(this.#owner, request)))
    })
  }

  #makePlan(
    body: RequestBody,
    routed: Routed,
    lessons: ProviderLessons,
    restore?: (request: ChatRequest) => void,
  ): Plan {
    const { provider, target, stream } = routed
    const policy = policyOf(this.#house.streaming, provider, target.model)
    const choose = (whole = false) => {
      const wish = {
        stream,
        tools: !target.traits.emulateTools && offersTools(body.json),
        nativeOnly: stream && demandsNative(this.#exchange),
        streamRefused: whole || this.#lessons?.streamRefused === true,
      }
      return chooseWay(lessons, provider, target, wish, policy)
    }
    return plan(this.#client, body, routed, this.#asked, { policy, choose, ...(restore && { restore }) })
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
    if (!this.#delivery.fail(error)) this.#fail(error)
    this.#attempt?.abort()
    this.#settle()
  }

  #begin(planned: Plan): void {
    const { log } = this.#house
    planned.kept = this.#recorder?.told(planned.kept) ?? planned.kept
    this.#plan = planned
    if (rewrites(this.#profile, this.#client.name)) planned.untouched = false
    // Those of a target that was asked before are of no interest any more.
    this.#warnings = [...planned.warnings]
    if (log.debug) tellPlan(log, this.#id, this.#client.name, planned)
    if (planned.alone) {
      this.#answerAlone(planned, planned.alone)
      return
    }
    if (planned.stream) this.#answer.expectStream()
    this.#delivery.expect(planned)
    this.#prepare(planned)
  }

  #prepare(planned: Plan): void {
    const { provider, upstream, target, asksStream, text, form } = planned
    const url = upstreamUrl(provider, upstream, 'chat', {
      model: target.model,
      stream: asksStream,
      ...(form !== undefined && { form }),
    })
    const headers = upstreamHeaders(
      this.#exchange,
      provider,
      { ...upstream.upstream.headers, ...planned.headers },
      this.#house.clientKeys,
      this.#key,
    )
    const request = { name: provider.name, method: 'POST', url, headers, body: text } as const
    if (provider.prepare) this.#prepareAndSend(planned, request, provider.prepare)
    else if (provider.sign === undefined) this.#send(planned, request)
    else this.#signAndSend(planned, request, provider.sign)
    // While the provider thinks there is time; and a stream that runs for minutes must not hold its prompt so long.
    if (planned.request && !planned.untouched) planned.inputEstimate = estimateInput(planned.request)
    planned.request = undefined
    planned.text = ''
  }

  /** Other requests may have to go before it; with the client they end, too. */
  #prepareAndSend(planned: Plan, request: UpstreamRequest & { body: string }, prepare: Prepare): void {
    const leaving = new AbortController()
    const prepared = prepare(request, poster(this.#house, planned, leaving.signal))
    if (!prepared) {
      this.#send(planned, request)
      return
    }
    this.#stopPreparing = () => leaving.abort()
    prepared.then(
      ({ url, headers, body = '' }) => {
        if (!this.#settled && !leaving.signal.aborted) this.#send(planned, { ...request, url, headers, body })
      },
      (cause: unknown) => {
        if (!leaving.signal.aborted) this.#attemptFailed(SluiceError.from(cause))
      },
    )
  }

  #signAndSend(planned: Plan, request: UpstreamRequest & { body: string }, sign: Sign): void {
    sign(request).then(
      (headers) => {
        // The client may have left meanwhile.
        if (!this.#settled) this.#send(planned, { ...request, headers })
      },
      (cause: unknown) => {
        const { code, message } = SluiceError.from(cause)
        this.#attemptFailed(new SluiceError(code, `cannot sign the request to ${request.name}: ${message}`, { cause }))
      },
    )
  }

  #send(planned: Plan, request: UpstreamRequest): void {
    const { transport, clock, streaming, log } = this.#house
    const { provider, upstream } = planned
    if (log.debug) log.step(this.#id, 'sent', { provider: provider.name, bytes: request.body?.length ?? 0 })
    this.#attemptOver = false
    this.#maybeBilled = true
    this.#sentAt = clock.now()
    this.#rotation?.begin()
    if (planned.asksStream && planned.stream && this.#rotation?.othersLeft) this.#limitFirst(planned)
    const turn = ++this.#turn
    this.#attempt = new Attempt(transport, request, clock, streaming, {
      onHead: (head) => this.#onHead(head),
      framings: upstream.upstream.framings ?? sseOnly,
      openRelay: (framing) => this.#openRelay(planned, framing),
      onWhole: (bytes) => this.#onWhole(planned, bytes),
      onRefusal: (status, text) => this.#onRefusal(planned, status, text),
      onFailure: (error) => this.#onFailure(error),
      onSettled: () => {
        if (turn !== this.#turn) return
        this.#attemptOver = true
        this.#settle()
      },
    })
  }

  /** Another target may be quicker. The last one has all the time that there is. */
  #limitFirst({ provider, target }: Plan): void {
    const { clock, streaming } = this.#house
    const { firstTokenTimeoutMs } = streaming
    this.#stopFirst = clock.after(firstTokenTimeoutMs, () =>
      this.#attemptFailed(
        new SluiceError(
          'first_token_timeout',
          `${provider.name}/${target.model} sent no content within ${firstTokenTimeoutMs / 1000} s`,
        ),
      ),
    )
  }

  #onHead(head: UpstreamHead): void {
    this.#head = head
    if (this.#house.log.debug) this.#house.log.step(this.#id, 'head', { status: head.status })
    if (head.status < 300) this.#led?.(true)
  }

  #openRelay(planned: Plan, framing: UpstreamFraming): Relay {
    this.#lessons?.streams(planned, this.#body !== undefined && offersTools(this.#body.json))
    return this.#delivery.openRelay(planned, framing)
  }

  #onWhole(planned: Plan, bytes: Uint8Array): void {
    this.#delivery.whole(planned, bytes, () => {
      this.#lessons?.answeredWhole(planned)
      if (planned.stream && planned.asksStream) this.#checkSimulation(planned, 'it answered in one piece')
    })
  }

  /** @throws StreamingError `not_supported` */
  #checkSimulation({ provider, target, policy }: Plan, why: string): void {
    checkSimulation(`${provider.name}/${target.model}`, why, { nativeOnly: demandsNative(this.#exchange) }, policy)
  }

  /** The provider says no: to the request, or only to the way in which it was asked. */
  #onRefusal(planned: Plan, status: number, text: string): void {
    this.#maybeBilled = false
    const body = this.#body
    if (body && this.#lessons?.refused(planned, body.json, status, text)) {
      this.#led?.(true)
      this.#repeat(body)
      return
    }
    this.#attemptFailed(readRefusal(planned, this.#head?.headers ?? {}, status, text))
  }

  /** The same request in the way that the provider has left. Nothing was done for the first one, so nothing is paid twice. */
  #repeat(body: RequestBody): void {
    const { log, capabilities } = this.#house
    const routed = this.#routed
    const known = routed && capabilities.of(routed.provider)
    // It was at hand a moment ago.
    if (!routed || !known || known instanceof Promise)
      throw new SluiceError('internal', 'a request has lost its target')
    if (log.debug) log.step(this.#id, 'repeat', { because: 'the provider refused the way it was asked' })
    this.#letGo()
    this.#ask(body, routed, known)?.catch((error: unknown) => this.#attemptFailed(SluiceError.from(error)))
  }

  #onFailure(error: SluiceError): void {
    if (error.code === 'connect_timeout') this.#maybeBilled = false
    this.#attemptFailed(error)
  }

  #flow(flowing: boolean): void {
    if (flowing) {
      this.#attempt?.resume()
      this.#delivery.resume()
    } else {
      this.#attempt?.pause()
      this.#delivery.pause()
    }
  }

  /** Nobody has to be asked. */
  #answerAlone(planned: Plan, reply: ChatReply): void {
    this.#delivery.alone(planned, reply)
    this.#settle()
  }

  #fail(error: SluiceError): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = error
    this.#led?.(true)
    const headers: Record<string, string> = {}
    if (error.retryAfterMs !== undefined && !this.#head?.headers['retry-after']) {
      headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    }
    // Whoever tries again here would only multiply what has been tried.
    if ((this.#rotation?.failed.length ?? 0) > 1) headers['x-should-retry'] = 'false'
    try {
      this.#answer.fail(error, headers, () => this.#delivery.errorEvents(this.#plan, error))
    } catch {
      this.#answer.cut()
    }
    this.#delivery.stop()
    this.#attempt?.abort()
    this.#settle()
  }

  #onContent(): void {
    this.#body = undefined
    this.#stopFirst?.()
    this.#rotation?.answered()
    const { log, clock } = this.#house
    if (log.debug) log.step(this.#id, 'first token', { ms: Math.round(clock.now() - this.#startedAt) })
  }

  /** The client has left. */
  #abort(): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = new SluiceError('client_closed', 'the client closed the connection before the answer was complete')
    // Who waited for what this request would find out goes on by itself.
    this.#led?.(false)
    this.#answer.abandon()
    this.#delivery.stop()
    this.#attempt?.abort()
    this.#settle()
  }

  readonly #owner = (): string => ownerOf(this.#exchange)

  /** Something in the answer that the client's dialect cannot say. Once the head has gone only the log can tell. */
  #lose(warning: Warning): void {
    const { log } = this.#house
    this.#warnings.push(warning)
    if (log.debug) log.step(this.#id, 'lost', { warnings: warningsHeader([warning]) })
  }

  #headers(): Record<string, string> {
    return {
      ...this.#house.headersFor(this.#exchange),
      ...answerHeaders({
        id: this.#id,
        client: this.#client.client,
        upstream: this.#head?.headers ?? {},
        plan: this.#plan,
        kind: this.#delivery.kind,
        warnings: this.#warnings,
        failed: this.#rotation?.failed ?? [],
        attempts: this.#rotation?.attempts ?? 0,
      }),
    }
  }

  /** Once, when both the client has its end and the upstream call is over. */
  #settle(): void {
    if (this.#settled || this.#delivery.outlasts) return
    const answered = this.#answer.isOver
    if (!answered || !this.#attemptOver) {
      if (!answered && this.#attemptOver && this.#attempt) {
        // The upstream call is over and nobody has answered the client: a fault of this house.
        this.#fail(new SluiceError('internal', 'the request ended without an answer'))
      }
      return
    }
    this.#settled = true
    this.#body = undefined
    this.#stopFirst?.()
    this.#stopPreparing?.()
    this.#stopWaiting?.()
    this.#tellEnd()
    this.#onSettled()
  }

  #tellEnd(): void {
    const { log, clock } = this.#house
    const { progress, firstAt, kind } = this.#delivery
    const error = this.#error ?? progress.error
    const endedAt = clock.now()
    this.#rotation?.end(error)
    if (this.#plan && firstAt !== undefined && kind !== 'simulated' && this.#plan.asksStream && !error) {
      this.#lessons?.arrived(this.#plan, progress, firstAt - this.#sentAt, endedAt - firstAt)
    }
    const record = requestRecord({
      id: this.#id,
      exchange: this.#exchange,
      client: this.#client.name,
      plan: this.#plan,
      stream: kind,
      headers: this.#head?.headers ?? {},
      status: this.#answer.status,
      progress,
      error,
      maybeBilled: this.#maybeBilled,
      failed: this.#rotation?.failed ?? [],
      startedAt: this.#startedAt,
      firstAt,
      endedAt,
    })
    if (log.debug) tellEnd(log, record, this.#answer.pressure)
    log.request(record)
  }
}

const sseOnly: readonly UpstreamFraming[] = ['sse']
