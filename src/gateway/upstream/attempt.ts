import type { UpstreamFraming } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { type Clock, Watchdog } from '../../flow/index.ts'
import { DripGuard } from '../../resilience/index.ts'
import type { Transport, UpstreamCall, UpstreamHandler, UpstreamHead, UpstreamRequest } from '../../transport/index.ts'
import type { Relay } from '../delivery/relay.ts'
import { RefusalBody, sniff, WholeBody, WholeOrLines } from './upstream-body.ts'

export interface AttemptTimeouts {
  idleTimeoutMs: number
  stallTimeoutMs: number
  totalTimeoutMs: number
  finishGraceMs: number
  /** Pieces of content a second; 0: no matter. */
  leastRate: number
  maxEventBytes: number
}

/** What comes of one call of a provider. Exactly one of `onRefusal`, `onWhole`, `onFailure` or the relay's end. */
export interface AttemptEvents {
  onHead(head: UpstreamHead): void
  /** How the provider's streams may be wrapped. */
  readonly framings: readonly UpstreamFraming[]
  /** The provider answers with a stream: what to do with it. */
  openRelay(framing: UpstreamFraming): Relay
  /** The provider answers with one JSON text. */
  onWhole(bytes: Uint8Array): void
  /** The provider answers with an error status. */
  onRefusal(status: number, text: string): void
  /** Nothing came that could be passed on. */
  onFailure(error: SluiceError): void
  /** The call is over and its connection free or closed. */
  onSettled(): void
}

/**
 * One call of one provider, from the request to the last byte: what kind of answer it is, how long each phase may
 * take, and that the connection is freed in every case.
 */
export class Attempt implements UpstreamHandler {
  readonly #clock: Clock
  readonly #timeouts: AttemptTimeouts
  readonly #events: AttemptEvents
  #call: UpstreamCall | undefined
  readonly #stopTotal: () => void
  #idle: Watchdog | undefined
  #stall: Watchdog | undefined
  #grace: Watchdog | undefined
  #tail: Watchdog | undefined
  #drip: DripGuard | undefined
  #head: UpstreamHead | undefined
  #refusal: RefusalBody | undefined
  #whole: WholeBody | undefined
  #relay: Relay | undefined
  #seenDeltas = 0
  #paused = false
  #settled = false

  constructor(
    transport: Transport,
    request: UpstreamRequest,
    clock: Clock,
    timeouts: AttemptTimeouts,
    events: AttemptEvents,
  ) {
    this.#clock = clock
    this.#timeouts = timeouts
    this.#events = events
    // Nothing here may hold on to the request in a closure: timers live as long as the answer, and a prompt is large.
    this.#stopTotal = clock.after(timeouts.totalTimeoutMs, this.#tooLong)
    try {
      this.#call = transport.send(request, this)
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
  }

  /** The client is gone, or nothing more is wanted: the upstream hears of it at once. */
  abort(): void {
    if (this.#settled) return
    this.#call?.abort()
    this.#settle()
  }

  pause(): void {
    this.#paused = true
    this.#drip?.excuse()
    this.#call?.pause()
  }

  resume(): void {
    this.#paused = false
    // The silence was ours.
    this.#idle?.feed()
    this.#stall?.feed()
    this.#grace?.feed()
    this.#call?.resume()
  }

  onHead(head: UpstreamHead): void {
    if (this.#settled) return
    this.#head = head
    this.#events.onHead(head)
    if (head.status < 300) return
    this.#refusal = new RefusalBody()
    // The status is the answer. An explanation that does not come must not hold it back.
    this.#tail = new Watchdog(this.#clock, Math.min(refusalMs, this.#timeouts.idleTimeoutMs), () => this.#refuse())
  }

  onData(chunk: Uint8Array): void {
    if (this.#settled) return
    try {
      if (this.#relay) this.#relay.data(chunk)
      else if (this.#refusal) this.#explain(this.#refusal, chunk)
      else this.#beginBody(chunk)
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
  }

  onFlush(): void {
    const relay = this.#relay
    if (!relay || this.#settled) return
    try {
      relay.flush()
      this.#watch(relay)
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
  }

  onEnd(): void {
    if (this.#settled) return
    this.#guarded(() => {
      if (this.#relay) this.#relay.end()
      else if (this.#refusal) this.#refuse()
      else if (this.#whole) this.#giveWhole(this.#whole)
      else {
        this.#events.onFailure(
          new SluiceError(
            'upstream_truncated',
            'the provider answered with an empty body: it said neither content nor an error',
          ),
        )
      }
    })
    this.#settle()
  }

  onError(error: SluiceError): void {
    if (this.#settled) return
    const relay = this.#relay
    // After the finish reason a broken connection has lost nothing but the end marker.
    if (relay?.progress.finished) this.#guarded(() => relay.end())
    else this.#break(error)
    this.#settle()
  }

  #beginBody(chunk: Uint8Array): void {
    if (this.#whole) {
      this.#collect(this.#whole, chunk)
      return
    }
    const kind = sniff(chunk, this.#events.framings, this.#head?.headers['content-type'])
    // White space before the answer means nothing in either form, and some providers send it for minutes.
    if (kind === undefined) return
    if (kind === 'page') {
      throw new SluiceError(
        'upstream_protocol',
        'cannot read the answer of the provider: it is a web page, not an API answer; check its base_url',
      )
    }
    if (kind === 'whole') {
      const lines = this.#events.framings.includes('ndjson')
      this.#whole = new (lines ? WholeOrLines : WholeBody)(this.#timeouts.maxEventBytes)
      this.#collect(this.#whole, chunk)
      return
    }
    this.#relay = this.#events.openRelay(kind)
    this.#relay.data(chunk)
  }

  #collect(whole: WholeBody, chunk: Uint8Array): void {
    whole.push(chunk)
    if (!(whole instanceof WholeOrLines) || !whole.isLines) return
    this.#whole = undefined
    this.#relay = this.#events.openRelay('ndjson')
    this.#relay.data(whole.bytes())
  }

  #giveWhole(whole: WholeBody): void {
    // A stream that is made of it may run for long, and must not hold its bytes, too.
    this.#whole = undefined
    this.#events.onWhole(whole.bytes())
  }

  #explain(refusal: RefusalBody, chunk: Uint8Array): void {
    refusal.push(chunk)
    if (refusal.isFull) this.#refuse()
  }

  /** The provider says no, with as much of an explanation as has come. */
  #refuse(): void {
    this.#conclude(() => this.#events.onRefusal(this.#head?.status ?? 502, this.#refusal?.text() ?? ''))
  }

  /** After each read: which silences count from here on. */
  #watch(relay: Relay): void {
    const { progress } = relay
    if (progress.over) {
      this.#afterEnd(relay)
      return
    }
    const now = this.#clock.now()
    const news = progress.deltas !== this.#seenDeltas
    this.#seenDeltas = progress.deltas
    if (progress.finished) {
      // Pings do not stretch it. Content does: some servers send a finish reason with every event.
      if (!this.#grace) this.#grace = this.#dog(this.#timeouts.finishGraceMs, () => this.#endQuietly(relay))
      else if (news) this.#grace.feed(now)
    }
    if (!progress.committed) return
    if (!this.#idle) {
      const { idleTimeoutMs, stallTimeoutMs, leastRate } = this.#timeouts
      if (leastRate > 0) this.#drip = this.#guardRate(relay, leastRate)
      this.#idle = this.#dog(idleTimeoutMs, () =>
        this.#break(
          new SluiceError(
            'idle_timeout',
            `the provider went silent for ${seconds(idleTimeoutMs)} in the middle of its answer`,
          ),
        ),
      )
      this.#stall = this.#dog(stallTimeoutMs, () =>
        this.#break(
          new SluiceError(
            'stall_timeout',
            `the provider sent nothing but signs of life for ${seconds(stallTimeoutMs)}`,
          ),
        ),
      )
      return
    }
    this.#idle.feed(now)
    if (news) this.#stall?.feed(now)
  }

  #guardRate(relay: Relay, leastRate: number): DripGuard {
    const clock = this.#clock
    const tooSlow = () =>
      this.#break(
        new SluiceError(
          'too_slow',
          `the provider sent fewer than ${leastRate} pieces of content a second for ten seconds`,
        ),
      )
    return new DripGuard({ clock, leastRate, pieces: () => relay.progress.deltas, onSlow: tooSlow })
  }

  /** A watchdog that does not count silence which our own pause has caused. */
  #dog(ms: number, bark: () => void): Watchdog {
    const dog: Watchdog = new Watchdog(this.#clock, ms, () => (this.#paused ? dog.restart() : bark()))
    return dog
  }

  #endQuietly(relay: Relay): void {
    if (this.#settled) return
    this.#guarded(() => relay.end())
    this.abort()
  }

  #afterEnd(relay: Relay): void {
    if (this.#tail) return
    if (relay.progress.error) {
      this.abort()
      return
    }
    // Most upstreams end their body right behind the marker, and then the connection can serve again.
    this.#idle?.stop()
    this.#stall?.stop()
    this.#grace?.stop()
    this.#drip?.stop()
    this.#tail = new Watchdog(this.#clock, tailMs, () => this.abort())
    this.#call?.resume()
  }

  readonly #tooLong = (): void => {
    const within = seconds(this.#timeouts.totalTimeoutMs)
    this.#break(new SluiceError('total_timeout', `the provider did not complete its answer within ${within}`))
  }

  /** Nothing more comes of this call. */
  #break(error: SluiceError): void {
    if (this.#refusal) this.#refuse()
    else this.#conclude(() => (this.#relay ? this.#relay.fail(error) : this.#events.onFailure(error)))
  }

  /** Cuts the call off and says what came of it. A fault in the saying is said instead: above a timer there is nobody. */
  #conclude(say: () => void): void {
    if (this.#settled) return
    this.#call?.abort()
    try {
      say()
    } catch (fault) {
      this.#events.onFailure(SluiceError.from(fault))
    }
    this.#settle()
  }

  #guarded(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#break(SluiceError.from(error))
    }
  }

  #settle(): void {
    if (this.#settled) return
    this.#settled = true
    this.#stopTotal()
    this.#idle?.stop()
    this.#stall?.stop()
    this.#grace?.stop()
    this.#tail?.stop()
    this.#drip?.stop()
    this.#events.onSettled()
  }
}

/** How long the upstream may take to end its body once its end marker has been seen. */
const tailMs = 1000
/** How long the explanation of a refusal may take to arrive. */
const refusalMs = 5000

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`
}
