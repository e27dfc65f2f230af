import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import {
  type CitationToken,
  isJsonObject,
  type JsonObject,
  type LogProb,
  type Opaque,
  type StreamToken,
} from '../../tokens/index.ts'
import type { ReasoningFields } from '../dialect.ts'
import { isTextMark } from '../kept-text.ts'
import { toAnnotation } from './annotation.ts'
import { encodeFinish } from './finish.ts'
import { type Place, SealedReasoning } from './reasoning-state.ts'
import { dialectName } from './wire.ts'

/** Writes one chunk around the text of its only choice. */
type Write = (choice: string, emit: Emit<SseMessage>) => void

interface Block {
  kind: 'text' | 'refusal' | 'reasoning' | 'function' | 'custom' | 'audio' | 'image'
  /** What stands before the escaped text of a delta of this block, and behind it. */
  before: string
  after: string
  /** Where the block's text begins in the whole content. */
  start: number
  place: Place
  opaque: Opaque[]
  /** Those that speak of the whole block, and so wait for its end. */
  citations: CitationToken[]
  id: string | undefined
  mediaType: string | undefined
  /** Kept where it is needed again: the reasoning that state vouches for, the bytes of an image. */
  pieces: string[]
  empty: boolean
}

type InChoice = Exclude<StreamToken, { type: 'message-start' | 'usage' | 'metadata' | 'raw' | 'error' }>

const closing = '},"logprobs":null,"finish_reason":null}'

/** The deltas of one choice. */
export class ChoiceEncoder {
  readonly #write: Write
  readonly #warn: (field: string, reason: string) => void
  readonly #open: string
  readonly #reasoning: ReasoningFields
  readonly #blocks = new Map<number, Block>()
  readonly #state = new SealedReasoning()
  #once: JsonObject | undefined
  #deltaOnce: JsonObject | undefined
  #chars = 0
  /** Counts the calls of this choice: the numbers that clients see have no gap, whatever stands between. */
  #calls = 0
  finished = false

  constructor(
    index: number,
    write: Write,
    warn: (field: string, reason: string) => void,
    reasoningFields: ReasoningFields = 'reasoning_content',
  ) {
    this.#write = write
    this.#warn = warn
    this.#reasoning = reasoningFields
    this.#open = `{"index":${index},"delta":{`
  }

  role(emit: Emit<SseMessage>): void {
    this.#send('"role":"assistant","content":"","refusal":null', emit)
  }

  /** Facts go on the next chunk of the choice; behind the finish there is none, so they get one of their own. */
  facts(fields: JsonObject, emit: Emit<SseMessage>): void {
    const { delta, index: _, finish_reason: __, ...rest } = fields
    if (isJsonObject(delta)) this.#deltaOnce = { ...this.#deltaOnce, ...delta }
    if (Object.keys(rest).length > 0) this.#once = { ...this.#once, ...rest }
    if (this.finished) this.#send('', emit)
  }

  push(token: InChoice, emit: Emit<SseMessage>): void {
    if (this.finished) return
    switch (token.type) {
      case 'text-delta':
        this.#text(token.index, token.text, token.logprobs, emit)
        return
      case 'tool-call-delta':
      case 'reasoning-delta':
        this.#delta(token.index, token.type === 'reasoning-delta' ? token.text : token.arguments, emit)
        return
      case 'text-start':
        this.#start(token.index, token.refusal ? 'refusal' : 'text', token.refusal ? '"refusal":' : '"content":', '')
        return
      case 'reasoning-start':
        this.#start(
          token.index,
          'reasoning',
          `"${this.#reasoning === 'reasoning' ? 'reasoning' : 'reasoning_content'}":`,
          '',
          token.id,
        )
        return
      case 'tool-call-start': {
        const { index, id, name, kind } = token
        const number = this.#calls++
        const field = kind === 'custom' ? 'input' : 'arguments'
        this.#start(index, kind, `"tool_calls":[{"index":${number},"${kind}":{"${field}":`, '}}]', id)
        this.#state.call()
        const call = { index: number, id, type: kind, [kind]: { name, [field]: '' } }
        this.#send(`"tool_calls":[${JSON.stringify(call)}]`, emit)
        return
      }
      case 'tool-call-end': {
        const block = this.#blocks.get(token.index)
        if (block?.kind === 'function' && block.empty) this.#delta(token.index, '{}', emit)
        return
      }
      case 'media-start':
        this.#start(token.index, token.kind, '', '', token.id, token.mediaType)
        return
      case 'media-delta':
        this.#media(token, emit)
        return
      case 'media-end':
        this.#image(token.index, emit)
        return
      case 'opaque': {
        const block = this.#blocks.get(token.index)
        // The text itself is in the stream.
        if (!isTextMark(token)) block?.opaque.push(token)
        return
      }
      case 'citation': {
        const block = this.#blocks.get(token.index)
        if (block && token.dialect !== dialectName) block.citations.push(token)
        else this.#annotation(token, 0, emit)
        return
      }
      case 'hosted-call-start':
      case 'hosted-result':
        this.#warn('hosted tools', 'this API has no place for calls of tools that run at the provider')
        return
      case 'finish':
        this.#finish(token, emit)
        return
      case 'text-end':
      case 'reasoning-end': {
        const block = this.#blocks.get(token.index)
        if (!block) return
        for (const one of block.citations) this.#annotation(one, block.start, emit)
        // Only what carries state is needed again.
        if (block.opaque.length === 0) this.#blocks.delete(token.index)
        return
      }
      case 'hosted-call-delta':
      case 'hosted-call-end':
        return
      default:
        token satisfies never
    }
  }

  #text(index: number, text: string, logprobs: LogProb[] | undefined, emit: Emit<SseMessage>): void {
    const block = this.#blocks.get(index)
    if (!block) return
    if (block.kind === 'text') {
      this.#chars += text.length
      this.#state.text(text.length)
    }
    if (logprobs) {
      const key = block.kind === 'refusal' ? 'refusal' : 'content'
      const probs = { content: null, refusal: null, [key]: logprobs }
      const delta = `"${key}":${JSON.stringify(text)}`
      this.#write(`${this.#open}${delta}},"logprobs":${JSON.stringify(probs)},"finish_reason":null}`, emit)
      return
    }
    if (text === '') return
    this.#piece(block, text, emit)
  }

  #delta(index: number, text: string, emit: Emit<SseMessage>): void {
    const block = this.#blocks.get(index)
    if (!block || text === '') return
    block.empty = false
    if (block.kind === 'reasoning') {
      block.pieces.push(text)
      if (this.#reasoning === 'both') {
        const json = JSON.stringify(text)
        this.#send(`"reasoning_content":${json},"reasoning":${json}`, emit)
        return
      }
    }
    this.#piece(block, text, emit)
  }

  #piece(block: Block, text: string, emit: Emit<SseMessage>): void {
    if (this.#once || this.#deltaOnce) {
      this.#send(
        block.before.slice(this.#open.length) + JSON.stringify(text) + block.after.slice(0, -closing.length),
        emit,
      )
      return
    }
    this.#write(block.before + JSON.stringify(text) + block.after, emit)
  }

  #start(index: number, kind: Block['kind'], before: string, after: string, id?: string, mediaType?: string): void {
    this.#blocks.set(index, {
      kind,
      before: this.#open + before,
      after: after + closing,
      start: this.#chars,
      place: this.#state.place(),
      opaque: [],
      citations: [],
      id,
      mediaType,
      pieces: [],
      empty: true,
    })
  }

  #annotation(citation: CitationToken, start: number, emit: Emit<SseMessage>): void {
    const annotation = toAnnotation(citation, start, this.#chars)
    if (annotation) this.#send(`"annotations":[${JSON.stringify(annotation)}]`, emit)
    else this.#warn('citations', 'this API knows only citations of web pages')
  }

  #media(
    token: { index: number; data?: string; transcript?: string; expiresAt?: number },
    emit: Emit<SseMessage>,
  ): void {
    const block = this.#blocks.get(token.index)
    if (!block) return
    if (block.kind === 'image') {
      if (token.data !== undefined) block.pieces.push(token.data)
      return
    }
    const { data, transcript, expiresAt } = token
    const audio = {
      ...(block.empty && block.id !== undefined && { id: block.id }),
      ...(transcript !== undefined && { transcript }),
      ...(data !== undefined && { data }),
      ...(expiresAt !== undefined && { expires_at: expiresAt }),
    }
    block.empty = false
    this.#send(`"audio":${JSON.stringify(audio)}`, emit)
  }

  #image(index: number, emit: Emit<SseMessage>): void {
    const block = this.#blocks.get(index)
    if (block?.kind !== 'image') return
    const url = `data:${block.mediaType ?? 'image/png'};base64,${block.pieces.join('')}`
    block.pieces = []
    this.#send(`"images":[${JSON.stringify({ type: 'image_url', image_url: { url } })}]`, emit)
  }

  #finish(token: { reason: Parameters<typeof encodeFinish>[0] }, emit: Emit<SseMessage>): void {
    // Once and whole: readers that do not know the field overwrite it, others append, and both keep one delta.
    for (const { kind, place, opaque, pieces, id } of this.#blocks.values()) {
      if (opaque.length === 0) continue
      const owner = kind === 'function' || kind === 'custom' ? { call: id } : { id }
      this.#state.add(place, opaque, kind === 'reasoning' ? pieces.join('') : '', owner)
    }
    const { details } = this.#state
    if (details) this.#send(`"reasoning_details":${JSON.stringify(details)}`, emit)
    if (token.reason === 'malformed_call')
      this.#warn('tool_calls', 'the model broke off a tool call that cannot be run')
    const word = encodeFinish(token.reason, this.#calls > 0)
    this.#send('', emit, word)
    this.finished = true
  }

  /** Any chunk that is not a plain delta: takes along the facts that wait. */
  #send(delta: string, emit: Emit<SseMessage>, finish?: string): void {
    let inside = delta
    if (this.#deltaOnce) {
      const more = JSON.stringify(this.#deltaOnce).slice(1, -1)
      inside = delta === '' ? more : `${delta},${more}`
    }
    const facts = this.#once ? `,${JSON.stringify(this.#once).slice(1, -1)}` : ''
    this.#once = undefined
    this.#deltaOnce = undefined
    const word = finish === undefined ? 'null' : `"${finish}"`
    this.#write(`${this.#open}${inside}},"logprobs":null,"finish_reason":${word}${facts}}`, emit)
  }
}
