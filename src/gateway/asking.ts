import type { Led, ProviderLessons } from '../capabilities/index.ts'
import type { StreamingConfig } from '../config/index.ts'
import type { UpstreamFraming } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { UpstreamHead, UpstreamRequest } from '../transport/index.ts'
import type { AskingEvents, AskingJob, AskingOptions } from './asking-options.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Relay } from './delivery/relay.ts'
import { Lessons, offersTools } from './lessons.ts'
import type { Plan, Routed } from './plan.ts'
import { planAttempt } from './plan-attempt.ts'
import { type RequestBody, TextBody } from './request-body.ts'
import { Attempt } from './upstream/attempt.ts'
import { readRefusal, readRefusalInside } from './upstream/refusal.ts'
import { isUnsent } from './upstream/unsent.ts'
import { readyRequest } from './upstream/upstream-request.ts'
import { checkSimulation, demandsNative, followLeader } from './way.ts'

/**
 * Asks one target with one key: in the way that it is known to take, or in the way that it has left when it refuses the
 * first one. Whoever made it drops it by `abort`, and hears nothing of it any more.
 */
export class Asking {
  readonly #options: AskingOptions
  readonly #events: AskingEvents
  /** Until the answer has content: as long as the target may have to be asked once more. */
  #body: RequestBody | undefined
  readonly #routed: Routed
  readonly #key: string | undefined
  readonly #delivery: Delivery
  readonly #hurries: boolean
  #known: ProviderLessons | undefined
  #lessons: Lessons | undefined
  #led: Led | undefined
  #attempt: Attempt | undefined
  /** Which call is the one that counts: one that was refused for its way is of no interest. */
  #turn = 0
  #sentAt = 0
  #over = false
  #paused = false
  #stopFirst: (() => void) | undefined
  #stopPreparing: (() => void) | undefined
  #stopLeading: (() => void) | undefined
  /** It answers with a stream. */
  #streams = false
  /** The request offers tools. */
  #tools = false
  plan: Plan | undefined
  head: UpstreamHead | undefined
  /** The provider has taken the request, and whether it charges for it is not known. */
  maybeBilled = false

  constructor(options: AskingOptions, events: AskingEvents, { body, routed, key, delivery, hurries }: AskingJob) {
    this.#options = options
    this.#events = events
    this.#body = body
    this.#routed = routed
    this.#key = key
    this.#delivery = delivery
    this.#hurries = hurries
  }

  /** Some call has been made. */
  get hasCalled(): boolean {
    return this.#attempt !== undefined
  }

  async start(): Promise<void> {
    try {
      const known = this.#options.house.capabilities.of(this.#routed.provider)
      this.#known = known instanceof Promise ? await known : known
      if (this.#over) return
      this.#lessons = new Lessons(this.#known)
      if (this.#routed.stream && !this.#hurries) {
        const waiting = this.#follow(this.#known)
        if (waiting) await waiting
      }
      if (this.#over) return
      const asking = this.#ask(this.#known)
      if (asking) await asking
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }

  /** From before its call, where the client has not taken what somebody else has begun. */
  pause(): void {
    this.#paused = true
    this.#attempt?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#attempt?.resume()
  }

  onContent(): void {
    // Not before: a stream may begin with an error, and be none.
    if (this.#streams && this.plan && this.#body) this.#lessons?.streams(this.plan, this.#tools)
    this.#body = undefined
    this.#stopFirst?.()
  }

  /** Nothing of an answer has reached the client, and nothing will. */
  fail(error: SluiceError): void {
    this.#fail(this.plan ? readRefusalInside(this.plan, error) : error)
  }

  #fail(error: SluiceError): void {
    if (this.#over) return
    if (isUnsent(error)) this.maybeBilled = false
    this.#events.onFailed(error)
  }

  /** @param left it was not the target that failed: the client has gone, or has its answer from somebody else */
  abort(left = false): void {
    if (this.#over) return
    this.#over = true
    this.#body = undefined
    // Where there was not even a plan nothing was found out: whoever waits for that needs somebody else.
    this.#led?.(!left && this.plan !== undefined)
    this.#drop()
  }

  /** The answer came to its end. Times by the clock of the house. */
  learn(firstAt: number, endedAt: number): void {
    const { kind, progress } = this.#delivery
    if (!this.plan?.asksStream || kind === 'simulated') return
    this.#lessons?.arrived(this.plan, progress, firstAt - this.#sentAt, endedAt - firstAt)
  }

  /** The call is of no interest from here on. */
  #drop(): void {
    this.#turn++
    this.#streams = false
    this.#stopFirst?.()
    this.#stopLeading?.()
    this.#stopPreparing?.()
    this.#delivery.letGo()
    this.#attempt?.abort()
  }

  /** Nothing is known of the provider, and another request is about to find out: what it learns is worth waiting for. */
  #follow(known: ProviderLessons): Promise<void> | undefined {
    const place = followLeader(known, this.#routed.provider, this.#routed.stream)
    if (typeof place === 'function') {
      this.#led = place
      // Others do not wait for a provider that says nothing at all.
      const { clock, streaming } = this.#options.house
      this.#stopLeading = clock.after(streaming.firstTokenTimeoutMs, () => place(true))
    }
    if (!(place instanceof Promise)) return undefined
    this.#options.onStream()
    // Who led may have left without an answer.
    return place.then(() => (this.#over ? undefined : this.#follow(known)))
  }

  /** Plans and sends. A promise only where planning takes its time. */
  #ask(known: ProviderLessons): Promise<void> | undefined {
    const { house, exchange, client, asked, owner } = this.#options
    const planned = planAttempt({
      house,
      exchange,
      client,
      asked,
      owner,
      body: this.#body as RequestBody,
      routed: this.#routed,
      known,
      lessons: this.#lessons,
      delivered: this.#delivery.delivered,
    })
    if (planned instanceof Promise) {
      return planned.then((ready) => {
        if (!this.#over) this.#begin(ready)
      })
    }
    this.#begin(planned)
    return undefined
  }

  #begin(planned: Plan): void {
    this.plan = planned
    const { house, exchange, onPlan, onStream } = this.#options
    this.#delivery.expect(planned)
    if (!onPlan(planned, this.#delivery)) return
    if (planned.stream) onStream()
    let leaving: AbortController | undefined
    const signal = (): AbortSignal => {
      leaving ??= new AbortController()
      return leaving.signal
    }
    const ready = readyRequest(house, exchange, planned, this.#key, signal)
    if (!(ready instanceof Promise)) {
      this.#send(planned, ready)
      return
    }
    const turn = this.#turn
    this.#stopPreparing = () => leaving?.abort()
    ready.then(
      (request) => {
        if (turn === this.#turn) this.#send(planned, request)
      },
      (cause: unknown) => {
        if (turn === this.#turn) this.fail(SluiceError.from(cause))
      },
    )
  }

  #send(planned: Plan, request: UpstreamRequest): void {
    const { transport, clock, log } = this.#options.house
    const { provider, upstream, policy } = planned
    if (log.debug) log.step(this.#options.id, 'sent', { provider: provider.name, bytes: request.body?.length ?? 0 })
    this.maybeBilled = true
    this.#sentAt = clock.now()
    this.#lighten()
    this.#events.onSent()
    this.#limitFirst(planned)
    const turn = ++this.#turn
    this.#attempt = new Attempt(transport, request, clock, this.#limits(policy), {
      onHead: (head) => this.#onHead(head),
      framings: upstream.upstream.framings ?? sseOnly,
      openRelay: (framing) => this.#openRelay(planned, framing),
      onWhole: (bytes) => this.#onWhole(planned, bytes),
      onRefusal: (status, text) => this.#onRefusal(planned, status, text),
      onFailure: (error) => this.fail(error),
      onSettled: () => {
        if (turn === this.#turn) this.#events.onSettled()
      },
    })
    if (this.#paused) this.#attempt.pause()
  }

  /** While the provider works only the text of the request is kept. */
  #lighten(): void {
    const body = this.#body
    if (!body || body instanceof TextBody) return
    this.#tools = offersTools(body.json)
    this.#body = new TextBody(body.text)
  }

  /** Whoever goes on with an answer has the time that is left of it. */
  #limits(policy: StreamingConfig): StreamingConfig {
    const { house, startedAt } = this.#options
    if (!this.#delivery.delivered) return policy
    const left = policy.totalTimeoutMs - (house.clock.now() - startedAt)
    return { ...policy, totalTimeoutMs: Math.max(1, left) }
  }

  #limitFirst(planned: Plan): void {
    const ms = this.#events.firstTokenMs(planned)
    if (ms === undefined) return
    const named = `${planned.provider.name}/${planned.target.model}`
    this.#stopFirst = this.#options.house.clock.after(ms, () => {
      // The silence is ours, or nobody could do better.
      if (this.#paused || this.#events.isLast()) this.#limitFirst(planned)
      else this.fail(new SluiceError('first_token_timeout', `${named} sent no content within ${ms / 1000} s`))
    })
  }

  #onHead(head: UpstreamHead): void {
    const { log } = this.#options.house
    this.head = head
    if (log.debug) log.step(this.#options.id, 'head', { status: head.status })
    if (head.status >= 300) return
    this.#led?.(true)
    this.#stopLeading?.()
  }

  #openRelay(planned: Plan, framing: UpstreamFraming): Relay {
    this.#streams = true
    return this.#delivery.openRelay(planned, framing)
  }

  #onWhole(planned: Plan, bytes: Uint8Array): void {
    const { exchange } = this.#options
    this.#delivery.whole(planned, bytes, () => {
      this.#lessons?.answeredWhole(planned)
      if (!planned.stream || !planned.asksStream) return
      const { provider, target, policy } = planned
      const named = `${provider.name}/${target.model}`
      checkSimulation(named, 'it answered in one piece', { nativeOnly: demandsNative(exchange) }, policy)
    })
  }

  /** The provider says no: to the request, or only to the way in which it was asked. */
  #onRefusal(planned: Plan, status: number, text: string): void {
    this.maybeBilled = false
    const continuing = this.#delivery.delivered !== undefined
    const body = this.#body
    if (body && this.#lessons?.refused(planned, body.json, status, text, continuing)) {
      this.#led?.(true)
      this.#repeat()
      return
    }
    this.#fail(readRefusal(planned, this.head?.headers ?? {}, status, text))
  }

  /** The same request in the way that the provider has left. Nothing was done for the first one, so nothing is paid twice. */
  #repeat(): void {
    const { log } = this.#options.house
    if (log.debug) log.step(this.#options.id, 'repeat', { because: 'the provider refused the way it was asked' })
    this.#drop()
    this.head = undefined
    try {
      if (this.#known) this.#ask(this.#known)?.catch((error: unknown) => this.fail(SluiceError.from(error)))
    } catch (error) {
      this.fail(SluiceError.from(error))
    }
  }
}

const sseOnly: readonly UpstreamFraming[] = ['sse']
