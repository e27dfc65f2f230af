import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { parse, text } from '../lenient.ts'
import { CallBlock, HostedBlock, ReasoningBlock, TextBlock } from './decode-block.ts'
import { decodeErrorPart } from './error.ts'
import { finishOf } from './finish.ts'
import { decodeUsage } from './usage.ts'
import { dialect, type WirePart } from './wire.ts'

type OpenBlock = TextBlock | ReasoningBlock | CallBlock | HostedBlock

/**
 * Stream parts to tokens. Forgiving where nothing is lost by it (missing starts and ends, calls without pieces), strict
 * where something would be: a line that is no JSON object, and an end without a reason, end the stream with an error.
 *
 * A text stays open until the next block begins, since its sources may follow it.
 */
export class PartDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  readonly #streamed: boolean
  /** Open blocks by their kind and their id on the wire. */
  readonly #open = new Map<string, OpenBlock>()
  /** The block that the last delta was for: the next one is most likely for it too. */
  #current: OpenBlock | undefined
  /** The text that the wire has ended. */
  #ended: TextBlock | undefined
  /** Sources that came before any text. */
  #sources: JsonObject[] = []
  #blocks = 0
  #started = false
  #called = false
  #thought = false
  #finished = false
  #failed = false

  /** @param streamed false: the parts are those of an answer that came whole */
  constructor(options: DecodeOptions, streamed = true) {
    this.#options = options
    this.#streamed = streamed
  }

  get finished(): boolean {
    return this.#finished
  }

  /** The finish brings the counts along, and nothing follows. */
  get done(): boolean {
    return this.#finished
  }

  push({ data }: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#failed || this.#finished) return
    const current = this.#current
    const piece = current?.shape.match(data)
    if (current && piece !== undefined) {
      current.delta(piece, emit)
      return
    }
    const part = parse(data)
    if (isJsonObject(part)) this.read(part as WirePart, data, emit)
    else this.#break(new SluiceError('upstream_protocol', 'cannot read the answer: a line is no JSON object'), emit)
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#failed || this.#finished) return
    this.#break(
      new SluiceError('upstream_truncated', 'cannot finish the answer: the stream ended before its finish'),
      emit,
    )
  }

  /** One parsed part. `data` is its text, for what is passed on unread and for learning. */
  read(part: WirePart, data: string, emit: Emit<StreamToken>): void {
    const id = text(part, 'id') ?? ''
    switch (part.type) {
      case 'stream-start':
      case 'ping':
      case 'raw':
        return
      case 'response-metadata':
        this.#start(emit, part)
        return
      case 'text-start':
        this.#text(id, emit).note(part)
        return
      case 'reasoning-start':
        this.#reasoning(id, emit).note(part)
        return
      case 'tool-input-start':
        this.#call(id, part, emit).note(part)
        return
      case 'text-delta':
        this.#delta(this.#find('text', id) ?? this.#text(id, emit), part, data, emit)
        return
      case 'reasoning-delta':
        this.#delta(this.#find('reasoning', id) ?? this.#reasoning(id, emit), part, data, emit)
        return
      case 'tool-input-delta': {
        const call = this.#find('call', id)
        if (call) this.#delta(call, part, data, emit)
        else this.#break(new SluiceError('upstream_protocol', `cannot read the answer: input came for no call`), emit)
        return
      }
      case 'text-end':
        this.#textEnd(id, part, emit)
        return
      case 'reasoning-end':
        this.#find('reasoning', id)?.note(part)
        this.#close(`reasoning ${id}`, emit)
        return
      case 'tool-input-end':
        // The call itself follows, with what belongs to it.
        this.#find('call', id)?.note(part)
        return
      case 'tool-call':
        this.#callEnd(part, emit)
        return
      case 'source':
        this.#source(part, emit)
        return
      case 'file':
        this.#file(part, emit)
        return
      case 'custom':
        this.#start(emit)
        emit({
          type: 'metadata',
          dialect,
          choice: 0,
          fields: { [text(part, 'kind') ?? 'custom']: part.providerMetadata },
        })
        return
      case 'reasoning-file':
      case 'tool-result':
      case 'tool-approval-request':
        this.#hosted(part, emit)
        return
      case 'finish':
        this.#finish(part, emit)
        return
      case 'error':
        this.#break(decodeErrorPart(part.error), emit)
        return
      default:
        this.#start(emit)
        emit({ type: 'raw', dialect, event: part.type ?? '', data })
    }
  }

  #start(emit: Emit<StreamToken>, { id, modelId, timestamp }: JsonObject = {}): void {
    if (this.#started) return
    this.#started = true
    const created = typeof timestamp === 'string' ? Math.floor(Date.parse(timestamp) / 1000) : Number.NaN
    emit({
      type: 'message-start',
      ...(typeof id === 'string' && id !== '' && { id }),
      ...(typeof modelId === 'string' && modelId !== '' && { model: modelId }),
      ...(Number.isFinite(created) && { created }),
    })
  }

  #find(kind: 'text' | 'reasoning' | 'call', id: string): OpenBlock | undefined {
    return this.#open.get(`${kind} ${id}`)
  }

  #text(id: string, emit: Emit<StreamToken>): TextBlock {
    const block = this.#add(`text ${id}`, () => new TextBlock(this.#blocks++), emit)
    for (const source of this.#sources.splice(0)) block.cite(source, {}, emit)
    return block
  }

  #reasoning(id: string, emit: Emit<StreamToken>): ReasoningBlock {
    this.#thought = true
    return this.#add(`reasoning ${id}`, () => new ReasoningBlock(this.#blocks++), emit)
  }

  #call(id: string, part: JsonObject, emit: Emit<StreamToken>): OpenBlock {
    if (part.providerExecuted === true) {
      return this.#add(`call ${id}`, () => new HostedBlock(this.#blocks++, part), emit)
    }
    this.#called = true
    return this.#add(`call ${id}`, () => new CallBlock(this.#blocks++, id, part, this.#options), emit)
  }

  #add<B extends OpenBlock>(key: string, make: () => B, emit: Emit<StreamToken>): B {
    this.#start(emit)
    this.#endText(emit)
    // A block whose end is missing ends where another takes its id.
    this.#close(key, emit)
    const block = make()
    this.#open.set(key, block)
    this.#current = block
    block.start(emit)
    return block
  }

  #delta(block: OpenBlock, part: WirePart, data: string, emit: Emit<StreamToken>): void {
    this.#current = block
    block.note(part)
    if (typeof part.delta !== 'string') return
    if (part.providerMetadata === undefined) block.shape.learn(data, part.delta)
    block.delta(part.delta, emit)
  }

  #textEnd(id: string, part: JsonObject, emit: Emit<StreamToken>): void {
    const block = this.#find('text', id)
    if (!(block instanceof TextBlock)) return
    const citations = Array.isArray(part.citations) ? part.citations.filter(isJsonObject) : []
    for (const one of citations) if (isJsonObject(one.source)) block.cite(one.source, one, emit)
    // What is said of a text with sources repeats them, and no vendor wants that back.
    if (citations.length === 0) block.note(part)
    this.#endText(emit)
    this.#open.delete(`text ${id}`)
    if (this.#current === block) this.#current = undefined
    this.#ended = block
  }

  #endText(emit: Emit<StreamToken>): void {
    this.#ended?.end(this.#options, this.#thought, emit)
    this.#ended = undefined
  }

  #callEnd(part: JsonObject, emit: Emit<StreamToken>): void {
    const id = text(part, 'toolCallId') ?? ''
    const block = this.#find('call', id) ?? this.#call(id, part, emit)
    block.note(part)
    if (block instanceof CallBlock) block.complete(part.input, emit)
    this.#close(`call ${id}`, emit)
  }

  #close(key: string, emit: Emit<StreamToken>): void {
    const block = this.#open.get(key)
    if (!block) return
    this.#open.delete(key)
    if (this.#current === block) this.#current = undefined
    if (block instanceof TextBlock) block.end(this.#options, this.#thought, emit)
    else if (block instanceof HostedBlock) block.end(emit)
    else block.end(this.#options, emit)
  }

  #source(part: JsonObject, emit: Emit<StreamToken>): void {
    const open = [...this.#open.values()].findLast((block) => block instanceof TextBlock)
    const block = open ?? this.#ended
    if (block) block.cite(part, {}, emit)
    else this.#sources.push(part)
  }

  /** In version 4 the data stands in an object, before that bare. */
  #file(part: JsonObject, emit: Emit<StreamToken>): void {
    const bytes = isJsonObject(part.data) ? part.data.data : part.data
    const mediaType = text(part, 'mediaType') ?? ''
    const kind = (/^(image|audio)\b/.exec(mediaType)?.[1] ?? 'other') as 'image' | 'audio' | 'other'
    if (typeof bytes !== 'string' || kind === 'other') {
      this.#hosted(part, emit)
      return
    }
    const at = this.#alone(emit)
    emit({ type: 'media-start', ...at, kind, mediaType })
    emit({ type: 'media-delta', ...at, data: bytes })
    emit({ type: 'media-end', ...at })
  }

  #hosted(block: JsonObject, emit: Emit<StreamToken>): void {
    emit({ type: 'hosted-result', ...this.#alone(emit), dialect, block })
  }

  /** The place of a block that comes whole. */
  #alone(emit: Emit<StreamToken>): { choice: number; index: number } {
    this.#start(emit)
    this.#endText(emit)
    return { choice: 0, index: this.#blocks++ }
  }

  #finish(part: JsonObject, emit: Emit<StreamToken>): void {
    const finish = finishOf(part, this.#called, this.#streamed)
    if (finish instanceof SluiceError) {
      this.#break(finish, emit)
      return
    }
    this.#start(emit)
    // Sources of an answer without a text hang on one that says nothing.
    if (this.#sources.length > 0) this.#text('', emit)
    for (const key of [...this.#open.keys()]) this.#close(key, emit)
    this.#endText(emit)
    this.#finished = true
    emit({ type: 'finish', choice: 0, ...finish })
    const usage = isJsonObject(part.usage) ? decodeUsage(part.usage) : {}
    if (Object.keys(usage).length > 0) emit({ type: 'usage', usage })
  }

  #break(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#failed = true
    emit({ type: 'error', error })
  }
}
