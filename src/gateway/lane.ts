import type { SluiceError } from '../errors/index.ts'
import type { Leg } from '../resilience/index.ts'
import type { Asking } from './asking.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { DeliveryEvents } from './delivery/delivery-options.ts'
import type { Routed } from './plan.ts'

/** What comes of a lane. */
export interface LaneEvents {
  onContent: (lane: Lane) => void
  onSeen: (lane: Lane) => void
  onInterrupted: (lane: Lane, error: SluiceError) => boolean
}

/** A way on which the answer may come: whom it is asked of at present, and how it would reach the client. */
export class Lane {
  readonly delivery: Delivery
  asking: Asking | undefined
  leg: Leg<Routed> | undefined
  /** A call is running. */
  calling = false
  /** Its provider was held back at some time. */
  wasHeld = false
  #paused = false
  /** What comes has to wait for a transformer that is not done with what came before. */
  #full = false

  constructor(newDelivery: (events: DeliveryEvents) => Delivery, events: LaneEvents) {
    this.delivery = newDelivery({
      onContent: () => events.onContent(this),
      onSeen: () => events.onSeen(this),
      onFailure: (error) => this.asking?.fail(error),
      onInterrupted: (error) => events.onInterrupted(this, error),
      onFull: (full) => {
        this.#full = full
        this.#steer()
      },
    })
  }

  /** Silence on it is nobody's fault but ours. */
  get held(): boolean {
    return this.#paused || this.#full
  }

  take(asking: Asking, leg: Leg<Routed>, paused: boolean): void {
    this.asking = asking
    this.leg = leg
    this.#paused = paused
    this.#full = false
    if (paused) asking.pause()
  }

  /** @param paused the client does not take what has come */
  pause(paused: boolean): void {
    this.#paused = paused
    this.#steer()
  }

  /** The call is of no interest any more. @param left it was not the target that failed */
  quit(left = false): void {
    this.calling = false
    this.asking?.abort(left)
  }

  /** Nothing comes this way any more. */
  drop(left = false): void {
    this.quit(left)
    this.delivery.stop()
  }

  #steer(): void {
    if (this.held) {
      this.wasHeld = true
      this.asking?.pause()
    } else this.asking?.resume()
  }
}
