import {
  type Citation,
  type Finish,
  isJsonObject,
  type Json,
  type JsonObject,
  type LogProb,
  type Opaque,
  type StreamToken,
} from '../../tokens/index.ts'
import { wrapInput } from '../custom-input.ts'
import type { Warning } from '../dialect.ts'
import { parse } from '../lenient.ts'
import { pageOf } from './grounding.ts'
import { encodeLogprobs } from './logprobs.ts'
import { isNative, type State, signatureOf } from './thought-signature.ts'
import { dialect, finishReasons, finishWords } from './wire.ts'

export interface CandidateOptions {
  requestId: string
  /** The client wants to see thoughts. */
  visible: boolean
  /** Writes one chunk around one part. `more`: fields of the candidate beside its content, each with a comma before it. */
  write: (part: string, more: string) => void
  warn: (field: string, action: Warning['action'], reason: string) => void
}

export type InCandidate = Exclude<StreamToken, { type: 'message-start' | 'usage' | 'metadata' | 'raw' | 'error' }>

interface Block {
  kind: 'text' | 'reasoning' | 'call' | 'custom' | 'media' | 'dropped'
  id: string
  name: string
  mediaType: string
  /** What cannot be written before its end. */
  pieces: string[]
  opaque: Opaque[]
  ended: boolean
}

/** The parts of one candidate. Texts go out as they come; a call is one part, so it waits for its end. */
export class CandidateEncoder {
  readonly #index: number
  readonly #options: CandidateOptions
  readonly #blocks = new Map<number, Block>()
  /** Calls that were begun. Those that overlap go out in the order in which they were. */
  readonly #calls: Block[] = []
  /** State of reasoning, for the next part. */
  #pending: State[] = []
  #pages: JsonObject[] = []
  /** Facts in the shape of this dialect, for the last chunk. */
  #facts: JsonObject = {}
  #refused = false
  /** The call that cannot be told, since its arguments are no object. */
  #broken: string | undefined
  #finish: Finish | undefined

  constructor(index: number, options: CandidateOptions) {
    this.#index = index
    this.#options = options
  }

  get finished(): boolean {
    return this.#finish !== undefined
  }

  facts(fields: JsonObject): void {
    Object.assign(this.#facts, fields)
  }

  push(token: InCandidate): void {
    if (this.#finish) return
    switch (token.type) {
      case 'text-delta':
        if (this.#blocks.get(token.index)?.kind === 'text') this.#text(token.text, token.logprobs)
        return
      case 'reasoning-delta': {
        this.#piece(token.index, token.text)
        if (this.#options.visible && token.text !== '') this.#write({ text: token.text, thought: true })
        return
      }
      case 'tool-call-delta':
        this.#piece(token.index, token.arguments)
        return
      case 'media-delta':
        if (token.data !== undefined) this.#piece(token.index, token.data)
        if (token.transcript) this.#text(token.transcript, undefined)
        return
      case 'text-start':
        if (token.refusal) this.#refused = true
        this.#open(token.index, 'text')
        return
      case 'reasoning-start':
        this.#open(token.index, 'reasoning')
        return
      case 'tool-call-start':
        this.#open(token.index, token.kind === 'custom' ? 'custom' : 'call', {
          id: token.id || `call_${this.#options.requestId}_${this.#index}_${token.index}`,
          name: token.name,
        })
        return
      case 'media-start':
        this.#open(token.index, 'media', { mediaType: token.mediaType ?? `${token.kind}/*` })
        return
      case 'opaque': {
        const { kind, value, vendor, family } = token
        const state: Opaque = {
          kind,
          value,
          ...(vendor !== undefined && { vendor }),
          ...(family !== undefined && { family }),
        }
        this.#blocks.get(token.index)?.opaque.push(state)
        return
      }
      case 'citation':
        this.#cite(token)
        return
      case 'text-end':
        this.#textEnd(token.index)
        return
      case 'reasoning-end':
        this.#reasoningEnd(token.index)
        return
      case 'tool-call-end':
        this.#callEnd(token.index)
        return
      case 'media-end':
        this.#mediaEnd(token.index)
        return
      case 'hosted-result':
        if (token.dialect === dialect) this.#write(token.block)
        else this.#foreign(token.dialect)
        return
      case 'hosted-call-start':
        this.#foreign(token.dialect)
        return
      case 'hosted-call-delta':
      case 'hosted-call-end':
        return
      case 'finish': {
        const { reason, native, details } = token
        this.#finish = { reason, ...(native !== undefined && { native }), ...(details !== undefined && { details }) }
        return
      }
      default:
        token satisfies never
    }
  }

  /** The candidate as it stands in the last chunk. */
  last(): JsonObject {
    // Clients take a chunk without any part for a broken answer.
    const part: JsonObject = { text: '', ...this.#slot([]) }
    const finish = this.#ending()
    const pages = this.#pages.length > 0 && this.#facts.groundingMetadata === undefined
    return {
      content: { role: 'model', parts: [part] },
      ...finish,
      index: this.#index,
      ...(pages && { groundingMetadata: { groundingChunks: this.#pages } }),
      ...this.#facts,
    }
  }

  #ending(): JsonObject {
    const { reason, native, details } = this.#finish ?? { reason: 'unknown' }
    const own = native !== undefined && finishReasons.get(native) === reason
    let word: string = own ? native : finishWords[reason]
    if (this.#refused && (reason === 'stop' || reason === 'unknown')) word = finishWords.content_filter
    const cut = reason === 'length' || reason === 'context_full'
    if (this.#broken !== undefined && !cut) word = finishWords.malformed_call
    if (native === 'OTHER' && reason === 'tool_calls') word = native
    const said = isJsonObject(details) && typeof details.finishMessage === 'string' ? details.finishMessage : undefined
    const message =
      said ?? (this.#broken === undefined ? undefined : `cannot read the arguments of the call of ${this.#broken}`)
    return { finishReason: word, ...(message !== undefined && { finishMessage: message }) }
  }

  #open(index: number, kind: Block['kind'], more: { id?: string; name?: string; mediaType?: string } = {}): void {
    const block: Block = { kind, id: '', name: '', mediaType: '', pieces: [], opaque: [], ended: false, ...more }
    this.#blocks.set(index, block)
    if (kind === 'call' || kind === 'custom') this.#calls.push(block)
  }

  #take(index: number): Block | undefined {
    const block = this.#blocks.get(index)
    this.#blocks.delete(index)
    return block
  }

  #piece(index: number, text: string): void {
    if (text !== '') this.#blocks.get(index)?.pieces.push(text)
  }

  #text(text: string, logprobs: LogProb[] | undefined): void {
    if (text === '' && !logprobs) return
    const more = logprobs ? `,"logprobsResult":${JSON.stringify(encodeLogprobs(logprobs))}` : ''
    if (this.#pending.length > 0) this.#write({ text, ...this.#slot([]) }, more)
    else this.#options.write(`{"text":${JSON.stringify(text)}}`, more)
  }

  #textEnd(index: number): void {
    const block = this.#take(index)
    if (block && block.opaque.length > 0) this.#write({ text: '', ...this.#slot(block.opaque) })
  }

  #reasoningEnd(index: number): void {
    const block = this.#take(index)
    if (!block) return
    const { opaque, pieces } = block
    const [only] = opaque
    if (only && opaque.length === 1 && this.#options.visible && isNative(only)) {
      this.#write({ text: '', thought: true, thoughtSignature: only.value })
      return
    }
    // The text goes with the signature over it, else with the first value.
    const carrier = opaque.find((one) => one.kind === 'signature') ?? only
    for (const one of opaque) this.#pending.push({ opaque: one, reasoning: one === carrier ? pieces.join('') : '' })
  }

  #callEnd(index: number): void {
    const block = this.#take(index)
    if (block) block.ended = true
    while (this.#calls[0]?.ended) this.#call(this.#calls.shift()!)
  }

  #call(block: Block): void {
    const { id, name, kind, pieces, opaque } = block
    const written = pieces.join('')
    const json = kind === 'custom' ? wrapInput(written) : written.trim() === '' ? '{}' : written
    const args = parse(json)
    if (!isJsonObject(args)) {
      this.#broken = name
      this.#options.warn('functionCall', 'dropped', 'its arguments are no JSON object')
      return
    }
    const head = JSON.stringify({ id, name }).slice(0, -1)
    const slot = JSON.stringify(this.#slot(opaque)).slice(1, -1)
    // As they were written, since a large number would not survive being read; but a line end would end the event.
    const safe = /[\r\n]/.test(json) ? JSON.stringify(args) : json
    this.#options.write(`{"functionCall":${head},"args":${safe}}${slot === '' ? '' : `,${slot}`}}`, '')
  }

  #mediaEnd(index: number): void {
    const block = this.#take(index)
    if (!block || block.pieces.length === 0) return
    const { mediaType, pieces } = block
    const mimeType = mediaType === 'image/*' ? 'image/png' : mediaType === 'audio/*' ? 'audio/wav' : mediaType
    this.#write({ inlineData: { mimeType, data: pieces.join('') } })
  }

  #cite({ dialect: source, citation }: Citation): void {
    // The vendor's own are among the facts already.
    if (source === dialect && this.#facts.groundingMetadata !== undefined) return
    const page = pageOf(citation)
    if (page) this.#pages.push(page)
    else this.#options.warn('citations', 'dropped', 'this API knows only sources that are pages')
  }

  #foreign(source: string): void {
    this.#options.warn('hosted tools', 'dropped', `a tool that ran at the provider, in the shape of ${source}`)
  }

  /** The slot for state, with all that waits for one. */
  #slot(own: readonly Opaque[]): { thoughtSignature?: string } {
    const states: State[] = [...this.#pending, ...own.map((opaque) => ({ opaque }))]
    if (states.length === 0) return {}
    this.#pending = []
    return { thoughtSignature: signatureOf(states) }
  }

  #write(part: { [key: string]: Json | undefined }, more = ''): void {
    this.#options.write(JSON.stringify(part), more)
  }
}
