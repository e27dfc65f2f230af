import { SluiceError } from '../../errors/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import {
  type Finish,
  isJsonObject,
  type JsonObject,
  mergeUsage,
  type StreamToken,
  type Usage,
} from '../../tokens/index.ts'
import type { EncodeOptions, Warning } from '../dialect.ts'
import { text } from '../lenient.ts'
import { type BlockToken, BlockWriter, isBlockStart } from './encode-block.ts'
import { errorBody } from './error.ts'
import { encodeInput, encodeUsage } from './usage.ts'
import { dialect, stopReasons, stopWords } from './wire.ts'

/**
 * Tokens to Messages events.
 *
 * ```
 * message_start *( content_block_start *content_block_delta content_block_stop ) message_delta message_stop
 * ```
 * or, from any point on, the stop of the open block and one `error`.
 *
 * One block is open at a time, under indices of its own, 0, 1, 2, …: blocks that overlap in the tokens wait for each
 * other, in the order in which they started. `message_start` waits for the first content, so that a stream that fails
 * before it is nothing but an error, and so that it can say the counts that are already known. The finish waits for
 * the end, since counts may come behind it.
 */
export class MessagesEncoder implements Stage<StreamToken, SseMessage> {
  readonly #options: EncodeOptions
  readonly #warned = new Set<string>()
  #id: string
  #model: string
  #started = false
  /** The terminal event is out. */
  #over = false
  #usage: Usage = {}
  /** Fields of `message_delta` that only this dialect knows. */
  #fields: JsonObject = {}
  #finish: Finish | undefined
  #refused = false
  #called = false
  /** The name of a call whose input is no JSON. */
  #unreadable: string | undefined
  #nextIndex = 0
  #chars = 0
  /** The block that is being written, and those that wait for it with what came for them. */
  #active: { index: number; writer: BlockWriter } | undefined
  readonly #waiting = new Map<number, BlockToken[]>()

  constructor(options: EncodeOptions) {
    this.#options = options
    this.#id = `msg_${options.requestId}`
    this.#model = options.model
  }

  push(token: StreamToken, emit: Emit<SseMessage>): void {
    if (this.#over) return
    switch (token.type) {
      // The usual one first: the others are asked of few tokens.
      case 'text-delta':
        this.#block(token, emit)
        return
      case 'message-start':
        if (token.id) this.#id = token.id
        if (token.model) this.#model = token.model
        return
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'metadata':
        if (token.dialect === dialect) this.#merge(token.fields)
        else this.#foreign(token.dialect, token.fields)
        return
      case 'raw':
        this.#raw(token.dialect, token.event, token.data, emit)
        return
      case 'finish':
        if (token.choice === 0) this.#finish = token
        return
      case 'error':
        this.fail(token.error, emit)
        return
      default:
        this.#block(token, emit)
    }
  }

  end(emit: Emit<SseMessage>): void {
    if (this.#over) return
    if (!this.#finish) {
      this.fail(new SluiceError('upstream_truncated', 'the answer ended before it was finished'), emit)
      return
    }
    this.#closeAll(emit)
    const stop = this.#stop(this.#finish)
    // Readers of this dialect make the best of an input that they cannot parse, and would run the call with that.
    if (this.#unreadable !== undefined && stop.stop_reason === 'tool_use') {
      const problem = `cannot hand on the call of ${this.#unreadable}: the model wrote an input that is no JSON; ask again`
      const error = new SluiceError('upstream_protocol', problem)
      this.#options.onBroken?.(error)
      this.fail(error, emit)
      return
    }
    this.#start(emit)
    this.#over = true
    const { context_management, delta, usage, ...others } = this.#fields
    this.#send(emit, {
      type: 'message_delta',
      delta: { ...stop, ...(isJsonObject(delta) && delta) },
      usage: { ...this.#finalUsage(), ...(isJsonObject(usage) && usage) },
      ...(context_management !== undefined && { context_management }),
      ...others,
    })
    this.#send(emit, { type: 'message_stop' })
  }

  fail(error: SluiceError, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#over = true
    this.#active?.writer.abort(emit)
    this.#active = undefined
    this.#waiting.clear()
    this.#send(emit, errorBody(error, this.#options.requestId))
  }

  #block(token: BlockToken, emit: Emit<SseMessage>): void {
    if (token.choice !== 0) {
      this.#warn('n', 'dropped', 'this dialect has one answer')
      return
    }
    const active = this.#active
    if (active !== undefined && active.index === token.index) {
      if (active.writer.write(token, emit)) this.#next(emit)
      return
    }
    const waiting = this.#waiting.get(token.index)
    if (waiting) {
      waiting.push(token)
    } else if (isBlockStart(token)) {
      if (active) this.#waiting.set(token.index, [token])
      else this.#open(token, emit)
    }
  }

  /** Opens a block; true when it is over at once. */
  #open(token: BlockToken, emit: Emit<SseMessage>): boolean {
    if (token.type === 'text-start' && token.refusal) this.#refused = true
    if (token.type === 'tool-call-start') this.#called = true
    const writer = new BlockWriter({
      requestId: this.#options.requestId,
      begin: (out) => {
        this.#start(out)
        return this.#nextIndex++
      },
      wrote: (length) => {
        this.#chars += length
      },
      warn: (field, action, reason) => this.#warn(field, action, reason),
      unreadable: (name) => {
        this.#unreadable ??= name
      },
    })
    this.#active = { index: token.index, writer }
    const over = writer.write(token, emit)
    if (over) this.#active = undefined
    return over
  }

  /** The open block is over: writes what waited, up to the first block that is still open. */
  #next(emit: Emit<SseMessage>): void {
    this.#active = undefined
    for (const [index, tokens] of this.#waiting) {
      this.#waiting.delete(index)
      let over = false
      for (const token of tokens) {
        const active = this.#current()
        over = active ? active.writer.write(token, emit) : this.#open(token, emit)
      }
      if (!over) return
      this.#active = undefined
    }
  }

  #current(): { index: number; writer: BlockWriter } | undefined {
    return this.#active
  }

  /** Blocks whose end never came; tokens in order leave none. */
  #closeAll(emit: Emit<SseMessage>): void {
    while (this.#active) {
      this.#active.writer.close(emit)
      this.#next(emit)
    }
  }

  #start(emit: Emit<SseMessage>): void {
    if (this.#started) return
    this.#started = true
    const input = encodeInput(this.#usage)
    this.#send(emit, {
      type: 'message_start',
      message: {
        id: this.#id,
        type: 'message',
        role: 'assistant',
        model: this.#model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          ...input,
          input_tokens: input.input_tokens ?? this.#options.inputEstimate ?? 0,
          cache_creation_input_tokens: input.cache_creation_input_tokens ?? null,
          cache_read_input_tokens: input.cache_read_input_tokens ?? null,
          output_tokens: this.#usage.output ?? 1,
        },
      },
    })
  }

  #stop(finish: Finish): JsonObject {
    const { reason, native, stopSequence, details } = finish
    let word: string = stopWords[reason]
    if (native !== undefined && stopReasons.get(native) === reason) word = native
    if (reason === 'stop' || reason === 'unknown') {
      if (this.#called) word = 'tool_use'
      else if (this.#refused) word = 'refusal'
    }
    if (reason === 'malformed_call') this.#warn('stop_reason', 'changed', 'the model wrote a call that cannot be read')
    const own = isJsonObject(details) && typeof details.type === 'string' && word === 'refusal'
    return {
      stop_reason: word,
      stop_sequence: word === 'stop_sequence' ? (stopSequence ?? null) : null,
      stop_details: own ? details : null,
    }
  }

  /** The input is left out when it is unknown: then clients keep that of `message_start`. */
  #finalUsage(): JsonObject {
    const usage = encodeUsage(this.#usage)
    if (usage.output_tokens === undefined) {
      // The field is required here, and 0 would be wrong: four characters a token is the usual rough guess.
      usage.output_tokens = Math.ceil(this.#chars / 4)
      this.#warn('usage.output_tokens', 'changed', 'the provider counted nothing, so this is an estimate')
    }
    return usage
  }

  #merge(fields: JsonObject): void {
    const { delta, usage, ...others } = fields
    Object.assign(this.#fields, others)
    if (isJsonObject(delta)) this.#fields.delta = { ...(this.#fields.delta as JsonObject | undefined), ...delta }
    if (isJsonObject(usage)) this.#fields.usage = { ...(this.#fields.usage as JsonObject | undefined), ...usage }
  }

  /** An unknown event of this dialect. One about a block speaks of an index that means something else here. */
  #raw(source: string, event: string | undefined, data: string, emit: Emit<SseMessage>): void {
    if (source === dialect && event !== undefined && !event.startsWith('content_block')) {
      this.#start(emit)
      emit({ event, data })
    } else {
      this.#warn(event ?? 'event', 'dropped', 'an event that this dialect does not know')
    }
  }

  /** Facts about an answer (its tier, a fingerprint) are of no use here; unknown parts of the answer itself are a loss. */
  #foreign(source: string, { delta }: JsonObject): void {
    if (!isJsonObject(delta)) return
    for (const field of Object.keys(delta))
      this.#warn(field, 'dropped', `a part of the answer in the shape of ${source}`)
  }

  #warn(field: string, action: Warning['action'], reason: string): void {
    if (this.#warned.has(field)) return
    this.#warned.add(field)
    this.#options.onWarning?.({ field, action, reason })
  }

  #send(emit: Emit<SseMessage>, data: JsonObject): void {
    emit({ event: text(data, 'type') ?? 'message', data: JSON.stringify(data) })
  }
}
