import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { ChoiceDecoder } from './choice-decoder.ts'
import { isError, streamError } from './error.ts'
import { PageList } from './page-list.ts'
import { type Lane, laneOf, plainDelta } from './plain-delta.ts'
import { ToldFacts } from './told-facts.ts'
import { decodeUsage, extraUsage, readCost } from './usage.ts'
import { dialectName } from './wire.ts'

/** Keys of a chunk that become tokens of their own, or mean nothing (`obfuscation` is padding). */
const knownChunk = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'obfuscation', 'error', 'x_groq'])

/**
 * The chunks of OpenAI and of the many servers that speak its language with an accent. Most deltas are cut out of the
 * event without parsing it; everything else is parsed once.
 *
 * The finish waits for `[DONE]`, the usage chunk or the end: servers send content with it and even behind it.
 */
export class ChatStreamDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  readonly #choices = new Map<number, ChoiceDecoder>()
  readonly #lanes: Lane[] = []
  readonly #facts = new ToldFacts(knownChunk)
  /** The sources of the answer as a whole. */
  readonly #sources = new PageList()
  #held: StreamToken[] | undefined = []
  #done = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  get done(): boolean {
    return this.#done
  }

  get finished(): boolean {
    if (this.#choices.size < (this.#options.choices ?? 1)) return false
    for (const choice of this.#choices.values()) if (!choice.ended && !choice.hasFinishWord) return false
    return true
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#done) return
    const lanes = this.#lanes
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i]!
      const text = lane.match(event.data)
      if (text !== undefined && this.#fast(lane, text, emit)) return
    }
    try {
      this.#event(event, emit)
    } catch (thrown) {
      this.#fail(thrown, emit)
    }
  }

  /** The body of the answer ended. */
  end(emit: Emit<StreamToken>): void {
    if (this.#done) return
    try {
      if (!this.finished) {
        throw new SluiceError(
          'upstream_truncated',
          'the answer is not whole: the stream ended without a finish reason and without [DONE]',
        )
      }
      this.#release(emit, true)
    } catch (thrown) {
      this.#fail(thrown, emit)
    }
    this.#done = true
  }

  /** One whole chunk, or a whole answer, which reads the same with `message` for `delta`. @throws SluiceError */
  chunk(chunk: JsonObject, emit: Emit<StreamToken>): void {
    const { choices, usage, x_groq } = chunk
    const fields = this.#facts.news(chunk)
    if (fields) {
      this.#tell({ type: 'metadata', dialect: dialectName, fields }, emit)
      this.#sources.take(fields)
    }
    let said = false
    for (const choice of Array.isArray(choices) ? choices : []) {
      if (!isJsonObject(choice)) continue
      if (!said) this.#start(chunk, emit)
      said = true
      this.#choice(choice, emit)
    }
    const cost = this.#options.cost && readCost(chunk, this.#options.cost)
    if (cost) this.#tell({ type: 'usage', usage: { cost } }, emit)
    const counts = isJsonObject(usage) ? usage : isJsonObject(x_groq) ? x_groq.usage : undefined
    if (!isJsonObject(counts)) return
    if (!said) this.#release(emit, false)
    this.#usage(counts, emit)
  }

  /** Finishes what is not finished. `lenient`: choices without a finish reason are taken as finished. */
  #release(emit: Emit<StreamToken>, lenient: boolean): void {
    const choices = [...this.#choices.values()].filter((choice) => !choice.ended)
    if (!lenient && choices.some((choice) => !choice.hasFinishWord)) return
    for (const choice of choices) {
      choice.cite(this.#sources.pages, emit)
      choice.finish(emit)
    }
  }

  /** Ends a whole answer, or a stream that said `[DONE]`. @throws SluiceError when there was no answer at all */
  finish(emit: Emit<StreamToken>): void {
    if (this.#choices.size === 0) {
      throw new SluiceError(
        'upstream_truncated',
        'the answer is not whole: the stream said [DONE] before anything else',
      )
    }
    this.#release(emit, true)
  }

  #fast(lane: Lane, text: string, emit: Emit<StreamToken>): boolean {
    const choice = this.#choices.get(lane.choice)
    if (!choice || choice.ended) return false
    if (text === '') return true
    if (lane.kind === 'arguments') return choice.args(lane.call, text, emit)
    choice.prose(lane.kind, text, emit)
    return true
  }

  #event(event: SseEvent, emit: Emit<StreamToken>): void {
    const { data } = event
    // Nearly every event is an object, so that is asked first: a trimmed copy costs more.
    if (data.charCodeAt(0) !== brace && data.trim() === '[DONE]') {
      this.finish(emit)
      this.#done = true
      return
    }
    const parsed = parse(data)
    const chunk = Array.isArray(parsed) ? parsed[0] : parsed
    if (!isJsonObject(chunk)) throw notJson(data)
    if (isError(chunk, event.event)) throw streamError(chunk)
    if (!Array.isArray(chunk.choices) && !chunk.usage && chunk.model === undefined) {
      this.#tell({ type: 'raw', dialect: dialectName, data }, emit)
      return
    }
    this.chunk(chunk, emit)
    // Where one kind of delta has taught in vain, the others will too: what is new in every event is beside the delta.
    for (const lane of this.#lanes) if (!lane.learning) return
    const plain = plainDelta(chunk)
    if (plain) laneOf(this.#lanes, plain.kind).learn(data, plain)
  }

  /** The first chunk with a choice names the message; what was told before (filters of the prompt) follows it. */
  #start(chunk: JsonObject, emit: Emit<StreamToken>): void {
    if (!this.#held) return
    const held = this.#held
    this.#held = undefined
    const id = filled(chunk.id)
    const model = filled(chunk.model)
    const created = typeof chunk.created === 'number' && chunk.created > 0 ? chunk.created : undefined
    emit({
      type: 'message-start',
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      ...(created !== undefined && { created }),
    })
    for (const token of held) emit(token)
  }

  #tell(token: StreamToken, emit: Emit<StreamToken>): void {
    if (this.#held) this.#held.push(token)
    else emit(token)
  }

  #choiceOf(index: number): ChoiceDecoder {
    let choice = this.#choices.get(index)
    if (!choice) {
      choice = new ChoiceDecoder(index, this.#options)
      this.#choices.set(index, choice)
    }
    return choice
  }

  #choice(wire: JsonObject, emit: Emit<StreamToken>): void {
    const index = Number.isInteger(wire.index) && (wire.index as number) >= 0 ? (wire.index as number) : 0
    const choice = this.#choiceOf(index)
    const delta = isJsonObject(wire.delta) ? wire.delta : isJsonObject(wire.message) ? wire.message : undefined
    const fields = choice.facts.news(wire)
    if (fields) emit({ type: 'metadata', dialect: dialectName, choice: index, fields })
    if (delta && !choice.ended) choice.delta(delta, wire.logprobs, emit)
    else if (delta && Object.keys(delta).length > 0) {
      emit({ type: 'raw', dialect: dialectName, data: JSON.stringify({ choices: [wire] }) })
    }
    if (typeof wire.stop_reason === 'string' && wire.stop_reason !== '') choice.stopSequence(wire.stop_reason)
    const word = filled(wire.finish_reason)
    if (word !== undefined) choice.finishWord(word)
    if (isJsonObject(wire.usage)) this.#usage(wire.usage, emit)
  }

  #usage(wire: JsonObject, emit: Emit<StreamToken>): void {
    const usage = decodeUsage(wire)
    if (Object.keys(usage).length > 0) this.#tell({ type: 'usage', usage }, emit)
    const extra = extraUsage(wire)
    if (extra) this.#tell({ type: 'metadata', dialect: dialectName, fields: { usage: extra } }, emit)
  }

  #fail(thrown: unknown, emit: Emit<StreamToken>): void {
    this.#done = true
    emit({ type: 'error', error: SluiceError.from(thrown, 'upstream_protocol') })
  }
}

/** `{` */
const brace = 0x7b

function parse(data: string): Json {
  try {
    return JSON.parse(data) as Json
  } catch (cause) {
    throw notJson(data, cause)
  }
}

export function notJson(data: string, cause?: unknown): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the stream: an event holds neither a JSON object nor [DONE], it begins with ${JSON.stringify(data.slice(0, 60))}`,
    { cause },
  )
}
