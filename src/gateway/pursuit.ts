import type { SluiceError } from '../errors/index.ts'
import { type Failed, type Leg, Rotation } from '../resilience/index.ts'
import type { UpstreamHead } from '../transport/index.ts'
import { Asking } from './asking.ts'
import type { AskingOptions } from './asking-options.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { DeliveryEvents } from './delivery/delivery-options.ts'
import { Lane, type LaneEvents } from './lane.ts'
import { goesOn, type Plan, type Routed } from './plan.ts'
import { type RequestBody, TextBody } from './request-body.ts'
import { factsOf } from './request-facts.ts'

export interface PursuitOptions extends AskingOptions {
  /** How an answer would reach the client. */
  newDelivery: (events: DeliveryEvents) => Delivery
  /** The client has its answer or has left: nobody is asked any more. */
  isOver: () => boolean
  /** The first content is on its way. */
  onContent: () => void
  /** Nobody is left to be asked: this is the answer. */
  onGiveUp: (error: SluiceError) => void
  /** The call that counts is over, well or not. */
  onSettled: () => void
}

/**
 * Asks one target after the other until one answers; and, where somebody may go on with an answer that breaks off, until
 * it is whole. Where it takes too long two are asked at the same time, and the answer is that of the first that has
 * content. Of all calls one counts: events of the others come to nothing.
 */
export class Pursuit {
  readonly #options: PursuitOptions
  /** Until the answer cannot break any more, or nobody would go on with it. */
  #body: RequestBody | undefined
  #rotation: Rotation<Routed> | undefined
  #lane: Lane
  /** Until the first content: who is asked at the same time. */
  #rival: Lane | undefined
  /** A target that was asked before may charge for it. */
  #billedBefore = false
  /** The last failure that a provider has told itself, and which target that was. */
  #refusal: SluiceError | undefined
  #refusedBy: Asking | undefined
  #brokenBy: Asking | undefined
  /** The target whose failure is the answer, where others were to be asked after it. */
  #toldBy: Asking | undefined
  /** What an answer broke with that somebody is to go on with, and how often that was. */
  #broken: SluiceError | undefined
  #continuations = 0
  #stopWaiting: (() => void) | undefined
  #stopHedge: (() => void) | undefined
  /** The client does not take what has come: whoever is asked next has to wait, too. */
  #paused = false
  readonly #events: LaneEvents = {
    onContent: (lane) => this.#onContent(lane),
    onSeen: (lane) => this.#onSeen(lane),
    onInterrupted: (lane, error) => this.#interrupted(lane, error),
  }

  constructor(options: PursuitOptions) {
    this.#options = options
    this.#lane = new Lane(options.newDelivery, this.#events)
  }

  /** That of the call that counts. */
  get delivery(): Delivery {
    return this.#lane.delivery
  }

  get plan(): Plan | undefined {
    return (this.#toldBy ?? this.#lane.asking)?.plan
  }

  /** Of the answer to the call that counts. */
  get head(): UpstreamHead | undefined {
    return (this.#toldBy ?? this.#lane.asking)?.head
  }

  /** The attempts that came to nothing. */
  get failed(): readonly Failed[] {
    return this.#rotation?.failed ?? []
  }

  /** How many there were in all. */
  get attempts(): number {
    return this.#rotation?.attempts ?? 0
  }

  /** No call is running, or waited for. */
  get isIdle(): boolean {
    return !this.#lane.calling && !this.#rival && !this.#stopWaiting
  }

  /** Some call has been made to the target that counts. */
  get hasCalled(): boolean {
    return this.#lane.asking?.hasCalled === true
  }

  /** @param error with which it all ended, if it did not end well */
  maybeBilled(error: SluiceError | undefined): boolean {
    return this.#billedBefore || (error !== undefined && this.#lane.asking?.maybeBilled === true)
  }

  async start(body: RequestBody, targets: readonly Routed[]): Promise<void> {
    const { health, clock, streaming } = this.#options.house
    this.#body = new TextBody(body.text)
    this.#rotation = new Rotation({ targets, retries: streaming.maxRetries, health, now: () => clock.now() })
    await this.#try(this.#lane, body, this.#rotation.first())
  }

  pause(): void {
    this.#hold(true)
  }

  resume(): void {
    this.#hold(false)
  }

  /** Nobody wants to know any more. @param left the client has gone; else the answer has failed */
  abort(left: boolean): void {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#dropHedge()
    this.#body = undefined
    this.#lane.quit(left)
    const rival = this.#rival
    this.#rival = undefined
    rival?.leg?.leave()
    if (rival) this.#drop(rival, left)
  }

  /** Nothing but `error` is to come: whoever is asked at the same time need not try. */
  callOffRival(error: SluiceError): void {
    this.#dropHedge()
    const rival = this.#rival
    if (!rival) return
    this.#rival = undefined
    if (rival.leg?.isUnderWay) this.#rotation?.next(rival.leg, error, true, false)
    this.#drop(rival, true)
  }

  /** All is over, and this is what can be learned of it. Times by the clock of the house. */
  end(error: SluiceError | undefined, firstAt: number | undefined, endedAt: number): void {
    this.#body = undefined
    const { leg, wasHeld } = this.#lane
    // A client that reads slowly has used up the time of its provider.
    if (error?.code === 'total_timeout' && wasHeld) leg?.leave()
    else leg?.end(error)
    if (firstAt !== undefined && !error && this.#continuations === 0) this.#lane.asking?.learn(firstAt, endedAt)
  }

  #hold(paused: boolean): void {
    this.#paused = paused
    this.#lane.pause(paused)
    this.#rival?.pause(paused)
  }

  /** The first content is on its way: by now it is plain who answers. */
  #onContent(lane: Lane): void {
    this.#dropHedge()
    const rival = this.#rival
    if (rival) {
      const loser = lane === rival ? this.#lane : rival
      this.#lane = lane
      this.#rival = undefined
      if (loser.leg) this.#rotation?.outrun(loser.leg)
      this.#drop(loser, true)
    }
    lane.asking?.onContent()
    lane.leg?.answered()
    this.#options.onContent()
  }

  /** Something of the answer has reached the client, which is not so with all content. */
  #onSeen({ asking }: Lane): void {
    // A stream that runs for minutes must not hold its prompt so long, unless it may be needed.
    if (!asking?.plan || !goesOn(asking.plan)) this.#body = undefined
  }

  /** The stream broke off after its content. True: another target goes on with it, or the same one once more. */
  #interrupted(lane: Lane, error: SluiceError): boolean {
    const { house, id, isOver } = this.#options
    const body = this.#body
    const { asking, leg, delivery } = lane
    const plan = asking?.plan
    if (!body || !plan || !leg || isOver() || this.#continuations === mostContinuations) return false
    const { delivered } = delivery
    const hindrance = delivered
      ? (this.#timeHinders(plan) ??
        delivered.hindrance(plan.upstream.upstream.signsReasoning === true) ??
        this.#formHinders(body, delivered.text))
      : 'what was delivered is not known'
    const next = hindrance === undefined ? this.#rotation?.next(leg, error, false) : undefined
    if (house.log.debug) {
      const then = next ? `${next.target.provider.name}/${next.target.model}` : (hindrance ?? 'nobody is left')
      house.log.step(id, 'interrupted', { because: error.code, then })
    }
    if (!next) return false
    this.#continuations++
    this.#broken ??= error
    this.#brokenBy ??= asking
    delivery.tellSwitch(`${next.target.provider.name}/${next.target.model}`)
    this.#goTo(lane, body, next)
    return true
  }

  /** Whoever is asked now could only be cut off. */
  #timeHinders({ policy }: Plan): string | undefined {
    const { house, startedAt } = this.#options
    return house.clock.now() - startedAt < policy.totalTimeoutMs ? undefined : 'no time is left'
  }

  /** A model that is held to JSON begins it anew, wherever the one before has stopped. */
  #formHinders(body: RequestBody, said: string): string | undefined {
    const { client, asked } = this.#options
    if (said.trim() === '' || !factsOf(client, body, {}, { asked }).structuredOutput()) return undefined
    return 'it has to be JSON'
  }

  /** The next target, another key, or once more, if there is a way left. */
  #onFailed(lane: Lane, error: SluiceError): void {
    const { isOver, onGiveUp, house, id } = this.#options
    const { asking, leg } = lane
    if (isOver() || !leg) return
    const body = this.#body
    const head = asking?.head
    const begun = head !== undefined && head.status < 300
    if (error.upstream?.status !== undefined) {
      this.#refusal = error
      this.#refusedBy = asking
    }
    const rival = this.#rival
    if (rival) {
      // Somebody else is being asked, and may do.
      this.#rotation?.next(leg, error, begun, false)
      if (lane !== rival) this.#lane = rival
      this.#rival = undefined
      this.#drop(lane)
      return
    }
    this.#dropHedge()
    const next = body && this.#rotation?.next(leg, error, begun)
    if (!body || !next) {
      // What a provider has said itself is of more use than that another could not be reached.
      const refused = error.upstream?.status === undefined && this.#refusal !== undefined
      this.#toldBy = this.#broken ? this.#brokenBy : refused ? this.#refusedBy : undefined
      onGiveUp(this.#broken ?? (refused ? this.#refusal : undefined) ?? error)
      return
    }
    if (house.log.debug) {
      const { target, waitMs } = next
      house.log.step(id, 'next', { because: error.code, target: `${target.provider.name}/${target.model}`, ms: waitMs })
    }
    this.#goTo(lane, body, next)
  }

  #goTo(lane: Lane, body: RequestBody, leg: Leg<Routed>): void {
    this.#quit(lane)
    if (leg.waitMs === 0) {
      void this.#try(lane, body, leg)
      return
    }
    this.#stopWaiting = this.#options.house.clock.after(leg.waitMs, () => {
      this.#stopWaiting = undefined
      void this.#try(lane, body, leg)
    })
  }

  #try(lane: Lane, body: RequestBody, leg: Leg<Routed>): Promise<void> {
    const { onSettled } = this.#options
    const asking: Asking = new Asking(
      this.#options,
      {
        onSent: () => {
          lane.calling = true
          leg.begin()
          this.#hedgeLater()
        },
        // Another target may be quicker. The last one has all the time that there is.
        firstTokenMs: ({ asksStream, stream, policy }) =>
          asksStream && stream && !this.#isLast ? policy.firstTokenTimeoutMs : undefined,
        isLast: () => this.#isLast,
        onFailed: (error) => this.#onFailed(lane, error),
        onSettled: () => {
          if (asking !== lane.asking) return
          lane.calling = false
          onSettled()
        },
      },
      { body, routed: leg.target, key: leg.key, delivery: lane.delivery, hurries: lane === this.#rival },
    )
    lane.take(asking, leg, this.#paused)
    return asking.start()
  }

  get #isLast(): boolean {
    return !this.#rival && !this.#rotation?.othersLeft
  }

  /** A beginning that does not come is not waited for alone, where the configuration wants it so. */
  #hedgeLater(): void {
    const { plan } = this.#lane.asking ?? {}
    if (!plan || this.#rival) return
    // Asked in another way than before it has its time anew, or has no beginning.
    this.#dropHedge()
    const { stream, asksStream, policy } = plan
    if (!stream || !asksStream || policy.hedgeAfterMs === 0) return
    if (this.#continuations > 0 || !this.#rotation?.othersLeft) return
    this.#stopHedge = this.#options.house.clock.after(policy.hedgeAfterMs, () => {
      // The silence is ours.
      if (this.#lane.held) this.#hedgeLater()
      else this.#hedge()
    })
  }

  #hedge(): void {
    const body = this.#body
    const leg = body && this.#rotation?.beside()
    if (!leg) return
    const { house, id } = this.#options
    const { provider, model } = leg.target
    if (house.log.debug) house.log.step(id, 'hedge', { target: `${provider.name}/${model}` })
    this.#rival = new Lane(this.#options.newDelivery, this.#events)
    void this.#try(this.#rival, body, leg)
  }

  #dropHedge(): void {
    this.#stopHedge?.()
    this.#stopHedge = undefined
  }

  /** Its call is of no interest any more, though it may have to be paid for. */
  #quit(lane: Lane): void {
    this.#billedBefore ||= lane.asking?.maybeBilled === true
    lane.quit()
  }

  /** Nothing comes on this way any more. @param left it was not the target that failed */
  #drop(lane: Lane, left = false): void {
    this.#billedBefore ||= lane.asking?.maybeBilled === true
    lane.drop(left)
  }
}

const mostContinuations = 3
