import type { Led, ProviderLessons } from '../capabilities/index.ts'
import type { Asked, Dialect, UpstreamFraming } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { type Failed, Rotation, type Step } from '../resilience/index.ts'
import { continueRequest } from '../resume/index.ts'
import type { ChatRequest } from '../tokens/index.ts'
import type { UpstreamHead, UpstreamRequest } from '../transport/index.ts'
import { Attempt } from './attempt.ts'
import type { Delivery } from './delivery.ts'
import { goesOn } from './delivery.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { Lessons, offersTools } from './lessons.ts'
import { type Plan, type PlanOptions, plan, type Routed } from './plan.ts'
import { readRefusal } from './refusal.ts'
import type { Relay } from './relay.ts'
import type { RequestBody } from './request-body.ts'
import { isUnsent } from './unsent.ts'
import { readyRequest } from './upstream-request.ts'
import { checkSimulation, chooseWay, demandsNative, followLeader, policyOf, type Way } from './way.ts'

export interface PursuitOptions {
  house: House
  exchange: Exchange
  client: Dialect
  asked: Asked
  /** That of the request. */
  id: string
  delivery: Delivery
  owner: () => string
  /** The client has its answer or has left: nobody is asked any more. */
  isOver: () => boolean
  /** The client waits for a stream from now on. */
  onStream: () => void
  /** What is going to be asked of whom. @returns false where it has been answered with that */
  onPlan: (planned: Plan) => boolean
  /** Nobody is left to be asked: this is the answer. */
  onGiveUp: (error: SluiceError) => void
  /** The call that counts is over, well or not. */
  onSettled: () => void
}

/**
 * Asks one target after the other until one answers; and, where somebody may go on with an answer that breaks off, until
 * it is whole. Of all calls one counts: events of the others come to nothing.
 */
export class Pursuit {
  readonly #options: PursuitOptions
  /** Until the answer cannot break any more, or nobody would go on with it. */
  #body: RequestBody | undefined
  #rotation: Rotation<Routed> | undefined
  /** The target that is asked now, and with which key. */
  #routed: Routed | undefined
  #key: string | undefined
  #lessons: Lessons | undefined
  #led: Led | undefined
  #attempt: Attempt | undefined
  #attemptOver = true
  /** Which of the calls is the one that counts. */
  #turn = 0
  #sentAt = 0
  /** The provider has taken the request, and whether it charges for it is not known. */
  #maybeBilled = false
  /** The same of an attempt before this one. */
  #billedBefore = false
  /** The last failure that a provider has told itself. */
  #refusal: SluiceError | undefined
  /** What an answer broke with that somebody is to go on with, and how often that was. */
  #broken: SluiceError | undefined
  #continuations = 0
  #stopWaiting: (() => void) | undefined
  #stopFirst: (() => void) | undefined
  #stopPreparing: (() => void) | undefined
  #plan: Plan | undefined
  #head: UpstreamHead | undefined

  constructor(options: PursuitOptions) {
    this.#options = options
  }

  get plan(): Plan | undefined {
    return this.#plan
  }

  /** Of the answer to the call that counts. */
  get head(): UpstreamHead | undefined {
    return this.#head
  }

  /** The attempts that came to nothing, and how many there were in all. */
  get failed(): readonly Failed[] {
    return this.#rotation?.failed ?? []
  }

  get attempts(): number {
    return this.#rotation?.attempts ?? 0
  }

  /** No call is running, or waited for. */
  get isIdle(): boolean {
    return this.#attemptOver && !this.#stopWaiting
  }

  /** Whether some call has been made. */
  get hasAsked(): boolean {
    return this.#attempt !== undefined
  }

  /** @param error with which it all ended, if it did not end well */
  maybeBilled(error: SluiceError | undefined): boolean {
    return this.#billedBefore || (error !== undefined && this.#maybeBilled)
  }

  async start(body: RequestBody, targets: readonly Routed[]): Promise<void> {
    const { health, clock, streaming } = this.#options.house
    this.#body = body
    this.#rotation = new Rotation({ targets, retries: streaming.maxRetries, health, now: () => clock.now() })
    await this.#try(body, this.#rotation.first())
  }

  pause(): void {
    this.#attempt?.pause()
  }

  resume(): void {
    this.#attempt?.resume()
  }

  /** The first content is on its way. */
  onContent(): void {
    this.#stopFirst?.()
    this.#rotation?.answered()
    // A stream that runs for minutes must not hold its prompt so long, unless it may be needed.
    if (!this.#plan || !goesOn(this.#plan)) this.#body = undefined
  }

  /** Nobody wants to know any more. @param left the client has gone; else the answer has failed */
  abort(left: boolean): void {
    // Who waited for what this request would find out goes on by itself, or finds another one to wait for.
    this.#led?.(!left && this.#plan !== undefined)
    this.#stopFirst?.()
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#stopPreparing?.()
    this.#body = undefined
    this.#attempt?.abort()
  }

  /** All is over, and this is what can be learned of it. Times by the clock of the house. */
  end(error: SluiceError | undefined, firstAt: number | undefined, endedAt: number): void {
    this.#body = undefined
    this.#rotation?.end(error)
    const { kind, progress } = this.#options.delivery
    if (!this.#plan?.asksStream || firstAt === undefined || kind === 'simulated' || error || this.#continuations > 0)
      return
    this.#lessons?.arrived(this.#plan, progress, firstAt - this.#sentAt, endedAt - firstAt)
  }

  /**
   * The stream broke off after its content. True: another target goes on with it, or the same one once more.
   */
  interrupted(error: SluiceError): boolean {
    const { delivery, house, id, isOver } = this.#options
    const body = this.#body
    const planned = this.#plan
    if (!body || !planned || isOver() || this.#continuations === mostContinuations) return false
    const { delivered } = delivery
    const hindrance = delivered
      ? delivered.hindrance(planned.upstream.upstream.signsReasoning === true)
      : 'it is not known'
    const step = hindrance === undefined ? this.#rotation?.next(error, false) : undefined
    if (house.log.debug) {
      const then = step ? `${step.target.provider.name}/${step.target.model}` : (hindrance ?? 'nobody is left')
      house.log.step(id, 'interrupted', { because: error.code, then })
    }
    if (!step) return false
    this.#continuations++
    this.#broken ??= error
    delivery.tellSwitch(`${step.target.provider.name}/${step.target.model}`)
    this.#goTo(body, step)
    return true
  }

  /** Asks one target. What cannot be asked of it may be asked of the next one. */
  async #try(body: RequestBody, { target: routed, key }: Step<Routed>): Promise<void> {
    try {
      const known = this.#options.house.capabilities.of(routed.provider)
      const lessons = known instanceof Promise ? await known : known
      this.#lessons = new Lessons(lessons)
      if (routed.stream) {
        const waiting = this.#follow(lessons, routed)
        if (waiting) await waiting
      }
      if (this.#options.isOver()) return
      this.#key = key
      this.#routed = routed
      const asking = this.#ask(body, routed, lessons)
      if (asking) await asking
    } catch (error) {
      this.#attemptFailed(SluiceError.from(error))
    }
  }

  /** The next target, another key, or once more, if there is a way left. */
  #attemptFailed(error: SluiceError): void {
    const { isOver, onGiveUp, house, id } = this.#options
    if (isOver()) return
    // Where there was not even a plan nothing was found out, and whoever waits needs another leader.
    this.#led?.(this.#plan !== undefined)
    this.#led = undefined
    const body = this.#body
    const begun = this.#head !== undefined && this.#head.status < 300
    const step = body && this.#rotation?.next(error, begun)
    if (error.upstream?.status !== undefined) this.#refusal = error
    if (!body || !step) {
      // What a provider has said itself is of more use than that another could not be reached.
      onGiveUp(this.#broken ?? (error.upstream?.status === undefined && this.#refusal ? this.#refusal : error))
      return
    }
    if (house.log.debug) {
      const { target, waitMs } = step
      house.log.step(id, 'next', { because: error.code, target: `${target.provider.name}/${target.model}`, ms: waitMs })
    }
    this.#goTo(body, step)
  }

  #goTo(body: RequestBody, step: Step<Routed>): void {
    this.#billedBefore ||= this.#maybeBilled
    this.#letGo()
    if (step.waitMs === 0) {
      void this.#try(body, step)
      return
    }
    this.#stopWaiting = this.#options.house.clock.after(step.waitMs, () => {
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
    const { isOver, onStream } = this.#options
    const place = followLeader(lessons, routed.provider, routed.stream)
    if (typeof place === 'function') this.#led = place
    if (!(place instanceof Promise)) return undefined
    onStream()
    // Who led may have left without an answer.
    return place.then(() => (isOver() ? undefined : this.#follow(lessons, routed)))
  }

  /** Plans and sends. A promise only where state of the conversation is in a store that takes its time. */
  #ask(body: RequestBody, routed: Routed, lessons: ProviderLessons): Promise<void> | undefined {
    const { house, client, owner, isOver } = this.#options
    // Both plans go one way: to ask a second time could be answered otherwise.
    const chosen: { way?: Way } = {}
    if (!client.client.rebuildsHistory) {
      this.#begin(this.#makePlan(body, routed, lessons, chosen))
      return undefined
    }
    const pending: { state?: Promise<void> | undefined } = {}
    const planned = this.#makePlan(body, routed, lessons, chosen, (request) => {
      pending.state = house.memory.restore(owner, request)
    })
    if (!pending.state) {
      this.#begin(planned)
      return undefined
    }
    return pending.state.then(() => {
      if (isOver()) return
      const restore = (request: ChatRequest) => house.memory.restoreKnown(owner, request)
      this.#begin(this.#makePlan(body, routed, lessons, chosen, restore))
    })
  }

  #makePlan(
    body: RequestBody,
    routed: Routed,
    lessons: ProviderLessons,
    chosen: { way?: Way },
    restore?: (request: ChatRequest) => void,
  ): Plan {
    const { house, exchange, client, asked, delivery } = this.#options
    const { provider, target, stream } = routed
    const policy = policyOf(house.streaming, provider, target.model)
    const choose = (whole = false) => {
      const wish = {
        stream,
        tools: !target.traits.emulateTools && offersTools(body.json),
        nativeOnly: stream && demandsNative(exchange),
        streamRefused: whole || this.#lessons?.streamRefused === true,
      }
      chosen.way = chooseWay(lessons, provider, target, wish, policy)
      return chosen.way
    }
    const options: PlanOptions = { policy, choose, ...(restore && { restore }) }
    const { delivered } = delivery
    if (delivered) {
      options.rewrite = (request, to, { upstream }) => {
        const prefill = upstream.prefills?.(to) === true && lessons.can(to.model, 'prefill') !== false
        continueRequest(request, { text: delivered.text, prefill })
      }
    }
    return plan(client, body, routed, asked, options)
  }

  #begin(planned: Plan): void {
    this.#plan = planned
    if (!this.#options.onPlan(planned)) return
    const { house, exchange, delivery } = this.#options
    if (planned.stream) this.#options.onStream()
    delivery.expect(planned)
    const leaving = new AbortController()
    const ready = readyRequest(house, exchange, planned, this.#key, leaving.signal)
    if (!(ready instanceof Promise)) {
      this.#send(planned, ready)
      return
    }
    const turn = this.#turn
    this.#stopPreparing = () => leaving.abort()
    ready.then(
      (request) => {
        // The client may have left meanwhile.
        if (turn === this.#turn && !this.#options.isOver()) this.#send(planned, request)
      },
      (cause: unknown) => {
        if (turn === this.#turn && !leaving.signal.aborted) this.#attemptFailed(SluiceError.from(cause))
      },
    )
  }

  #send(planned: Plan, request: UpstreamRequest): void {
    const { transport, clock, streaming, log } = this.#options.house
    const { provider, upstream } = planned
    if (log.debug) log.step(this.#options.id, 'sent', { provider: provider.name, bytes: request.body?.length ?? 0 })
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
      onFailure: (error) => this.onFailure(error),
      onSettled: () => {
        if (turn !== this.#turn) return
        this.#attemptOver = true
        this.#options.onSettled()
      },
    })
  }

  /** Another target may be quicker. The last one has all the time that there is. */
  #limitFirst({ provider, target }: Plan): void {
    const { clock, streaming } = this.#options.house
    const { firstTokenTimeoutMs } = streaming
    const error = () =>
      new SluiceError(
        'first_token_timeout',
        `${provider.name}/${target.model} sent no content within ${firstTokenTimeoutMs / 1000} s`,
      )
    this.#stopFirst = clock.after(firstTokenTimeoutMs, () => this.#attemptFailed(error()))
  }

  #onHead(head: UpstreamHead): void {
    const { log } = this.#options.house
    this.#head = head
    if (log.debug) log.step(this.#options.id, 'head', { status: head.status })
    if (head.status < 300) this.#led?.(true)
  }

  #openRelay(planned: Plan, framing: UpstreamFraming): Relay {
    this.#lessons?.streams(planned, this.#body !== undefined && offersTools(this.#body.json))
    return this.#options.delivery.openRelay(planned, framing)
  }

  #onWhole(planned: Plan, bytes: Uint8Array): void {
    const { delivery, exchange } = this.#options
    delivery.whole(planned, bytes, () => {
      this.#lessons?.answeredWhole(planned)
      if (!planned.stream || !planned.asksStream) return
      const { provider, target, policy } = planned
      const named = `${provider.name}/${target.model}`
      checkSimulation(named, 'it answered in one piece', { nativeOnly: demandsNative(exchange) }, policy)
    })
  }

  /** The provider says no: to the request, or only to the way in which it was asked. */
  #onRefusal(planned: Plan, status: number, text: string): void {
    this.#maybeBilled = false
    const body = this.#body
    if (
      body &&
      this.#lessons?.refused(planned, body.json, status, text, this.#options.delivery.delivered !== undefined)
    ) {
      this.#led?.(true)
      this.#repeat(body)
      return
    }
    this.#attemptFailed(readRefusal(planned, this.#head?.headers ?? {}, status, text))
  }

  /** The same request in the way that the provider has left. Nothing was done for the first one, so nothing is paid twice. */
  #repeat(body: RequestBody): void {
    const { log, capabilities } = this.#options.house
    const routed = this.#routed
    const known = routed && capabilities.of(routed.provider)
    // It was at hand a moment ago.
    if (!routed || !known || known instanceof Promise) {
      throw new SluiceError('internal', 'a request has lost its target')
    }
    if (log.debug) log.step(this.#options.id, 'repeat', { because: 'the provider refused the way it was asked' })
    this.#letGo()
    this.#ask(body, routed, known)?.catch((error: unknown) => this.#attemptFailed(SluiceError.from(error)))
  }

  /** Nothing of this answer has reached the client. */
  onFailure(error: SluiceError): void {
    if (isUnsent(error)) this.#maybeBilled = false
    this.#attemptFailed(error)
  }
}

const mostContinuations = 3
const sseOnly: readonly UpstreamFraming[] = ['sse']
