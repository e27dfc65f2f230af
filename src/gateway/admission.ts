import { SluiceError } from '../errors/index.ts'
import type { Clock } from '../flow/index.ts'
import { Pace } from './pace.ts'

export interface AdmissionLimits {
  /** How many requests may be answered at once. */
  streams: number
  /** How many more may wait. */
  queue: number
  queueTimeoutMs: number
  /** How many one owner may have here, waiting or not. Default: as many as there is room for. */
  perKey?: number
}

/** Who wants a place. Exactly one of the two is called, once, unless the applicant withdraws before. */
export interface Applicant {
  /** Whose request it is. */
  owner?: string
  /** It has its place until it calls `leave`; what it throws gives the place back, and is what it is refused with. */
  admit(leave: () => void): void
  refuse(error: SluiceError): void
}

/**
 * Who is let in, who waits, and who is sent away. Those who wait go in the order in which they came, and nobody who comes
 * later overtakes them. Of somebody who waits nothing but the applicant is held: what a request has to say is read when
 * it has its place.
 */
export class Admission {
  readonly #clock: Clock
  readonly #owners = new Map<string, number>()
  readonly #pace: Pace
  #limits: AdmissionLimits
  #running = 0
  #waiting = 0
  #first: Place | undefined
  #last: Place | undefined
  #calling = false

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#pace = new Pace(clock.now())
  }

  get limits(): AdmissionLimits {
    return this.#limits
  }

  /** Others hold from now on. Whoever is in stays in, and whoever waits goes on waiting. */
  set limits(limits: AdmissionLimits) {
    this.#limits = limits
    this.#callNext()
  }

  /** How many have a place. */
  get running(): number {
    return this.#running
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * @returns how one that has to wait withdraws: true if it still waited. Undefined: it has been admitted or refused by
   *   now, with `overloaded` or `too_many_requests`.
   */
  apply(applicant: Applicant): (() => boolean) | undefined {
    const { streams, queue, queueTimeoutMs } = this.#limits
    if (!this.#count(applicant)) return undefined
    if (this.#running < streams && !this.#first) {
      this.#admit(applicant)
      return undefined
    }
    if (this.#waiting >= queue) {
      this.#refuse(applicant, queue > 0 ? `and ${this.#waiting} wait` : 'and none may wait')
      return undefined
    }
    const place: Place = { applicant, before: this.#last, next: undefined, stopTimer: () => {}, waits: true }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#waiting++
    place.stopTimer = this.#clock.after(queueTimeoutMs, () => {
      this.#remove(place)
      this.#refuse(applicant, `and it has waited for ${queueTimeoutMs / 1000} s`)
    })
    return () => {
      if (!place.waits) return false
      this.#remove(place)
      this.#discount(applicant)
      return true
    }
  }

  /** Nobody waits any longer: all who do are refused. */
  dismiss(error: SluiceError): void {
    while (this.#first) {
      const { applicant } = this.#first
      this.#remove(this.#first)
      this.#discount(applicant)
      applicant.refuse(error)
    }
  }

  /** Counts it among those of its owner; false: it was refused. */
  #count(applicant: Applicant): boolean {
    const { owner } = applicant
    if (owner === undefined) return true
    const { perKey = Number.POSITIVE_INFINITY } = this.#limits
    const here = this.#owners.get(owner) ?? 0
    if (here < perKey) {
      this.#owners.set(owner, here + 1)
      return true
    }
    // Of all who leave, every so many are this owner's.
    const retryAfterMs = this.#pace.waitMs((this.#running + this.#waiting) / here, this.#clock.now())
    applicant.refuse(
      new SluiceError(
        'too_many_requests',
        `cannot take the request: ${here} requests with this key are being answered or wait; send it again when one of them has its answer`,
        { retryAfterMs },
      ),
    )
    return false
  }

  #discount({ owner }: Applicant): void {
    if (owner === undefined) return
    const here = (this.#owners.get(owner) ?? 1) - 1
    if (here > 0) this.#owners.set(owner, here)
    else this.#owners.delete(owner)
  }

  #admit(applicant: Applicant): void {
    this.#running++
    let left = false
    const leave = (): void => {
      if (left) return
      left = true
      this.#running--
      this.#discount(applicant)
      this.#pace.left(this.#clock.now())
      this.#callNext()
    }
    try {
      applicant.admit(leave)
    } catch (error) {
      leave()
      applicant.refuse(SluiceError.from(error))
    }
  }

  #refuse(applicant: Applicant, why: string): void {
    const now = this.#clock.now()
    const retryAfterMs = this.#pace.waitMs(this.#waiting, now)
    this.#pace.refused(now)
    this.#discount(applicant)
    applicant.refuse(
      new SluiceError(
        'overloaded',
        `cannot take the request: ${this.#running} ${this.#running === 1 ? 'request is' : 'requests are'} being answered ${why}; send it again in ${Math.ceil(retryAfterMs / 1000)} s`,
        { retryAfterMs },
      ),
    )
  }

  #callNext(): void {
    // Somebody who leaves as soon as it was called would call the next one from within, and so on, as deep as the queue.
    if (this.#calling) return
    this.#calling = true
    try {
      while (this.#first && this.#running < this.#limits.streams) {
        const { applicant } = this.#first
        this.#remove(this.#first)
        this.#admit(applicant)
      }
    } finally {
      // Whatever one of them does, the others must be called some day.
      this.#calling = false
    }
  }

  #remove(place: Place): void {
    place.waits = false
    place.stopTimer()
    if (place.before) place.before.next = place.next
    else this.#first = place.next
    if (place.next) place.next.before = place.before
    else this.#last = place.before
    this.#waiting--
  }
}

/** A chain, so that who leaves from its middle costs nothing, and leaves nothing behind. */
interface Place {
  readonly applicant: Applicant
  before: Place | undefined
  next: Place | undefined
  stopTimer: () => void
  waits: boolean
}
