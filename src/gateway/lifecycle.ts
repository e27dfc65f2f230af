import { hash } from 'node:crypto'
import { shownKeys } from '../access/index.ts'
import type {
  Asked,
  Dialect,
  EncodeOptions,
  ReplyFacts,
  StreamFraming,
  UpstreamFraming,
  Warning,
} from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { StreamKind } from '../observe/index.ts'
import { eventParser } from '../pipeline/index.ts'
import { type ChatReply, type ChatRequest, estimateInput, fold } from '../tokens/index.ts'
import type { UpstreamHead } from '../transport/index.ts'
import { Answer } from './answer.ts'
import { Attempt } from './attempt.ts'
import type { Exchange } from './exchange.ts'
import { headersBack, headerText, readUpstreamId, upstreamHeaders, warningsHeader } from './headers.ts'
import type { House } from './house.ts'
import { type Plan, plan } from './plan.ts'
import { readRefusal } from './refusal.ts'
import { newProgress, type Progress, type Relay, type StreamRelayOptions } from './relay.ts'
import { readRequestBody } from './request-body.ts'
import { requestRecord } from './request-record.ts'
import { TranslatedRelay } from './translated.ts'
import { UntouchedRelay } from './untouched.ts'
import { readJson } from './upstream-body.ts'
import { factsOf, progressOf, wholeFromStream } from './whole.ts'

/**
 * The life of one chat request, from its body to its record; `docs/lifecycle.md` draws it. The steps stand here in
 * the order in which they happen: decode and route (`plan`), attempt, relay, settle. Every way out leads through
 * `#fail` or the end of a relay, and then once through `#settle`.
 */
export class Lifecycle {
  readonly #house: House
  readonly #exchange: Exchange
  readonly #client: Dialect
  readonly #asked: Asked
  readonly #framing: StreamFraming
  readonly #id: string
  readonly #startedAt: number
  readonly #answer: Answer
  readonly #onSettled: () => void
  #plan: Plan | undefined
  #attempt: Attempt | undefined
  #relay: Relay | undefined
  #head: UpstreamHead | undefined
  #progress: Progress = newProgress()
  #kind: StreamKind = 'unknown'
  #warnings: Warning[] = []
  #firstAt: number | undefined
  #error: SluiceError | undefined
  #settled = false
  #attemptOver = true

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
    this.#framing = client.client.framing(asked.form)
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
      onFlow: (flowing) => (flowing ? this.#attempt?.resume() : this.#attempt?.pause()),
    })
  }

  async run(): Promise<void> {
    try {
      this.#exchange.onClose(() => this.#abort())
      if (this.#settled) return
      const { limits, log, table } = this.#house
      const body = await readRequestBody(this.#exchange, {
        bytes: limits.maxBodyBytes,
        timeoutMs: limits.bodyTimeoutMs,
      })
      if (this.#settled) return
      const planned = plan(this.#client, body, table, this.#asked, (request) => this.#restore(request))
      this.#plan = planned
      this.#warnings.push(...planned.warnings)
      if (log.debug) this.#tellPlan(planned)
      if (planned.stream) this.#answer.expectStream()
      this.#begin(planned)
    } catch (error) {
      this.#fail(SluiceError.from(error))
    }
  }

  /** The server stops: a stream that is still running ends with an honest error. */
  stop(error: SluiceError): void {
    if (this.#settled) return
    if (this.#relay && !this.#relay.progress.over) this.#relay.fail(error)
    else this.#fail(error)
    this.#attempt?.abort()
  }

  #begin(planned: Plan): void {
    const { transport, clock, streaming, log } = this.#house
    const { provider, upstream, target, stream, text } = planned
    const url = upstream.upstream.endpoint(provider.baseUrl, 'chat', { model: target.model, stream })
    const headers = upstreamHeaders(
      this.#exchange,
      provider,
      { ...upstream.upstream.headers, ...planned.headers },
      this.#house.clientKeys,
    )
    if (log.debug) log.step(this.#id, 'sent', { provider: provider.name, bytes: text.length })
    this.#attemptOver = false
    this.#attempt = new Attempt(
      transport,
      { name: provider.name, method: 'POST', url, headers, body: text },
      clock,
      streaming,
      {
        onHead: (head) => {
          this.#head = head
          if (log.debug) log.step(this.#id, 'head', { status: head.status })
        },
        framings: upstream.upstream.framings ?? sseOnly,
        openRelay: (framing) => this.#openRelay(planned, framing),
        onWhole: (bytes) => this.#onWhole(planned, bytes),
        onRefusal: (status, refusal) => this.#fail(readRefusal(planned, this.#head?.headers ?? {}, status, refusal)),
        onFailure: (error) => this.#fail(error),
        onSettled: () => {
          this.#attemptOver = true
          this.#settle()
        },
      },
    )
    // While the provider thinks there is time; and a stream that runs for minutes must not hold its prompt so long.
    if (planned.request && !planned.untouched) planned.inputEstimate = estimateInput(planned.request)
    planned.request = undefined
    planned.text = ''
  }

  /** The provider streams. */
  #openRelay(planned: Plan, framing: UpstreamFraming): Relay {
    const relay = this.#makeRelay(planned, framing)
    this.#relay = relay
    this.#progress = relay.progress
    return relay
  }

  #makeRelay(planned: Plan, framing: UpstreamFraming): Relay {
    const { upstream, untouched, stream } = planned
    const options = this.#relayOptions()
    if (!stream) {
      this.#kind = 'whole'
      const decoder = upstream.upstream.decodeStream(this.#decodeOptions(planned))
      return wholeFromStream(eventParser(framing, { flushTail: true }), decoder, options.maxEventBytes, {
        onReply: (reply) => this.#respondWhole(planned, reply),
        onFailure: options.onFailure,
      })
    }
    // The same words in another wrapping are written anew.
    if (untouched && framing === this.#framing.name) {
      this.#kind = 'passthrough'
      const { usageAdded: dropUsage, choices } = planned
      const newObserver = () => upstream.upstream.observeStream({ dropUsage, choices, requestId: this.#id })
      return new UntouchedRelay({ ...options, framing: this.#framing, observer: newObserver(), newObserver })
    }
    this.#kind = 'native'
    return this.#translate(planned, framing)
  }

  #translate(planned: Plan, framing: UpstreamFraming): TranslatedRelay {
    const options = this.#relayOptions()
    return new TranslatedRelay({
      ...options,
      parser: eventParser(framing, { maxEventBytes: options.maxEventBytes, flushTail: true }),
      framing: this.#framing,
      decoder: planned.upstream.upstream.decodeStream(this.#decodeOptions(planned)),
      encoder: this.#client.client.encodeStream(this.#encodeOptions(planned)),
      followed: this.#remembers ? this.#house.memory.follow(this.#owner) : undefined,
    })
  }

  #relayOptions(): StreamRelayOptions {
    return {
      answer: this.#answer,
      maxEventBytes: this.#house.streaming.maxEventBytes,
      onContent: () => this.#markFirst(),
      onFailure: (error) => this.#fail(error),
    }
  }

  /** The provider gives its answer in one piece, whether or not a stream was asked for. */
  #onWhole(planned: Plan, bytes: Uint8Array): void {
    const { upstream, stream, untouched } = planned
    const json = readJson(bytes)
    if (!stream && untouched) {
      const facts = upstream.upstream.observeReply(json)
      this.#kind = 'whole'
      this.#respond(bytes, facts)
      return
    }
    const tokens = upstream.upstream.decodeReply(json, this.#decodeOptions(planned))
    if (!stream) {
      this.#kind = 'whole'
      this.#respondWhole(planned, fold(tokens))
      return
    }
    this.#kind = 'simulated'
    const relay = this.#translate(planned, 'sse')
    this.#progress = relay.progress
    this.#relay = relay
    relay.whole(tokens)
  }

  #respondWhole(planned: Plan, reply: ChatReply): void {
    if (this.#remembers) this.#house.memory.remember(this.#owner, reply)
    const body = this.#client.client.encodeReply(reply, this.#encodeOptions(planned))
    this.#respond(JSON.stringify(body), factsOf(reply))
  }

  #respond(body: string | Uint8Array, facts: ReplyFacts): void {
    this.#progress = progressOf(facts)
    this.#firstAt = this.#house.clock.now()
    this.#answer.respond(200, { 'content-type': 'application/json' }, body)
  }

  #fail(error: SluiceError): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = error
    const headers: Record<string, string> = {}
    if (error.retryAfterMs !== undefined && !this.#head?.headers['retry-after']) {
      headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    }
    try {
      this.#answer.fail(error, headers, () => this.#errorEvents(error))
    } catch {
      this.#answer.cut()
    }
    this.#attempt?.abort()
    this.#settle()
  }

  #markFirst(): void {
    this.#firstAt = this.#house.clock.now()
    if (this.#house.log.debug)
      this.#house.log.step(this.#id, 'first token', { ms: Math.round(this.#firstAt - this.#startedAt) })
  }

  /** An error for a stream of which the client has seen nothing but its head. */
  #errorEvents(error: SluiceError): string {
    let out = ''
    const encoder = this.#client.client.encodeStream(this.#encodeOptions(this.#plan))
    encoder.fail?.(error, (message) => {
      out += this.#framing.write(message)
    })
    return out
  }

  /** The client has left. */
  #abort(): void {
    if (this.#settled || this.#answer.isOver) return
    this.#error = new SluiceError('client_closed', 'the client closed the connection before the answer was complete')
    this.#answer.abandon()
    this.#attempt?.abort()
    this.#settle()
  }

  /** Whether the client may lose what the provider wants back. */
  get #remembers(): boolean {
    return this.#client.client.rebuildsHistory && this.#plan?.upstream.name !== this.#client.name
  }

  #restore(request: ChatRequest): void {
    if (this.#client.client.rebuildsHistory) this.#house.memory.restore(this.#owner, request)
  }

  /** Whose reasoning this is: nobody gets another caller's. Asked for only where there is some. */
  readonly #owner = (): string => {
    const key = shownKeys(this.#exchange)[0]?.key
    return key === undefined ? '' : hash('sha256', key, 'base64')
  }

  #decodeOptions({ target, customTools, toolNames, choices }: Plan) {
    return { vendor: target.vendor, family: target.family, customTools, toolNames, choices }
  }

  #encodeOptions(planned: Plan | undefined): EncodeOptions {
    return {
      requestId: this.#id,
      model: planned?.target.model ?? '',
      created: Math.floor(Date.now() / 1000),
      includeUsage: planned?.includeUsage ?? false,
      onWarning: (warning) => this.#lose(warning),
      ...(this.#asked.form !== undefined && { form: this.#asked.form }),
      ...(planned?.kept && { kept: planned.kept }),
      ...(planned?.inputEstimate !== undefined && { inputEstimate: planned.inputEstimate }),
    }
  }

  /** Something in the answer that the client's dialect cannot say. Once the head has gone only the log can tell. */
  #lose(warning: Warning): void {
    const { log } = this.#house
    this.#warnings.push(warning)
    if (log.debug) log.step(this.#id, 'lost', { warnings: warningsHeader([warning]) })
  }

  #headers(): Record<string, string> {
    const back = headersBack(this.#head?.headers ?? {})
    const headers: Record<string, string> = {
      ...this.#house.headersFor(this.#exchange),
      ...back,
      [this.#client.client.requestIdHeader]: readUpstreamId(back) ?? this.#id,
      'x-sluice-request-id': this.#id,
    }
    if (this.#plan) {
      headers['x-sluice-provider'] = this.#plan.provider.name
      headers['x-sluice-model'] = headerText(this.#plan.target.model)
      headers['x-sluice-attempts'] = '1'
    }
    if (this.#plan?.stream) headers['x-sluice-stream'] = this.#kind
    const warnings = warningsHeader(this.#warnings)
    if (warnings !== undefined) headers['x-sluice-warnings'] = warnings
    return headers
  }

  /** Once, when both the client has its end and the upstream call is over. */
  #settle(): void {
    if (this.#settled) return
    const answered = this.#answer.isOver
    if (!answered || !this.#attemptOver) {
      if (!answered && this.#attemptOver && this.#attempt) {
        // The upstream call is over and nobody has answered the client: a fault of this house.
        this.#fail(new SluiceError('internal', 'the request ended without an answer'))
      }
      return
    }
    this.#settled = true
    this.#tellEnd()
    this.#onSettled()
  }

  #tellPlan(planned: Plan): void {
    const { log } = this.#house
    log.step(this.#id, 'decoded', { client: this.#client.name, stream: planned.stream })
    log.step(this.#id, 'routed', {
      provider: planned.provider.name,
      model: planned.target.model,
      dialect: planned.upstream.name,
      untouched: planned.untouched,
      warnings: warningsHeader(planned.warnings),
    })
  }

  #tellEnd(): void {
    const { log, clock } = this.#house
    const record = requestRecord({
      id: this.#id,
      exchange: this.#exchange,
      client: this.#client.name,
      plan: this.#plan,
      stream: this.#kind,
      headers: this.#head?.headers ?? {},
      status: this.#answer.status,
      progress: this.#progress,
      error: this.#error ?? this.#progress.error,
      startedAt: this.#startedAt,
      firstAt: this.#firstAt,
      endedAt: clock.now(),
    })
    if (log.debug) {
      const { inputTokens, outputTokens, cacheReadTokens, finish, upstreamRequestId, outcome, code } = record
      if (inputTokens !== undefined || outputTokens !== undefined) {
        log.step(this.#id, 'usage', { input: inputTokens, output: outputTokens, cacheRead: cacheReadTokens })
      }
      const held = this.#answer.pressure
      const waits = held && { pauses: held.pauses, pausedMs: Math.round(held.pausedMs) }
      log.step(this.#id, 'end', { finish, upstreamId: upstreamRequestId, outcome, code, ...waits })
    }
    log.request(record)
  }
}

const sseOnly: readonly UpstreamFraming[] = ['sse']
