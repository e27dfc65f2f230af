import { type Capability, type LessonEntry, type ProviderLessons, readEvidence } from '../capabilities/index.ts'
import { dialects, type Target, type UpstreamDialect } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { eventParser } from '../pipeline/index.ts'
import { type Provider, targetOf } from '../providers/index.ts'
import { resolve } from '../routing/index.ts'
import {
  type ChatReply,
  type ChatRequest,
  Folder,
  fold,
  type JsonObject,
  type Message,
  mergeUsage,
  type Usage,
} from '../tokens/index.ts'
import { decoderFor, replyTokens } from './delivery/target-decoder.ts'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import type { House } from './house.ts'
import { call } from './upstream/call.ts'
import { readJson, sniff } from './upstream/upstream-body.ts'
import { upstreamUrl } from './upstream/upstream-url.ts'

/** What was found out of one model, and what that took. */
export interface Probe {
  /** As it was asked for. */
  name: string
  provider: string
  model: string
  found: Array<Pick<LessonEntry, 'capability' | 'can' | 'evidence'>>
  /** How many requests were sent. */
  requests: number
  /** What the provider counted for them, as far as it said so. */
  usage: Usage
  /** Why no more was found out. */
  error?: string
}

/** What is tried: the first two always, the others on request. */
const questions = {
  stream: {},
  whole: {},
  tool_stream: { tools: true },
  prefill: { prefill: true },
} as const
type Question = keyof typeof questions

/**
 * Asks a model with requests of a few tokens what it can do, and keeps what they teach. A stream is asked for even where
 * a preset knows better: this is how a provider is found out that has learned it.
 *
 * @param all tools and a beginning of the answer are tried, too
 * @throws SluiceError `unknown_model`
 */
export async function probe(house: House, exchange: Exchange, name: string, all: boolean): Promise<Probe> {
  const { provider, model } = resolve(name, house.table)
  const probing = new Probing(
    house,
    exchange,
    provider,
    targetOf(provider, model),
    await house.capabilities.of(provider),
  )
  const report: Probe = { name, provider: provider.name, model, found: probing.found, requests: 0, usage: {} }
  try {
    const streams = await probing.ask('stream', true)
    await probing.ask('whole', false)
    if (all && streams) await probing.ask('tool_stream', true)
    if (all) await probing.ask('prefill', false)
  } catch (error) {
    report.error = SluiceError.from(error).message
  }
  return { ...report, requests: probing.requests, usage: probing.usage }
}

class Probing {
  readonly #house: House
  readonly #exchange: Exchange
  readonly #provider: Provider
  readonly #upstream: UpstreamDialect
  readonly #lessons: ProviderLessons
  #target: Target
  readonly found: Probe['found'] = []
  requests = 0
  usage: Usage = {}

  constructor(house: House, exchange: Exchange, provider: Provider, target: Target, lessons: ProviderLessons) {
    this.#house = house
    this.#exchange = exchange
    this.#provider = provider
    this.#upstream = dialects[provider.dialect]
    this.#target = target
    this.#lessons = lessons
  }

  /** One question; a refusal of `stream_options` is taken for what it is, and the question asked once more. */
  async ask(question: Question, stream: boolean): Promise<boolean> {
    const asks = questions[question]
    const request = this.#request(stream, asks)
    const answer = await this.#send(request, stream)
    if (answer.status < 300) {
      const streamed = answer.reply === 'stream'
      // Who streams unasked says nothing of whole answers, for it gives none.
      if (question === 'whole' && streamed) this.#learn('whole', false, 'answered with a stream, asked for one piece')
      else if (!stream || streamed) this.#learn(question, true, 'did it when it was asked')
      else this.#learn(question, false, 'answered in one piece, asked for a stream')
      return !stream || streamed
    }
    const streamOptions = stream && this.#target.traits.streamUsage !== false
    const evidence = readEvidence(answer.status, answer.text, {
      stream,
      streamOptions,
      tools: 'tools' in asks,
      prefill: 'prefill' in asks,
    })
    if (evidence?.cannot === 'stream_options' && streamOptions) {
      this.#learn('stream_options', false, evidence.said)
      this.#target = { ...this.#target, traits: { ...this.#target.traits, streamUsage: false } }
      return this.ask(question, stream)
    }
    if (!evidence) throw this.#upstream.upstream.decodeError(answer.status, answer.text, answer.headers)
    this.#learn(evidence.cannot, false, evidence.said)
    return false
  }

  async #send(request: ChatRequest, stream: boolean) {
    const { transport, clock, clientKeys, streaming } = this.#house
    const { upstream } = this.#upstream
    const target = stream ? this.#target : { ...this.#target, traits: { ...this.#target.traits, streamOnly: false } }
    const encoded = upstream.encodeRequest(request, target)
    const provider = this.#provider
    const ready = {
      name: provider.name,
      method: 'POST' as const,
      url: upstreamUrl(provider, this.#upstream, 'chat', { model: target.model, stream }),
      headers: upstreamHeaders(this.#exchange, provider, { ...upstream.headers, ...encoded.headers }, clientKeys),
      body: JSON.stringify(encoded.body),
    }
    if (provider.sign) ready.headers = await provider.sign(ready)
    this.requests++
    const { head, text } = await call(transport, ready, {
      clock,
      timeoutMs: streaming.totalTimeoutMs,
      maxBytes: 1024 * 1024,
    })
    const told = { status: head.status, headers: head.headers, text }
    if (head.status >= 300) return { ...told, reply: undefined }
    const bytes = new TextEncoder().encode(text)
    const kind = sniff(bytes, upstream.framings ?? ['sse'], head.headers['content-type'])
    const whole = kind === 'whole' || kind === 'page' || kind === undefined
    const reply = whole ? this.#wholeReply(bytes) : this.#streamedReply(bytes, kind)
    if (reply.usage) this.usage = addUsage(this.usage, reply.usage)
    return { ...told, reply: whole ? ('whole' as const) : ('stream' as const) }
  }

  /** @throws SluiceError for an error inside a 200, and for what is no answer */
  #wholeReply(bytes: Uint8Array): ChatReply {
    return fold(replyTokens(this.#target, this.#upstream, readJson(bytes), this.#options))
  }

  #streamedReply(bytes: Uint8Array, framing: Parameters<typeof eventParser>[0]): ChatReply {
    const folder = new Folder()
    const decoder = decoderFor(this.#target, this.#upstream, this.#options)
    const parser = eventParser(framing, { flushTail: true })
    parser.push(bytes, (event) => decoder.push(event, (token) => folder.push(token)))
    decoder.end?.((token) => folder.push(token))
    return folder.reply()
  }

  get #options() {
    const { vendor, family, traits } = this.#target
    return { vendor, family, ...(traits.cost && { cost: traits.cost }) }
  }

  #learn(capability: Capability, can: boolean, evidence: string): void {
    this.#lessons.learn(this.#target.model, capability, can, evidence)
    this.found.push({ capability, can, evidence })
  }

  /** As little as a request can be. Models that think need some room before they say anything. */
  #request(stream: boolean, asks: { tools?: boolean; prefill?: boolean }): ChatRequest {
    const messages: Message[] = [{ role: 'user', parts: [{ type: 'text', text: 'Say OK.' }] }]
    if (asks.prefill) messages.push({ role: 'assistant', parts: [{ type: 'text', text: 'O' }] })
    return {
      model: this.#target.model,
      system: [],
      messages,
      tools: asks.tools ? [{ kind: 'function', name: 'noop', parameters: emptySchema }] : [],
      sampling: {},
      maxOutput: 16,
      stream,
      includeUsage: stream,
      extra: { dialect: 'none', fields: {} },
    }
  }
}

const emptySchema: JsonObject = { type: 'object', properties: {} }

/** Counts of several answers: other than those of one stream they do add up. */
function addUsage(sum: Usage, one: Usage): Usage {
  const all = mergeUsage(sum, one)
  const cost = addCost(sum.cost, one.cost)
  return {
    ...all,
    ...(cost && { cost }),
    ...(one.input !== undefined && { input: (sum.input ?? 0) + one.input }),
    ...(one.output !== undefined && { output: (sum.output ?? 0) + one.output }),
  }
}

/** Amounts of one unit, that is: others do not add up. */
function addCost(sum: Usage['cost'], one: Usage['cost']): Usage['cost'] {
  if (!sum || !one || sum.unit !== one.unit) return sum ?? one
  // Fractions of a coin or a cent, and what binary numbers make of their sum.
  return { amount: Number((sum.amount + one.amount).toFixed(10)), unit: sum.unit }
}
