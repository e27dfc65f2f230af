import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { SluiceError } from '../errors/index.ts'
import { decompressor } from './decompress.ts'
import { type ProxyEnv, proxiesOf } from './proxies.ts'
import { brokenBody, reason, type SystemError } from './reason.ts'
import type {
  OpenRequest,
  Transport,
  UpstreamCall,
  UpstreamHandler,
  UpstreamHead,
  UpstreamRequest,
} from './transport.ts'

export interface UndiciOptions {
  connectTimeoutMs: number
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case, are honoured. */
  env: ProxyEnv
}

/** A transport on undici's dispatch level: its pool and parser, without its streams. */
export function undiciTransport(options: UndiciOptions): Transport {
  const dispatcher = openDispatcher(options)
  return {
    send: (request, handler) => new Call(dispatcher, request, handler),
    close: () => dispatcher.destroy(),
  }
}

/** Undici's pool of connections, through the proxies of the environment where there are any. */
export function openDispatcher({ connectTimeoutMs, env }: UndiciOptions): Dispatcher {
  const agent: Agent.Options = {
    connect: { timeout: connectTimeoutMs },
    pipelining: 1,
    allowH2: false,
    // As much of a head as our own reader takes.
    maxHeaderSize: 64 * 1024,
  }
  const { http, https, none } = proxiesOf(env)
  if (!https) return new Agent(agent)
  return new EnvHttpProxyAgent({
    ...agent,
    httpProxy: http ?? '',
    httpsProxy: https,
    noProxy: none,
    connectTimeout: connectTimeoutMs,
    // Asks for tunnels, and for nothing else: a proxy that takes the question and stays silent is no connection.
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: connectTimeoutMs }),
  })
}

// A promise that is settled already: `then` is the cheapest microtask there is (`queueMicrotask` makes an async resource).
const turn = Promise.resolve()

class Call implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #handler: UpstreamHandler
  readonly #name: string
  #controller: Dispatcher.DispatchController | undefined
  #inflate: ReturnType<typeof decompressor>
  #paused = false
  #over = false
  #head = false
  #flushing = false

  constructor(dispatcher: Dispatcher, request: UpstreamRequest | OpenRequest, handler: UpstreamHandler) {
    this.#handler = handler
    const url = new URL(request.url)
    this.#name = request.name ?? url.host
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        // Its types leave iterables out, which it reads piece by piece, as fast as they are sent.
        body: (request.body ?? null) as Uint8Array | string | null,
        // Timeouts after the connection are the gateway's: it alone knows what counts as a sign of life. They are said
        // with each request, since the connections of a proxy do not take them over from the agent.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      this,
    )
  }

  abort(): void {
    this.#over = true
    this.#inflate?.destroy()
    this.#controller?.abort(new Error('aborted by sluice'))
  }

  pause(): void {
    this.#paused = true
    this.#inflate?.pause()
    this.#controller?.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#inflate?.resume()
    this.#controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // A connection may have to be made first, and meanwhile the caller may have changed their mind.
    if (this.#over) controller.abort(new Error('aborted by sluice'))
    else if (this.#paused) controller.pause()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, raw: Record<string, string | string[]>): void {
    if (status < 200 || this.#over) return
    this.#head = true
    const head = readHead(status, raw)
    this.#inflate = decompressor(head.headers['content-encoding'], {
      onData: (chunk) => this.#give(chunk),
      onEnd: () => this.#end(),
      onError: (error) => {
        this.#fail(new SluiceError('upstream_protocol', brokenBody(this.#name, error), { cause: error }))
        // What is still to come of a damaged body is not waited for.
        this.#controller?.abort(error)
      },
    })
    if (this.#inflate) delete head.headers['content-encoding']
    this.#handler.onHead(head)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    if (this.#inflate) this.#inflate.write(chunk)
    else this.#give(chunk)
  }

  onResponseEnd(): void {
    // The connection may serve the next request while what came is still being decompressed: its flow is not ours.
    this.#controller = undefined
    if (this.#over) return
    if (this.#inflate) this.#inflate.end()
    else this.#end()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(describe(error, this.#name, this.#head))
  }

  #give(chunk: Uint8Array): void {
    if (this.#over) return
    this.#handler.onData(chunk)
    // undici hands over one HTTP chunk at a time and does not say when a read is done. Its parser runs through a whole
    // read in one turn, so a microtask stands behind all of it: one for each read, not for each token.
    if (this.#flushing) return
    this.#flushing = true
    void turn.then(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushing = false
    if (!this.#over) this.#handler.onFlush()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#handler.onEnd()
  }

  #fail(error: SluiceError): void {
    if (this.#over) return
    this.#over = true
    this.#inflate?.destroy()
    this.#handler.onError(error)
  }
}

function readHead(status: number, raw: Record<string, string | string[]>): UpstreamHead {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) {
    headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status, headers }
}

function describe(error: SystemError, where: string, afterHead: boolean): SluiceError {
  // Who gave the body has said what is wrong with it.
  if (SluiceError.is(error)) return error
  // The second is that of a proxy which was asked for a tunnel.
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT' || error.code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new SluiceError('connect_timeout', `cannot reach ${where}: no connection in time`, { cause: error })
  }
  if (error.name === 'HTTPParserError') {
    return new SluiceError(
      'upstream_protocol',
      `cannot read the answer of ${where}: it is not HTTP: ${error.message}`,
      {
        cause: error,
      },
    )
  }
  if (afterHead) {
    return new SluiceError('upstream_truncated', `the answer of ${where} broke off: ${reason(error)}`, { cause: error })
  }
  return new SluiceError('upstream_unreachable', `cannot reach ${where}: ${reason(error)}`, { cause: error })
}
