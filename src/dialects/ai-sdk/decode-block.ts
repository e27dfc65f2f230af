import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions } from '../dialect.ts'
import { EventShape } from '../event-shape.ts'
import { textMark } from '../kept-text.ts'
import { parse, text } from '../lenient.ts'
import { mergeOptions, packState, type StateOf } from './state.ts'
import { dialect } from './wire.ts'

/** What every block of an answer has while it is open. */
abstract class Block {
  readonly index: number
  /** Knows the usual delta of this very block: its id stands in it. */
  readonly shape: EventShape
  #state: JsonObject | undefined

  constructor(index: number, type: string) {
    this.index = index
    this.shape = new EventShape((parsed) => {
      return isJsonObject(parsed) && parsed.type === type ? parsed.delta : undefined
    })
  }

  abstract delta(piece: string, emit: Emit<StreamToken>): void

  /** Takes note of what any part of the block carries for the way back. */
  note({ providerMetadata }: JsonObject): void {
    this.#state = mergeOptions(this.#state, providerMetadata)
  }

  protected state(on: StateOf): ReturnType<typeof packState> | undefined {
    return this.#state && packState(on, this.#state)
  }
}

export class TextBlock extends Block {
  readonly #cited = new Set<string>()

  constructor(index: number) {
    super(index, 'text-delta')
  }

  start(emit: Emit<StreamToken>): void {
    emit({ type: 'text-start', choice: 0, index: this.index })
  }

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (piece !== '') emit({ type: 'text-delta', choice: 0, index: this.index, text: piece })
  }

  /** A source, in one form for all that a package may call one; each is told once. */
  cite(source: JsonObject, more: JsonObject, emit: Emit<StreamToken>): void {
    const citation: JsonObject = {}
    for (const [field, value] of [
      ['type', source.sourceType],
      ['url', source.url],
      ['title', source.title],
      ['filename', source.filename],
      ['media_type', source.mediaType],
      ['cited_text', more.citedText],
      ['start_index', more.startIndex],
      ['end_index', more.endIndex],
    ] as const) {
      if (value !== undefined && value !== null) citation[field] = value
    }
    const key = `${String(source.url ?? source.filename ?? '')} ${String(source.title ?? '')}`
    if (this.#cited.has(key)) return
    this.#cited.add(key)
    emit({ type: 'citation', choice: 0, index: this.index, dialect, citation })
  }

  /** @param kept whether its state is wanted back: a text that nothing was thought for is understood without */
  end({ vendor, family }: DecodeOptions, kept: boolean, emit: Emit<StreamToken>): void {
    const at = { choice: 0, index: this.index }
    const state = kept ? this.state('text') : undefined
    if (state) emit({ type: 'opaque', ...at, vendor, family, ...state })
    emit({ type: 'text-end', ...at })
  }
}

export class ReasoningBlock extends Block {
  constructor(index: number) {
    super(index, 'reasoning-delta')
  }

  start(emit: Emit<StreamToken>): void {
    emit({ type: 'reasoning-start', choice: 0, index: this.index })
  }

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (piece !== '') emit({ type: 'reasoning-delta', choice: 0, index: this.index, text: piece })
  }

  /** A package that signs nothing may want its text back all the same, so it is marked as its own. */
  end({ vendor, family }: DecodeOptions, emit: Emit<StreamToken>): void {
    const at = { choice: 0, index: this.index }
    const mark = this.state('reasoning') ?? textMark(vendor, family)
    emit({ type: 'opaque', ...at, ...mark, vendor, family })
    emit({ type: 'reasoning-end', ...at })
  }
}

export class CallBlock extends Block {
  readonly #custom: InputReader | undefined
  readonly #name: string
  readonly #id: string
  /** The input comes as a text that is not yet JSON: only the whole, which is, is taken. */
  readonly #whole: boolean
  #written = false

  constructor(index: number, id: string, part: JsonObject, options: DecodeOptions) {
    super(index, 'tool-input-delta')
    const wireName = text(part, 'toolName') ?? ''
    this.#id = id || `call_${crypto.randomUUID().replaceAll('-', '')}`
    this.#name = options.toolNames?.get(wireName) ?? wireName
    this.#whole = part.inputEncoding === 'text'
    this.#custom = options.customTools?.has(this.#name) ? new InputReader() : undefined
  }

  start(emit: Emit<StreamToken>): void {
    const kind = this.#custom ? 'custom' : 'function'
    emit({ type: 'tool-call-start', choice: 0, index: this.index, id: this.#id, name: this.#name, kind })
  }

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (this.#whole || piece === '') return
    this.#written = true
    this.#write(piece, emit)
  }

  /** The call is complete. Its input is taken from here where it did not come in pieces. */
  complete(input: Json | undefined, emit: Emit<StreamToken>): void {
    if (this.#written || input === undefined || input === null) return
    const whole = typeof input === 'string' ? input : JSON.stringify(input)
    const value = parse(whole)
    // An input of no arguments is none.
    if (!isJsonObject(value) || Object.keys(value).length > 0) this.#write(whole, emit)
  }

  end({ vendor, family }: DecodeOptions, emit: Emit<StreamToken>): void {
    const at = { choice: 0, index: this.index }
    const held = this.#custom?.end()
    if (held) emit({ type: 'tool-call-delta', ...at, arguments: held })
    const state = this.state('call')
    if (state) emit({ type: 'opaque', ...at, vendor, family, ...state })
    emit({ type: 'tool-call-end', ...at })
  }

  #write(piece: string, emit: Emit<StreamToken>): void {
    const fragment = this.#custom ? this.#custom.push(piece) : piece
    if (fragment !== '') emit({ type: 'tool-call-delta', choice: 0, index: this.index, arguments: fragment })
  }
}

/** A call that runs at the vendor: shown as it is to whoever can see it. */
export class HostedBlock extends Block {
  readonly #part: JsonObject

  constructor(index: number, part: JsonObject) {
    super(index, 'tool-input-delta')
    this.#part = part
  }

  start(emit: Emit<StreamToken>): void {
    const { id, toolCallId = id, toolName } = this.#part
    const block = { type: 'tool-call', toolCallId, toolName }
    emit({ type: 'hosted-call-start', choice: 0, index: this.index, dialect, block })
  }

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (piece !== '') emit({ type: 'hosted-call-delta', choice: 0, index: this.index, arguments: piece })
  }

  end(emit: Emit<StreamToken>): void {
    emit({ type: 'hosted-call-end', choice: 0, index: this.index })
  }
}
