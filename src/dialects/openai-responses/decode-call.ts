import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import { filled, rest, text } from '../lenient.ts'
import { DeltaShape } from './delta-shape.ts'
import type { Item, ItemOptions } from './item.ts'
import { doesNotExtend } from './told.ts'
import { dialectName } from './wire.ts'

const callFields: ReadonlySet<string> = new Set([
  'type',
  'id',
  'call_id',
  'name',
  'namespace',
  'status',
  'arguments',
  'input',
])

/** A call. It starts when its name is known, which some servers say only at its end. */
export class CallItem implements Item {
  readonly call = true
  readonly shape = new DeltaShape()
  readonly #options: ItemOptions
  readonly #item: JsonObject
  readonly #kind: 'function' | 'custom'
  /** What came before the call could start, and all of it after that: the whole must go on from there. */
  #written = ''
  #index: number | undefined
  #reader: InputReader | undefined
  #closed = false

  constructor(item: JsonObject, options: ItemOptions) {
    this.#item = { ...item }
    this.#options = options
    this.#kind = item.type === 'custom_tool_call' ? 'custom' : 'function'
  }

  start(emit: Emit<StreamToken>): void {
    if (filled(this.#item.name) === undefined || filled(this.#item.call_id) === undefined) return
    this.#start(emit)
  }

  delta(piece: string, emit: Emit<StreamToken>): void {
    if (piece === '' || this.#closed) return
    this.#written += piece
    if (this.#index !== undefined && !this.#options.wholeArguments) this.#tell(piece, emit)
  }

  read(event: JsonObject, emit: Emit<StreamToken>): boolean {
    switch (event.type) {
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.delta(text(event, 'delta') ?? '', emit)
        return true
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        this.#complete(text(event, this.#kind === 'custom' ? 'input' : 'arguments'), emit)
        return true
      default:
        return false
    }
  }

  finish(item: JsonObject, emit: Emit<StreamToken>): void {
    for (const field of ['name', 'call_id', 'namespace']) {
      if (filled(this.#item[field]) === undefined && filled(item[field]) !== undefined) this.#item[field] = item[field]!
    }
    this.#complete(this.#whole(item), emit)
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#closed) return
    this.#start(emit)
    if (this.#options.wholeArguments) this.#tell(this.#written, emit)
    this.#closed = true
    const held = this.#reader?.end() ?? ''
    if (held !== '') emit({ type: 'tool-call-delta', choice: 0, index: this.#index!, arguments: held })
    emit({ type: 'tool-call-end', choice: 0, index: this.#index! })
  }

  #whole(item: JsonObject): string | undefined {
    const { arguments: given } = item
    // Some servers give the object that the text stands for.
    if (isJsonObject(given)) return JSON.stringify(given)
    return text(item, this.#kind === 'custom' ? 'input' : 'arguments')
  }

  #complete(whole: string | undefined, emit: Emit<StreamToken>): void {
    if (this.#closed || !whole) return
    if (this.#options.wholeArguments) {
      this.#written = whole
      return
    }
    if (!whole.startsWith(this.#written)) throw doesNotExtend('input of a call')
    this.delta(whole.slice(this.#written.length), emit)
  }

  /** @throws SluiceError for a call without a name: it cannot be run and must not vanish */
  #start(emit: Emit<StreamToken>): void {
    if (this.#index !== undefined) return
    const wireName = filled(this.#item.name)
    if (wireName === undefined) {
      throw new SluiceError('upstream_protocol', 'cannot read a tool call: the provider never said its name')
    }
    this.#index = this.#options.nextBlock()
    const { toolNames, customTools } = this.#options
    const name = toolNames?.get(wireName) ?? wireName
    const offered = this.#kind === 'function' && customTools?.has(name)
    if (offered) this.#reader = new InputReader()
    const id = filled(this.#item.id)
    const fields: JsonObject = { ...rest(this.#item, callFields), ...(id !== undefined && { id }) }
    const namespace = filled(this.#item.namespace)
    if (namespace !== undefined) fields.namespace = namespace
    emit({
      type: 'tool-call-start',
      choice: 0,
      index: this.#index,
      // Without an id results could not refer to the call, and two turns must not agree by chance.
      id: filled(this.#item.call_id) ?? id ?? `call_${crypto.randomUUID().replaceAll('-', '')}`,
      name,
      kind: offered ? 'custom' : this.#kind,
      ...(Object.keys(fields).length > 0 && { meta: { [dialectName]: fields } }),
    })
    if (!this.#options.wholeArguments) this.#tell(this.#written, emit)
  }

  #tell(piece: string, emit: Emit<StreamToken>): void {
    const told = this.#reader ? this.#reader.push(piece) : piece
    if (told !== '') emit({ type: 'tool-call-delta', choice: 0, index: this.#index!, arguments: told })
  }
}
