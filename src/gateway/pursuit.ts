import type { SluiceError } from '../errors/index.ts'
import { type Failed, Rotation, type Step } from '../resilience/index.ts'
import type { UpstreamHead } from '../transport/index.ts'
import { Asking, type AskingOptions } from './asking.ts'
import { goesOn, type Plan, type Routed } from './plan.ts'
import { type RequestBody, TextBody } from './request-body.ts'
import { factsOf } from './request-facts.ts'

export interface PursuitOptions extends AskingOptions {
  /** The client has its answer or has left: nobody is asked any more. */
  isOver: () => boolean
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
  #asking: Asking | undefined
  #calling = false
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
  /** The client does not take what has come: whoever is asked next has to wait, too. */
  #paused = false

  constructor(options: PursuitOptions) {
    this.#options = options
  }

  get plan(): Plan | undefined {
    return (this.#toldBy ?? this.#asking)?.plan
  }

  /** Of the answer to the call that counts. */
  get head(): UpstreamHead | undefined {
    return (this.#toldBy ?? this.#asking)?.head
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
    return !this.#calling && !this.#stopWaiting
  }

  /** Some call has been made to the target that counts. */
  get hasCalled(): boolean {
    return this.#asking?.hasCalled === true
  }

  /** @param error with which it all ended, if it did not end well */
  maybeBilled(error: SluiceError | undefined): boolean {
    return this.#billedBefore || (error !== undefined && this.#asking?.maybeBilled === true)
  }

  async start(body: RequestBody, targets: readonly Routed[]): Promise<void> {
    const { health, clock, streaming } = this.#options.house
    this.#body = new TextBody(body.text)
    this.#rotation = new Rotation({ targets, retries: streaming.maxRetries, health, now: () => clock.now() })
    await this.#try(body, this.#rotation.first())
  }

  pause(): void {
    this.#paused = true
    this.#asking?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#asking?.resume()
  }

  /** The first content is on its way. */
  onContent(): void {
    this.#asking?.onContent()
    this.#rotation?.answered()
  }

  /** Something of the answer has reached the client, which is not so with all content. */
  onSeen(): void {
    // A stream that runs for minutes must not hold its prompt so long, unless it may be needed.
    if (!this.plan || !goesOn(this.plan)) this.#body = undefined
  }

  /** Nothing of the answer that is coming has reached the client. */
  onFailure(error: SluiceError): void {
    this.#asking?.fail(error)
  }

  /** Nobody wants to know any more. @param left the client has gone; else the answer has failed */
  abort(left: boolean): void {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#body = undefined
    this.#calling = false
    this.#asking?.abort(left)
  }

  /** All is over, and this is what can be learned of it. Times by the clock of the house. */
  end(error: SluiceError | undefined, firstAt: number | undefined, endedAt: number): void {
    this.#body = undefined
    this.#rotation?.end(error)
    if (firstAt !== undefined && !error && this.#continuations === 0) this.#asking?.learn(firstAt, endedAt)
  }

  /** The stream broke off after its content. True: another target goes on with it, or the same one once more. */
  interrupted(error: SluiceError): boolean {
    const { delivery, house, id, isOver } = this.#options
    const body = this.#body
    const { plan } = this
    if (!body || !plan || isOver() || this.#continuations === mostContinuations) return false
    const { delivered } = delivery
    const hindrance = delivered
      ? (delivered.hindrance(plan.upstream.upstream.signsReasoning === true) ?? this.#formHinders(body, delivered.text))
      : 'what was delivered is not known'
    const step = hindrance === undefined ? this.#rotation?.next(error, false) : undefined
    if (house.log.debug) {
      const then = step ? `${step.target.provider.name}/${step.target.model}` : (hindrance ?? 'nobody is left')
      house.log.step(id, 'interrupted', { because: error.code, then })
    }
    if (!step) return false
    this.#continuations++
    this.#broken ??= error
    this.#brokenBy ??= this.#asking
    delivery.tellSwitch(`${step.target.provider.name}/${step.target.model}`)
    this.#goTo(body, step)
    return true
  }

  /** A model that is held to JSON begins it anew, wherever the one before has stopped. */
  #formHinders(body: RequestBody, said: string): string | undefined {
    const { client, asked } = this.#options
    if (said.trim() === '' || !factsOf(client, body, {}, { asked }).structuredOutput()) return undefined
    return 'it has to be JSON'
  }

  /** The next target, another key, or once more, if there is a way left. */
  #onFailed(error: SluiceError): void {
    const { isOver, onGiveUp, house, id } = this.#options
    if (isOver()) return
    const body = this.#body
    const begun = this.head !== undefined && this.head.status < 300
    const step = body && this.#rotation?.next(error, begun)
    if (error.upstream?.status !== undefined) {
      this.#refusal = error
      this.#refusedBy = this.#asking
    }
    if (!body || !step) {
      // What a provider has said itself is of more use than that another could not be reached.
      const refused = error.upstream?.status === undefined && this.#refusal !== undefined
      this.#toldBy = this.#broken ? this.#brokenBy : refused ? this.#refusedBy : undefined
      onGiveUp(this.#broken ?? (refused ? this.#refusal : undefined) ?? error)
      return
    }
    if (house.log.debug) {
      const { target, waitMs } = step
      house.log.step(id, 'next', { because: error.code, target: `${target.provider.name}/${target.model}`, ms: waitMs })
    }
    this.#goTo(body, step)
  }

  #goTo(body: RequestBody, step: Step<Routed>): void {
    this.#billedBefore ||= this.#asking?.maybeBilled === true
    this.#calling = false
    this.#asking?.abort()
    if (step.waitMs === 0) {
      void this.#try(body, step)
      return
    }
    this.#stopWaiting = this.#options.house.clock.after(step.waitMs, () => {
      this.#stopWaiting = undefined
      void this.#try(body, step)
    })
  }

  #try(body: RequestBody, { target: routed, key }: Step<Routed>): Promise<void> {
    const { onSettled } = this.#options
    const asking: Asking = new Asking(
      this.#options,
      {
        onSent: () => {
          this.#calling = true
          this.#rotation?.begin()
        },
        // Another target may be quicker. The last one has all the time that there is.
        firstTokenMs: ({ asksStream, stream, policy }) =>
          asksStream && stream && this.#rotation?.othersLeft ? policy.firstTokenTimeoutMs : undefined,
        onFailed: (error) => this.#onFailed(error),
        onSettled: () => {
          if (asking !== this.#asking) return
          this.#calling = false
          onSettled()
        },
      },
      { body, routed, key },
    )
    this.#asking = asking
    if (this.#paused) asking.pause()
    return asking.start()
  }
}

const mostContinuations = 3
