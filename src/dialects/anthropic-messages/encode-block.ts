import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import { isJsonObject, type JsonObject, type OpaqueToken, type StreamToken } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { insideString, opening } from '../custom-input.ts'
import type { Warning } from '../dialect.ts'
import { seal } from '../envelope.ts'
import { parse } from '../lenient.ts'
import { isPlainText } from '../plain-text.ts'
import { callIdRule, dialect, homeVendor } from './wire.ts'

export type BlockToken = Extract<StreamToken, { index: number }>

export function isBlockStart(token: BlockToken): boolean {
  return token.type.endsWith('-start') || token.type === 'hosted-result'
}

export interface BlockOptions {
  requestId: string
  /** Called when a block of the wire starts. Gives its index. */
  begin: (emit: Emit<SseMessage>) => number
  /** Told how many characters of content went out. */
  wrote: (length: number) => void
  warn: (field: string, action: Warning['action'], reason: string) => void
  /** Told of a call whose input is no JSON, once all of it is out. */
  unreadable: (name: string) => void
}

/**
 * Writes one block of the tokens, as one block of the wire; none when it is empty, and more when it carries state for
 * which the block has no slot. A text or thinking block starts with its first content: the API refuses empty ones when
 * the client sends them back.
 */
export class BlockWriter {
  readonly #options: BlockOptions
  /** The open block of the wire. */
  #index: number | undefined
  #pending: JsonObject | undefined
  /** What stands before the text in the usual delta of this block, its quote included; behind it stands `"}}`. */
  #prefix = ''
  #custom = false
  #reasoning = false
  #dropped = false
  /** The signature slot, written just before the stop. */
  #slot: OpaqueToken | undefined
  readonly #spare: OpaqueToken[] = []
  /** What came of the input of a call, parsed once, when it is whole: no reader of this dialect is as strict. */
  #call: { name: string; pieces: string[] } | undefined

  constructor(options: BlockOptions) {
    this.#options = options
  }

  /** True when the block is over. */
  write(token: BlockToken, emit: Emit<SseMessage>): boolean {
    switch (token.type) {
      case 'text-delta':
      case 'reasoning-delta':
        this.#delta(token.text, emit)
        return false
      case 'tool-call-delta':
        this.#call?.pieces.push(token.arguments)
        this.#delta(token.arguments, emit)
        return false
      case 'hosted-call-delta':
        this.#delta(token.arguments, emit)
        return false
      case 'media-delta':
        if (token.transcript) this.#delta(token.transcript, emit)
        return false
      case 'text-start':
        this.#prepare({ type: 'text', text: '' }, 'text_delta', 'text')
        return false
      case 'media-start':
        this.#options.warn(token.kind, 'dropped', 'this dialect has no media in answers; what is said goes out as text')
        this.#prepare({ type: 'text', text: '' }, 'text_delta', 'text')
        return false
      case 'reasoning-start':
        this.#reasoning = true
        this.#prepare({ type: 'thinking', thinking: '', signature: '' }, 'thinking_delta', 'thinking')
        return false
      case 'tool-call-start': {
        const meta = token.meta?.[dialect]
        const id = callId(token.id || `call_${this.#options.requestId}_${token.index}`, callIdRule)
        this.#prepare(
          { type: 'tool_use', id, name: token.name, input: {}, ...meta },
          'input_json_delta',
          'partial_json',
        )
        this.#begin(emit)
        if (token.kind === 'custom') {
          this.#custom = true
          this.#delta('', emit, `${opening}"`)
        } else {
          this.#call = { name: token.name, pieces: [] }
        }
        return false
      }
      case 'hosted-call-start':
        if (token.dialect === dialect) {
          this.#prepare(token.block, 'input_json_delta', 'partial_json')
          this.#begin(emit)
        } else {
          this.#drop('hosted_call', token.dialect)
        }
        return false
      case 'hosted-result':
        if (token.dialect === dialect) {
          this.#prepare(token.block, '', '')
          this.#begin(emit)
          this.#stop(emit)
        } else {
          this.#drop('hosted_result', token.dialect)
        }
        return true
      case 'opaque':
        this.#opaque(token)
        return false
      case 'citation':
        this.#citation(token.dialect, token.citation, emit)
        return false
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
        this.close(emit)
        return true
      default:
        token satisfies never
        return false
    }
  }

  close(emit: Emit<SseMessage>): void {
    if (this.#custom) this.#delta('', emit, '"}')
    this.#sign(emit)
    if (this.#index !== undefined) this.#stop(emit)
    if (this.#call && !isReadable(this.#call.pieces.join(''))) this.#options.unreadable(this.#call.name)
    for (const opaque of this.#spare) this.#redacted(opaque, emit)
  }

  /** The stream broke: the block is stopped as it is, so that a cut input does not look whole. */
  abort(emit: Emit<SseMessage>): void {
    if (this.#index === undefined) return
    if (this.#slot) this.#sign(emit)
    this.#stop(emit)
  }

  #prepare(block: JsonObject, deltaType: string, field: string): void {
    this.#pending = block
    this.#prefix = `"delta":{"type":"${deltaType}","${field}":"`
  }

  #begin(emit: Emit<SseMessage>): number {
    if (this.#index !== undefined) return this.#index
    const index = this.#options.begin(emit)
    this.#index = index
    const start = { type: 'content_block_start', index, content_block: this.#pending }
    emit({ event: 'content_block_start', data: JSON.stringify(start) })
    this.#prefix = `{"type":"content_block_delta","index":${index},${this.#prefix}`
    return index
  }

  /** One delta. Of a custom call's text only the inside of the JSON string is sent; `json` is sent around it. */
  #delta(text: string, emit: Emit<SseMessage>, json?: string): void {
    if (this.#dropped) return
    const piece = json ?? (this.#custom ? insideString(text) : text)
    if (piece === '') return
    if (this.#index === undefined) this.#begin(emit)
    this.#options.wrote(piece.length)
    const inside = isPlainText(piece) ? piece : insideString(piece)
    emit({ event: 'content_block_delta', data: `${this.#prefix}${inside}"}}`, json: true })
  }

  #stop(emit: Emit<SseMessage>): void {
    emit({ event: 'content_block_stop', data: `{"type":"content_block_stop","index":${this.#index}}` })
    this.#index = undefined
  }

  /** Thinking has one slot; what does not fit goes into blocks of its own behind this one. */
  #opaque(token: OpaqueToken): void {
    const own = token.kind === 'redacted' && token.vendor === homeVendor
    if (this.#reasoning && !own && this.#slot === undefined) this.#slot = token
    else this.#spare.push(token)
  }

  #sign(emit: Emit<SseMessage>): void {
    const opaque = this.#slot
    if (!opaque) return
    this.#slot = undefined
    // Without a text, encrypted reasoning is what a redacted block is for. A signature keeps its own form, since a
    // redacted block with one means the state of the block before it.
    if (this.#index === undefined && opaque.kind !== 'signature') {
      this.#spare.unshift(opaque)
      return
    }
    const index = this.#begin(emit)
    const signature = opaque.vendor === homeVendor && opaque.kind === 'signature' ? opaque.value : seal(opaque)
    emit({
      event: 'content_block_delta',
      data: JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } }),
    })
  }

  #redacted(opaque: OpaqueToken, emit: Emit<SseMessage>): void {
    const own = opaque.vendor === homeVendor && opaque.kind === 'redacted'
    this.#prepare({ type: 'redacted_thinking', data: own ? opaque.value : seal(opaque) }, '', '')
    this.#begin(emit)
    this.#stop(emit)
  }

  #citation(source: string, citation: JsonObject, emit: Emit<SseMessage>): void {
    if (source !== dialect || !isJsonObject(citation)) {
      this.#options.warn('citations', 'dropped', `sources in the shape of ${source} cannot be said in this dialect`)
      return
    }
    const index = this.#begin(emit)
    emit({
      event: 'content_block_delta',
      data: JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'citations_delta', citation } }),
    })
  }

  #drop(field: string, source: string): void {
    this.#dropped = true
    this.#options.warn(field, 'dropped', `a hosted tool in the shape of ${source} cannot be said in this dialect`)
  }
}

/** Nothing at all is read as the empty object that the block started with. */
function isReadable(input: string): boolean {
  return input.trim() === '' || parse(input) !== undefined
}
