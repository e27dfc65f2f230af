import type { ReplyFacts, UpstreamFraming, Warning } from '../../dialects/index.ts'
import type { SluiceError } from '../../errors/index.ts'
import type { Stage } from '../../flow/index.ts'
import type { StreamKind } from '../../observe/index.ts'
import { eventParser, TokenReader } from '../../pipeline/index.ts'
import { Delivered, Stitch } from '../../resume/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { type ChatReply, fold, type JsonObject, type StreamToken, unfold } from '../../tokens/index.ts'
import { fallbackFailed } from '../lessons.ts'
import { goesOn, type Plan } from '../plan.ts'
import { readJson } from '../upstream/upstream-body.ts'
import { decodeOptions, waits } from './decode-options.ts'
import type { DeliveryEvents, DeliveryOptions } from './delivery-options.ts'
import { encodeOptions } from './encode-options.ts'
import { FoldedTarget } from './folded-target.ts'
import { newProgress, type Progress, type Relay, type StreamRelayOptions } from './relay.ts'
import { SimulatedStream } from './simulated-stream.ts'
import { decoderFor, replyTokens } from './target-decoder.ts'
import { TranslatedRelay } from './translated.ts'
import { UntouchedRelay } from './untouched.ts'
import { type TokenTarget, WaitingRelay, WaitingRow } from './waiting-relay.ts'
import { factsOf, progressOf, wholeFromStream } from './whole.ts'

/** A stream that the client is reading, and that another provider may go on with. */
interface Begun {
  encoder: Stage<StreamToken, SseMessage>
  followed: { push(token: StreamToken): void } | undefined
  delivered: Delivered
}

/**
 * How an answer reaches the client: a stream as it came or translated, a whole answer as it came or translated, a stream
 * made of a whole answer, or a whole answer collected from a stream.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #events: DeliveryEvents
  #relay: Relay | undefined
  #simulated: SimulatedStream | undefined
  #row: WaitingRow | undefined
  #firstAt: number | undefined
  /** The stream that is being made, and what it is once the client has read of it. */
  #making: Begun | undefined
  #begun: Begun | undefined
  progress: Progress = newProgress()
  kind: StreamKind = 'unknown'
  /** What of the request and of its answer is lost on the way. */
  warnings: Warning[] = []

  constructor(options: DeliveryOptions, events: DeliveryEvents) {
    this.#options = options
    this.#events = events
  }

  /** When the first content went, by the clock of the house. */
  get firstAt(): number | undefined {
    return this.#firstAt
  }

  /** It goes on although the upstream call is over. */
  get outlasts(): boolean {
    return this.#simulated?.running === true || this.#row?.outlasts === true
  }

  /** Somebody is to be asked: as much as is known before the answer. */
  expect({ stream, asksStream, warnings }: Plan): void {
    this.kind = stream && !asksStream ? 'simulated' : 'unknown'
    // Those of a target that was asked before are of no interest any more.
    this.warnings = [...warnings]
  }

  /** The provider streams. */
  openRelay(planned: Plan, framing: UpstreamFraming): Relay {
    const relay = this.#makeRelay(planned, framing)
    this.#relay = relay
    this.progress = relay.progress
    return relay
  }

  /**
   * The provider gives its answer in one piece, whether or not a stream was asked for.
   *
   * @param onGood called once the answer is known to be one, before it is passed on
   * @throws SluiceError for an error inside a 200, and for what is no answer
   */
  whole(planned: Plan, bytes: Uint8Array, onGood: () => void): void {
    const { upstream, stream, untouched } = planned
    if (stream) {
      let tokens: StreamToken[]
      try {
        tokens = replyTokens(planned.target, upstream, readJson(bytes), decodeOptions(planned, this.#lose))
      } catch (error) {
        throw fallbackFailed(error)
      }
      // Some say in an answer that there is none.
      for (const token of tokens) if (token.type === 'error') throw token.error
      onGood()
      this.#simulate(planned, tokens)
      return
    }
    const json = readJson(bytes)
    if (untouched) {
      const facts = this.#options.client.upstream.observeReply(json)
      onGood()
      this.kind = 'whole'
      this.#options.recorder()?.whole(json)
      this.#respond(bytes, facts)
      return
    }
    const tokens = replyTokens(planned.target, upstream, json, decodeOptions(planned, this.#lose))
    const reply = waits(planned) ? undefined : fold(tokens)
    onGood()
    if (reply) this.#respondWhole(planned, reply)
    else this.#respondLater(planned, tokens)
  }

  /** Nobody had to be asked. */
  alone(planned: Plan, reply: ChatReply): void {
    if (planned.stream) this.#simulate(planned, unfold(reply))
    else this.#respondWhole(planned, reply)
  }

  /** What the client has been given, where somebody else may go on with it. */
  get delivered(): Delivered | undefined {
    return this.#begun?.delivered
  }

  /** Tells whoever reads the stream itself that somebody else goes on with it. No program takes notice. */
  tellSwitch(target: string): void {
    const { framing, answer } = this.#options
    if (framing.heartbeat.startsWith(':')) answer.write(`: continued by ${target.replace(/[^\x21-\x7e]/g, '_')}\n\n`)
  }

  /** An error for a stream of which the client has seen nothing but its head, or that nobody could go on with. */
  errorEvents(planned: Plan | undefined, error: SluiceError): string {
    const { client, framing } = this.#options
    let out = ''
    const encoder =
      this.#begun?.encoder ?? client.client.encodeStream(encodeOptions(planned, this.#options, this.#lose))
    encoder.fail?.(error, (message) => {
      out += framing.write(message)
    })
    return out
  }

  /** Ends a stream that has begun, honestly. @returns false where none has */
  fail(error: SluiceError): boolean {
    this.#simulated?.stop()
    if (!this.#relay || this.#relay.progress.over) return false
    this.#relay.fail(error)
    return true
  }

  /** Nothing more is written: the client has left. */
  stop(): void {
    this.#simulated?.stop()
    this.#row?.stop()
  }

  /** What an attempt has brought so far is of no interest any more. */
  letGo(): void {
    this.#relay = undefined
    this.#row?.stop()
    this.#row = undefined
  }

  pause(): void {
    this.#simulated?.pause()
  }

  resume(): void {
    this.#simulated?.resume()
  }

  readonly #lose = (warning: Warning): void => {
    this.warnings.push(warning)
    this.#options.onLoss(warning)
  }

  #makeRelay(planned: Plan, framing: UpstreamFraming): Relay {
    const { upstream, untouched, stream } = planned
    const { client, id, recorder, framing: ours } = this.#options
    const options = this.#relayOptions()
    if (!stream) {
      this.kind = 'whole'
      const decoder = decoderFor(planned.target, upstream, decodeOptions(planned, this.#lose))
      return wholeFromStream(eventParser(framing, { flushTail: true }), decoder, options.maxEventBytes, {
        onReply: (reply) => {
          if (waits(planned)) this.#respondLater(planned, unfold(reply))
          else this.#respondWhole(planned, reply)
        },
        onFailure: options.onFailure,
      })
    }
    // The same words in another wrapping are written anew; and so is an array, whose writer knows what it has written.
    if (untouched && framing === ours.name && framing !== 'json-array' && !goesOn(planned)) {
      this.kind = 'passthrough'
      const { usageAdded: dropUsage, choices } = planned
      const newObserver = () => client.upstream.observeStream({ dropUsage, choices, requestId: id })
      const observer = recorder()?.observer(newObserver()) ?? newObserver()
      const onContent = () => {
        options.onContent()
        this.#events.onSeen()
      }
      return new UntouchedRelay({ ...options, onContent, framing: ours, observer, newObserver })
    }
    this.kind = 'native'
    const relay = this.#translate(planned, framing)
    if (!waits(planned)) return relay
    const decoder = decoderFor(planned.target, upstream, decodeOptions(planned, this.#lose))
    const parser = eventParser(framing, { maxEventBytes: options.maxEventBytes, flushTail: true })
    return new WaitingRelay(new TokenReader(parser, decoder), decoder, this.#openRow(planned, relay), relay)
  }

  /** A row of transformers of which some wait, before the target. */
  #openRow({ chain }: Plan, target: TokenTarget): WaitingRow {
    const { house, onOver, onCut } = this.#options
    const row = new WaitingRow({
      transformers: chain,
      target,
      clock: house.clock,
      onOver: (ended) => (ended ? onOver() : onCut()),
      onFull: (full) => {
        if (full) this.#simulated?.pause()
        else this.#simulated?.resume()
        this.#events.onFull(full)
      },
    })
    this.#row = row
    return row
  }

  /** A whole answer that has to wait on its way. */
  #respondLater(planned: Plan, tokens: Iterable<StreamToken>): void {
    const { onFailure } = this.#events
    const target = new FoldedTarget({ onReply: (reply) => this.#respondWhole(planned, reply), onFailure })
    const row = this.#openRow(planned, target)
    row.push([...tokens])
    row.end()
  }

  #translate(planned: Plan, framing: UpstreamFraming): TranslatedRelay {
    const options = this.#relayOptions()
    const begun = this.#begun
    const making = begun ?? this.#makeStream(planned)
    const { encoder, followed, delivered } = making
    const relay = new TranslatedRelay({
      ...options,
      parser: eventParser(framing, { maxEventBytes: options.maxEventBytes, flushTail: true }),
      framing: this.#options.framing,
      decoder: decoderFor(planned.target, planned.upstream, decodeOptions(planned, this.#lose)),
      encoder,
      followed,
      onSeen: () => {
        this.#begun = this.#making
        this.#events.onSeen()
      },
      ...(goesOn(planned) && { delivered, onInterrupted: this.#events.onInterrupted }),
      ...(begun && { stitch: new Stitch(begun.delivered) }),
    })
    this.#making = goesOn(planned) ? making : undefined
    relay.progress.deltas = begun ? this.progress.deltas : 0
    return relay
  }

  #makeStream(planned: Plan): Begun {
    const { client, house, owner, recorder } = this.#options
    const onBroken = (error: SluiceError): void => {
      this.progress.error ??= error
    }
    const encoder = client.client.encodeStream(encodeOptions(planned, this.#options, this.#lose, onBroken))
    return {
      encoder: recorder()?.encoder(encoder) ?? encoder,
      followed: this.#remembers(planned) ? house.memory.follow(owner) : undefined,
      delivered: new Delivered(),
    }
  }

  /** An answer that came in one piece, for a client that wants a stream. */
  #simulate(planned: Plan, tokens: Iterable<StreamToken>): void {
    this.kind = 'simulated'
    const relay = this.#translate(planned, 'sse')
    this.progress = relay.progress
    this.#relay = relay
    const { house, onOver } = this.#options
    const { simulateRate: rate } = planned.policy
    const row = waits(planned) ? this.#openRow(planned, relay) : undefined
    this.#simulated = new SimulatedStream({ tokens, relay: row?.asTarget ?? relay, clock: house.clock, rate, onOver })
    this.#simulated.start()
  }

  #respondWhole(planned: Plan, reply: ChatReply): void {
    const { client, house, owner, recorder } = this.#options
    this.kind = 'whole'
    if (this.#remembers(planned)) house.memory.remember(owner, reply)
    const body: JsonObject = client.client.encodeReply(reply, encodeOptions(planned, this.#options, this.#lose))
    recorder()?.whole(body)
    this.#respond(JSON.stringify(body), factsOf(reply))
  }

  #respond(body: string | Uint8Array, facts: ReplyFacts): void {
    const { answer, house } = this.#options
    const { onContent, onSeen } = this.#events
    this.progress = progressOf(facts)
    this.#firstAt = house.clock.now()
    onContent()
    onSeen()
    answer.respond(200, { 'content-type': 'application/json' }, body)
  }

  #relayOptions(): StreamRelayOptions {
    const { answer, house } = this.#options
    const { onFailure, onContent } = this.#events
    return {
      answer,
      maxEventBytes: house.streaming.maxEventBytes,
      onContent: () => {
        this.#firstAt ??= house.clock.now()
        onContent()
      },
      onFailure,
    }
  }

  /** Whether the client may lose what the provider wants back. */
  #remembers({ upstream, target }: Plan): boolean {
    const { client } = this.#options
    if (!client.client.rebuildsHistory) return false
    return upstream.name !== client.name || target.traits.reasoningRequired === true
  }
}
