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
import type { Sign } from '../providers/index.ts'
import type { Soon } from '../storage/index.ts'
import { type ChatReply, type ChatRequest, estimateInput, fold, type StreamToken, unfold } from '../tokens/index.ts'
import type { UpstreamHead, UpstreamRequest } from '../transport/index.ts'
import { Answer } from './answer.ts'
import { answerHeaders } from './answer-headers.ts'
import { Attempt } from './attempt.ts'
import { type ClientProfile, clientProfile, profiledFraming, rewrites } from './client-profile.ts'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders, warningsHeader } from './headers.ts'
import type { House } from './house.ts'
import { ownerOf } from './owner.ts'
import { decodeOptions, type Plan, plan } from './plan.ts'
import { readRefusal } from './refusal.ts'
import { newProgress, type Progress, type Relay, type StreamRelayOptions } from './relay.ts'
import { type RequestBody, readRequestBody } from './request-body.ts'
import { requestRecord } from './request-record.ts'
import { tellEnd, tellPlan } from './request-story.ts'
import { ResponseRecorder } from './response-recorder.ts'
import { storedDialect } from './stored-responses.ts'
import { decoderFor, replyTokens } from './target-decoder.ts'
import { TranslatedRelay } from './translated.ts'
import { UntouchedRelay } from './untouched.ts'
import { readJson } from './upstream-body.ts'
import { upstreamUrl } from './upstream-url.ts'
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
  readonly #profile: ClientProfile
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
  #recorder: ResponseRecorder | undefined

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
    this.#profile = clientProfile(exchange)
    this.#framing = profiledFraming(this.#profile, client.client.framing(asked.form))
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
      const { limits, log } = this.#house
      const written = await readRequestBody(this.#exchange, {
        bytes: limits.maxBodyBytes,
        timeoutMs: limits.bodyTimeoutMs,
      })
      const body = this.#client.name === storedDialect ? await this.#goOn(written) : written
      if (this.#settled) return
      const making = this.#makePlan(body)
      const planned = making instanceof Promise ? await making : making
      if (this.#settled) return
      planned.kept = this.#recorder?.told(planned.kept) ?? planned.kept
      this.#plan = planned
      if (rewrites(this.#profile, this.#client.name)) planned.untouched = false
      this.#warnings.push(...planned.warnings)
      if (log.debug) tellPlan(log, this.#id, this.#client.name, planned)
      if (planned.alone) {
        this.#answerAlone(planned, planned.alone)
        return
      }
      if (planned.stream) this.#answer.expectStream()
      this.#begin(planned)
    } catch (error) {
      this.#fail(SluiceError.from(error))
    }
  }

  /** With the state that the client could not carry. */
  #makePlan(body: RequestBody): Soon<Plan> {
    const { memory, table } = this.#house
    const make = (restore?: (request: ChatRequest) => void) => plan(this.#client, body, table, this.#asked, restore)
    if (!this.#client.client.rebuildsHistory) return make()
    const pending: { state?: Promise<void> | undefined } = {}
    const planned = make((request) => {
      pending.state = memory.restore(this.#owner, request)
    })
    // Some of it is in a store that takes its time.
    return pending.state?.then(() => make((request) => memory.restoreKnown(this.#owner, request))) ?? planned
  }

  /** What the request refers to is put into it, and its answer will be kept. */
  async #goOn(written: RequestBody): Promise<RequestBody> {
    const { responses } = this.#house
    const owner = this.#owner()
    const body = await responses.expand(owner, written)
    this.#recorder = new ResponseRecorder({ responses, owner, asked: written.json })
    return body
  }

  /** The server stops: a stream that is still running ends with an honest error. */
  stop(error: SluiceError): void {
    if (this.#settled) return
    if (this.#relay && !this.#relay.progress.over) this.#relay.fail(error)
    else this.#fail(error)
    this.#attempt?.abort()
  }

  #begin(planned: Plan): void {
    const { provider, upstream, target, stream, text, form } = planned
    const url = upstreamUrl(provider, upstream, 'chat', {
      model: target.model,
      stream,
      ...(form !== undefined && { form }),
    })
    const headers = upstreamHeaders(
      this.#exchange,
      provider,
      { ...upstream.upstream.headers, ...planned.headers },
      this.#house.clientKeys,
    )
    const request = { name: provider.name, method: 'POST', url, headers, body: text } as const
    if (provider.sign === undefined) this.#send(planned, request)
    else this.#signAndSend(planned, request, provider.sign)
    // While the provider thinks there is time; and a stream that runs for minutes must not hold its prompt so long.
    if (planned.request && !planned.untouched) planned.inputEstimate = estimateInput(planned.request)
    planned.request = undefined
    planned.text = ''
  }

  #signAndSend(planned: Plan, request: UpstreamRequest & { body: string }, sign: Sign): void {
    sign(request).then(
      (headers) => {
        // The client may have left meanwhile.
        if (!this.#settled) this.#send(planned, { ...request, headers })
      },
      (cause: unknown) => {
        const found = `cannot sign the request to ${request.name}: ${SluiceError.from(cause).message}`
        this.#fail(new SluiceError('internal', found, { cause }))
      },
    )
  }

  #send(planned: Plan, request: UpstreamRequest): void {
    const { transport, clock, streaming, log } = this.#house
    const { provider, upstream } = planned
    if (log.debug) log.step(this.#id, 'sent', { provider: provider.name, bytes: request.body?.length ?? 0 })
    this.#attemptOver = false
    this.#attempt = new Attempt(transport, request, clock, streaming, {
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
    })
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
      const decoder = decoderFor(planned.target, upstream, decodeOptions(planned))
      return wholeFromStream(eventParser(framing, { flushTail: true }), decoder, options.maxEventBytes, {
        onReply: (reply) => this.#respondWhole(planned, reply),
        onFailure: options.onFailure,
      })
    }
    // The same words in another wrapping are written anew; and so is an array, whose writer knows what it has written.
    if (untouched && framing === this.#framing.name && framing !== 'json-array') {
      this.#kind = 'passthrough'
      const { usageAdded: dropUsage, choices } = planned
      const newObserver = () => this.#client.upstream.observeStream({ dropUsage, choices, requestId: this.#id })
      const observer = this.#recorder?.observer(newObserver()) ?? newObserver()
      return new UntouchedRelay({ ...options, framing: this.#framing, observer, newObserver })
    }
    this.#kind = 'native'
    return this.#translate(planned, framing)
  }

  #translate(planned: Plan, framing: UpstreamFraming): TranslatedRelay {
    const options = this.#relayOptions()
    const encoder = this.#client.client.encodeStream(this.#encodeOptions(planned))
    return new TranslatedRelay({
      ...options,
      parser: eventParser(framing, { maxEventBytes: options.maxEventBytes, flushTail: true }),
      framing: this.#framing,
      decoder: decoderFor(planned.target, planned.upstream, decodeOptions(planned)),
      encoder: this.#recorder?.encoder(encoder) ?? encoder,
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
      const facts = this.#client.upstream.observeReply(json)
      this.#kind = 'whole'
      this.#recorder?.whole(json)
      this.#respond(bytes, facts)
      return
    }
    const tokens = replyTokens(planned.target, upstream, json, decodeOptions(planned))
    if (!stream) {
      this.#kind = 'whole'
      this.#respondWhole(planned, fold(tokens))
      return
    }
    this.#streamWhole(planned, tokens)
  }

  /** An answer that came in one piece, for a client that wants a stream. */
  #streamWhole(planned: Plan, tokens: Iterable<StreamToken>): void {
    this.#kind = 'simulated'
    const relay = this.#translate(planned, 'sse')
    this.#progress = relay.progress
    this.#relay = relay
    relay.whole(tokens)
  }

  /** Nobody has to be asked. */
  #answerAlone(planned: Plan, reply: ChatReply): void {
    if (planned.stream) this.#streamWhole(planned, unfold(reply))
    else {
      this.#kind = 'whole'
      this.#respondWhole(planned, reply)
    }
    this.#settle()
  }

  #respondWhole(planned: Plan, reply: ChatReply): void {
    if (this.#remembers) this.#house.memory.remember(this.#owner, reply)
    const body = this.#client.client.encodeReply(reply, this.#encodeOptions(planned))
    this.#recorder?.whole(body)
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
    const planned = this.#plan
    if (!planned || !this.#client.client.rebuildsHistory) return false
    return planned.upstream.name !== this.#client.name || planned.target.traits.reasoningRequired === true
  }

  /** Asked for only where there is state that belongs to somebody: it costs a hash. */
  readonly #owner = (): string => ownerOf(this.#exchange)

  #encodeOptions(planned: Plan | undefined): EncodeOptions {
    return {
      requestId: this.#recorder?.id ?? this.#id,
      model: planned?.target.model ?? '',
      created: Math.floor(Date.now() / 1000),
      includeUsage: planned?.includeUsage ?? false,
      startedAt: Date.now() - (this.#house.clock.now() - this.#startedAt),
      onWarning: (warning) => this.#lose(warning),
      ...(this.#asked.form !== undefined && { form: this.#asked.form }),
      ...(planned?.kept && { kept: planned.kept }),
      reasoningFields: this.#profile.reasoningInChat,
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
    return {
      ...this.#house.headersFor(this.#exchange),
      ...answerHeaders({
        id: this.#id,
        client: this.#client.client,
        upstream: this.#head?.headers ?? {},
        plan: this.#plan,
        kind: this.#kind,
        warnings: this.#warnings,
      }),
    }
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
    if (log.debug) tellEnd(log, record, this.#answer.pressure)
    log.request(record)
  }
}

const sseOnly: readonly UpstreamFraming[] = ['sse']
