import { SluiceError } from '../../errors/index.ts'
import type { Emit, Stage } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { type Finish, type JsonObject, mergeUsage, type StreamToken, type Usage } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import type { EncodeOptions, Warning } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { CallWriter } from './call-writer.ts'
import { encodeFinish } from './finish.ts'
import { imageFacts } from './image-item.ts'
import { type ItemStatus, WholeWriter } from './item-writer.ts'
import { placeOf } from './kept.ts'
import { MessageWriter } from './message-writer.ts'
import { Output } from './output.ts'
import { homemade } from './reasoning-state.ts'
import { ReasoningWriter } from './reasoning-writer.ts'
import { ResponseBody } from './response-body.ts'
import { estimated, isWhole } from './usage.ts'
import { callIdRule, dialectName } from './wire.ts'

type BlockToken = Extract<StreamToken, { index: number }>
type ToolCallStart = Extract<StreamToken, { type: 'tool-call-start' }>
type Opaque = Extract<StreamToken, { type: 'opaque' }>

interface Call {
  kind: 'call'
  writer: CallWriter
  callId: string
  state: Opaque[]
}

/** An open block, by what writes it. */
type Block =
  | { kind: 'text'; writer: MessageWriter }
  | { kind: 'reasoning'; writer: ReasoningWriter; spare: Opaque[] }
  | Call
  | { kind: 'image'; id: string; data: string; facts: JsonObject }
  | { kind: 'none' }

/**
 * Tokens to Responses events.
 *
 * ```
 * created in_progress *( output_item.added *… output_item.done ) ( completed | incomplete | failed )
 * ```
 *
 * Blocks are items, in the order of their first content; texts in a row are parts of one message. Every event has its
 * number, and the last one says all items again. `created` waits for the first content, so that a stream that fails
 * before it can still be another one. A call whose input cannot be seen to be whole waits with its end for what comes
 * next: it may be the news that the answer was cut, and clients run what is done.
 */
export class ResponsesEncoder implements Stage<StreamToken, SseMessage> {
  readonly #options: EncodeOptions
  readonly #warned = new Set<string>()
  readonly #blocks = new Map<number, Block>()
  readonly #out = new Output()
  #body: ResponseBody | undefined
  #id: string
  #model: string
  #created: number
  #fields: JsonObject = {}
  #message: MessageWriter | undefined
  /** State of texts, which is written when their message is closed. */
  readonly #loose: Opaque[] = []
  /** Calls that have ended, perhaps before they were whole. */
  readonly #ended: Call[] = []
  #ids = 0
  #usage: Usage | undefined
  #finish: Finish | undefined
  #over = false

  constructor(options: EncodeOptions) {
    this.#options = options
    this.#id = `resp_${options.requestId}`
    this.#model = options.model
    this.#created = options.created
  }

  push(token: StreamToken, emit: Emit<SseMessage>): void {
    if (this.#over) return
    switch (token.type) {
      case 'message-start':
        if (token.id?.startsWith('resp')) this.#id = token.id
        if (token.model) this.#model = token.model
        if (token.created !== undefined) this.#created = token.created
        return
      case 'usage':
        this.#usage = mergeUsage(this.#usage, token.usage)
        return
      case 'metadata':
        if (token.dialect !== dialectName) return
        Object.assign(this.#fields, token.fields)
        this.#body?.say(token.fields)
        return
      case 'raw':
        this.#warn(token.event ?? 'event', 'dropped', 'an event that this dialect does not know')
        return
      case 'finish':
        if (token.choice === 0) this.#finish = token
        return
      case 'error':
        this.fail(token.error, emit)
        return
      default:
        if (token.choice === 0) this.#block(token, emit)
        else this.#warn('n', 'dropped', 'this dialect has one answer')
    }
  }

  end(emit: Emit<SseMessage>): void {
    if (this.#over) return
    const finish = this.#finish
    if (!finish) {
      this.fail(new SluiceError('upstream_truncated', 'the answer ended before it was finished'), emit)
      return
    }
    this.#start(emit)
    const { status, reason } = encodeFinish(finish)
    const cut: ItemStatus = status === 'completed' ? 'completed' : 'incomplete'
    for (const index of [...this.#blocks.keys()]) this.#close(index, emit)
    this.#settle(cut, emit)
    this.#closeMessage(cut, emit)
    const error =
      status === 'failed'
        ? new SluiceError('upstream_server', 'the model wrote a call of a tool that cannot be read')
        : undefined
    if (!isWhole(this.#usage))
      this.#warn('usage', 'changed', 'the provider counted not everything, so this is an estimate')
    const usage = estimated(this.#usage, this.#options.inputEstimate, this.#out.chars)
    this.#terminal(`response.${status}`, { status, reason, error, usage }, emit)
  }

  fail(error: SluiceError, emit: Emit<SseMessage>): void {
    if (this.#over) return
    this.#start(emit)
    // A call that broke off is left open: clients run the calls that are done.
    for (const block of this.#blocks.values()) if (block.kind === 'reasoning') block.writer.close('incomplete', emit)
    this.#closeMessage('incomplete', emit)
    this.#terminal('response.failed', { status: 'failed', error, usage: this.#usage }, emit)
  }

  #terminal(type: string, ended: Omit<Parameters<ResponseBody['over']>[0], 'output'>, emit: Emit<SseMessage>): void {
    this.#over = true
    this.#blocks.clear()
    const output = this.#out.items
    this.#out.send(type, `"response":${this.#body!.over({ ...ended, output })}`, emit)
  }

  #start(emit: Emit<SseMessage>): void {
    if (this.#body) return
    const facts = { id: this.#id, created: this.#created, model: this.#model, kept: this.#options.kept }
    this.#body = new ResponseBody(facts)
    this.#body.say(this.#fields)
    const response = `"response":${this.#body.running()}`
    this.#out.send('response.created', response, emit)
    this.#out.send('response.in_progress', response, emit)
  }

  #block(token: BlockToken, emit: Emit<SseMessage>): void {
    const block = this.#blocks.get(token.index)
    switch (token.type) {
      case 'text-delta':
        if (block?.kind !== 'text' || (token.text === '' && !token.logprobs)) return
        block.writer.text(token.index, token.text, token.logprobs, emit)
        return
      case 'reasoning-delta':
        if (block?.kind === 'reasoning') block.writer.text(token.text, emit)
        return
      case 'tool-call-delta':
        if (block?.kind === 'call') block.writer.text(token.arguments, emit)
        return
      case 'media-delta':
        if (block?.kind === 'image') block.data += token.data ?? ''
        else if (block?.kind === 'text' && token.transcript) {
          block.writer.text(token.index, token.transcript, undefined, emit)
        }
        return
      case 'opaque':
        this.#opaque(block, token)
        return
      case 'citation':
        if (block?.kind !== 'text' || !block.writer.cite(token.index, token, emit)) {
          this.#warn('citations', 'dropped', `sources in the shape of ${token.dialect} cannot be said in this dialect`)
        }
        return
      case 'hosted-call-delta':
        return
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'media-end':
      case 'hosted-call-end':
        this.#close(token.index, emit)
        return
      default:
        this.#start(emit)
        this.#settle('completed', emit)
        this.#open(token, emit)
    }
  }

  #open(
    token: Exclude<BlockToken, { type: `${string}-delta` | `${string}-end` | 'opaque' | 'citation' }>,
    emit: Emit<SseMessage>,
  ): void {
    switch (token.type) {
      case 'text-start':
        this.#text(token.index, token.refusal === true, filled(token.id), token.meta?.[dialectName], emit)
        return
      case 'reasoning-start': {
        this.#closeIdle(emit)
        const form = token.meta?.[dialectName]?.form === 'content' ? 'content' : 'summary'
        const id = token.id?.startsWith('rs_') ? token.id : this.#newId(homemade)
        const writer = new ReasoningWriter(this.#out, id, form)
        this.#blocks.set(token.index, { kind: 'reasoning', writer, spare: [] })
        return
      }
      case 'tool-call-start':
        this.#closeIdle(emit)
        this.#call(token, emit)
        return
      case 'media-start':
        if (token.kind === 'image') {
          this.#closeIdle(emit)
          const id = token.id ?? this.#newId('ig_')
          this.#blocks.set(token.index, { kind: 'image', id, data: '', facts: imageFacts(token) })
          return
        }
        this.#warn('audio', 'dropped', 'this dialect has no audio in answers; what is said goes out as text')
        this.#text(token.index, false, undefined, undefined, emit)
        return
      case 'hosted-result':
        this.#closeIdle(emit)
        if (token.dialect !== dialectName) {
          this.#warn('hosted_result', 'dropped', `work of a tool in the shape of ${token.dialect}`)
          return
        }
        new WholeWriter(this.#out, filled(token.block.id) ?? this.#newId('item_')).write(token.block, emit)
        return
      case 'hosted-call-start':
        this.#blocks.set(token.index, { kind: 'none' })
        this.#warn('hosted_call', 'dropped', `a tool in the shape of ${token.dialect} cannot be said in this dialect`)
        return
      default:
        token satisfies never
    }
  }

  #text(
    index: number,
    refusal: boolean,
    id: string | undefined,
    fields: JsonObject | undefined,
    emit: Emit<SseMessage>,
  ): void {
    const own = id?.startsWith('msg') ? id : undefined
    // Texts in a row are one message; those that say of which one they are part, of that.
    if (this.#message && own !== undefined && this.#message.itemId !== own) this.#closeMessage('completed', emit)
    this.#message ??= new MessageWriter(this.#out, own ?? this.#newId('msg_'), fields)
    this.#message.start(index, refusal, emit)
    this.#blocks.set(index, { kind: 'text', writer: this.#message })
  }

  #call(token: ToolCallStart, emit: Emit<SseMessage>): void {
    const { id: given, namespace, ...meta } = token.meta?.[dialectName] ?? {}
    const custom = token.kind === 'custom'
    const place = placeOf(this.#options.kept, token.name)
    const space = place?.namespace ?? namespace
    const id = callId(token.id || `call_${this.#options.requestId}_${token.index}`, callIdRule)
    const writer = new CallWriter(this.#out, filled(given) ?? this.#newId(custom ? 'ctc_' : 'fc_'), {
      callId: id,
      name: place?.name ?? token.name,
      custom,
      fields: { ...meta, ...(typeof space === 'string' && { namespace: space }) },
    })
    writer.begin(emit)
    this.#blocks.set(token.index, { kind: 'call', writer, callId: id, state: [] })
  }

  #opaque(block: Block | undefined, token: Opaque): void {
    if (block?.kind === 'call') {
      block.state.push(token)
    } else if (block?.kind === 'reasoning') {
      if (!block.writer.state(token)) block.spare.push(token)
    } else if (block) {
      // A text has no slot: its state stands in an item of its own behind it.
      this.#loose.push(token)
    }
  }

  #close(index: number, emit: Emit<SseMessage>): void {
    const block = this.#blocks.get(index)
    if (!block) return
    this.#blocks.delete(index)
    switch (block.kind) {
      case 'text':
        block.writer.end(index, emit)
        return
      case 'reasoning':
        block.writer.close('completed', emit)
        for (const one of block.spare) this.#state(one, undefined, emit)
        return
      case 'call':
        if (block.writer.whole) this.#done(block, 'completed', emit)
        else this.#ended.push(block)
        return
      case 'image':
        new WholeWriter(this.#out, block.id).write({ id: block.id, ...block.facts, result: block.data }, emit)
    }
  }

  /** Calls that have ended and may be cut are done, whole or not. */
  #settle(status: ItemStatus, emit: Emit<SseMessage>): void {
    for (const call of this.#ended.splice(0)) this.#done(call, status, emit)
  }

  #done({ writer, callId: id, state }: Call, status: ItemStatus, emit: Emit<SseMessage>): void {
    writer.close(status, emit)
    for (const one of state) this.#state(one, id, emit)
  }

  #state(opaque: Opaque, call: string | undefined, emit: Emit<SseMessage>): void {
    const { vendor, family, kind, value } = opaque
    const writer = new ReasoningWriter(this.#out, this.#newId(homemade), 'summary')
    writer.state({ kind, value, ...(vendor !== undefined && { vendor }), ...(family !== undefined && { family }) })
    writer.close('completed', emit, call)
  }

  /** Something else begins: a message in which no text is open is over. */
  #closeIdle(emit: Emit<SseMessage>): void {
    if (this.#message?.idle) this.#closeMessage('completed', emit)
  }

  #closeMessage(status: ItemStatus, emit: Emit<SseMessage>): void {
    this.#message?.close(status, emit)
    this.#message = undefined
    for (const one of this.#loose.splice(0)) this.#state(one, undefined, emit)
  }

  #newId(prefix: string): string {
    return `${prefix}${this.#options.requestId}_${this.#ids++}`
  }

  #warn(field: string, action: Warning['action'], reason: string): void {
    if (this.#warned.has(field)) return
    this.#warned.add(field)
    this.#options.onWarning?.({ field, action, reason })
  }
}
