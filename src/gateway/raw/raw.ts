import { SluiceError } from '../../errors/index.ts'
import { Watchdog } from '../../flow/index.ts'
import { BackpressureController } from '../../pipeline/index.ts'
import type { Provider } from '../../providers/index.ts'
import type { UpstreamCall, UpstreamHandler, UpstreamHead } from '../../transport/index.ts'
import type { Exchange } from '../exchange.ts'
import { readUpstreamId, setCredential } from '../headers.ts'
import type { House } from '../house.ts'
import { logReason } from '../log-reason.ts'
import { rawHeadersBack, rawHeadersUp } from './raw-headers.ts'
import { type RawPath, rawUrl } from './raw-path.ts'

/**
 * A request below `/raw/{provider}`: any method and body, passed on as they come, with the provider's key in the place of
 * the client's; and the answer passed back in the same way. Nothing is read of either. What the house asks of every
 * request holds here, too: who may call, how large a body may be, how long silence may last, one line in the log.
 *
 * An answer that breaks off is cut, since there is no language in which to say so.
 */
export class RawRequest implements UpstreamHandler {
  readonly #house: House
  readonly #exchange: Exchange
  readonly #id: string
  readonly #path: RawPath
  readonly #startedAt: number
  readonly #onSettled: () => void
  #provider: Provider | undefined
  #call: UpstreamCall | undefined
  #pressure: BackpressureController | undefined
  #head: UpstreamHead | undefined
  #idle: Watchdog | undefined
  #stopTotal: () => void = () => {}
  #ready: Uint8Array[] = []
  #asked = false
  #started = false
  #settled = false

  constructor(house: House, exchange: Exchange, id: string, path: RawPath, onSettled: () => void) {
    this.#house = house
    this.#exchange = exchange
    this.#id = id
    this.#path = path
    this.#startedAt = house.clock.now()
    this.#onSettled = onSettled
  }

  run(): void {
    try {
      this.#exchange.onClose(() => this.#leave())
      if (!this.#settled) this.#send()
    } catch (error) {
      this.stop(SluiceError.from(error))
    }
  }

  /** The one error. Behind the head it is a cut, so that nobody takes what came for the whole. */
  stop(error: SluiceError): void {
    if (this.#settled) return
    this.#call?.abort()
    if (this.#started) this.#exchange.destroy()
    else refuseRaw(this.#exchange, error, this.#headers())
    this.#settle(error)
  }

  #send(): void {
    const { transport, table, clock, streaming, limits, clientKeys } = this.#house
    const { method, query } = this.#exchange
    const provider = table.providers.find((one) => one.name === this.#path.provider)
    if (!provider) {
      const known = table.providers.map((one) => one.name).join(', ')
      throw new SluiceError(
        'unknown_route',
        `cannot pass the request on: there is no provider "${this.#path.provider.slice(0, 100)}"; there are ${known}`,
      )
    }
    this.#provider = provider
    if (provider.sign) {
      throw new SluiceError(
        'unsupported',
        `cannot pass the request on to ${provider.name}: its credentials prove only what sluice has written itself; give it an API key, or send the request to the provider`,
      )
    }
    if (provider.package) {
      throw new SluiceError(
        'unsupported',
        `cannot pass the request on to ${provider.name}: it is called through a package, which has no paths`,
      )
    }
    const url = rawUrl(provider, this.#path.rest, query)
    const headers = { ...rawHeadersUp(this.#exchange, provider), ...provider.headers, 'accept-encoding': 'identity' }
    setCredential(headers, this.#exchange, provider, clientKeys)
    const body = this.#exchange.stream({ bytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs })
    const seconds = streaming.totalTimeoutMs / 1000
    this.#stopTotal = clock.after(streaming.totalTimeoutMs, () =>
      this.stop(new SluiceError('total_timeout', `the provider did not complete its answer within ${seconds} s`)),
    )
    this.#call = transport.send({ open: true, name: provider.name, method, url, headers, ...(body && { body }) }, this)
  }

  onHead(head: UpstreamHead): void {
    if (this.#settled) return
    this.#head = head
    const { clock, streaming } = this.#house
    const seconds = streaming.idleTimeoutMs / 1000
    const idle: Watchdog = new Watchdog(clock, streaming.idleTimeoutMs, () => {
      // The silence is the client's.
      if (this.#pressure?.paused) idle.restart()
      else this.stop(new SluiceError('idle_timeout', `the provider went silent for ${seconds} s in its answer`))
    })
    this.#idle = idle
    // A status without a body is told with the end.
    if (bodiless.has(head.status)) return
    this.#started = true
    this.#exchange.start(head.status, { ...rawHeadersBack(head.headers), ...this.#headers() })
  }

  onData(chunk: Uint8Array): void {
    if (this.#settled || !this.#started || this.#exchange.method === 'HEAD') return
    this.#idle?.feed()
    this.#ready.push(chunk)
  }

  onFlush(): void {
    if (this.#settled || this.#ready.length === 0) return
    const ready = this.#ready
    this.#ready = []
    this.#exchange.write(ready)
    this.#press()
  }

  onEnd(): void {
    if (this.#settled) return
    this.onFlush()
    if (this.#started) this.#exchange.end()
    else
      this.#exchange.respond(
        this.#head?.status ?? 502,
        { ...rawHeadersBack(this.#head?.headers ?? {}), ...this.#headers() },
        '',
      )
    this.#settle(undefined)
  }

  onError(error: SluiceError): void {
    this.stop(error)
  }

  /** The client has left: the provider hears of it at once. */
  #leave(): void {
    if (this.#settled) return
    this.#call?.abort()
    this.#settle(new SluiceError('client_closed', 'the client closed the connection before the answer was complete'))
  }

  /** Holds the provider back while the client does not take what is written. */
  #press(): void {
    const { pending } = this.#exchange
    if (pending === 0 && !this.#pressure) return
    this.#pressure ??= new BackpressureController({
      budget: this.#house.buffers,
      clock: this.#house.clock,
      onPause: () => this.#call?.pause(),
      onResume: () => {
        this.#idle?.feed()
        this.#call?.resume()
      },
    })
    if (pending > 0 && !this.#asked) {
      this.#asked = true
      this.#exchange.onTaken(() => {
        this.#asked = false
        if (!this.#settled) this.#press()
      })
    }
    this.#pressure.level(pending)
  }

  /** What is untaken at the end of a whole answer counts until it is taken, too. */
  #countRest(error: SluiceError | undefined): void {
    const pressure = this.#pressure
    if (!pressure) return
    if (error || this.#exchange.pending === 0) pressure.close()
    else this.#exchange.onTaken(() => pressure.close())
  }

  #headers(): Record<string, string> {
    return {
      ...this.#house.headersFor(this.#exchange),
      'x-sluice-request-id': this.#id,
      ...(this.#provider && { 'x-sluice-provider': this.#provider.name }),
    }
  }

  #settle(error: SluiceError | undefined): void {
    this.#settled = true
    this.#stopTotal()
    this.#idle?.stop()
    this.#countRest(error)
    const gone = error?.code === 'client_closed'
    const reason = error && logReason(error)
    const upstreamRequestId = this.#head && readUpstreamId(this.#head.headers)
    this.#house.log.request({
      id: this.#id,
      method: this.#exchange.method,
      path: this.#exchange.path.slice(0, 200),
      client: 'raw',
      totalMs: Math.round(this.#house.clock.now() - this.#startedAt),
      status: this.#started ? (this.#head?.status ?? 0) : gone ? 0 : (error?.status ?? this.#head?.status ?? 0),
      outcome: error === undefined ? 'ok' : gone ? 'aborted' : 'error',
      ...(this.#provider && { provider: this.#provider.name }),
      ...(error && { code: error.code }),
      ...(reason !== undefined && { reason }),
      ...(upstreamRequestId !== undefined && { upstreamRequestId }),
    })
    this.#onSettled()
  }
}

const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/** An error of sluice's own, in no dialect. */
function refuseRaw(exchange: Exchange, error: SluiceError, headers: Record<string, string>): void {
  const { code, message, param, status, retryAfterMs } = error
  const body = { error: { code, message, ...(param !== undefined && { param }) } }
  const all: Record<string, string> = { ...headers, 'content-type': 'application/json' }
  if (retryAfterMs !== undefined) all['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
  exchange.respond(status, all, JSON.stringify(body))
}
