import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import { isJsonObject, type Json, type JsonObject, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { ObjectScan } from './object-scan.ts'

interface Call {
  /** The server's number for it. */
  key: number | undefined
  /** The server's id, where it gave one. */
  wireId: string | undefined
  name: string | undefined
  kind: 'function' | 'custom'
  /** Of a custom tool that was offered as a function: takes its text out of the arguments. */
  reader: InputReader | undefined
  /** The block, once it is started: that takes a name. */
  block: number | undefined
  readonly pieces: string[]
  readonly scan: ObjectScan
  /** The whole arguments, once the call is closed. */
  closed: string | undefined
}

/**
 * The tool calls of one choice. Which call a fragment belongs to is said by its number; servers that leave the number
 * out, or say 0 for every call, are followed by id, by name, and by whether the arguments so far are whole.
 */
export class CallDecoder {
  readonly #choice: number
  readonly #options: DecodeOptions
  readonly #nextBlock: () => number
  readonly #calls: Call[] = []
  readonly #byKey = new Map<number, Call>()
  readonly #ids = new Set<string>()

  constructor(choice: number, options: DecodeOptions, nextBlock: () => number) {
    this.#choice = choice
    this.#options = options
    this.#nextBlock = nextBlock
  }

  get any(): boolean {
    return this.#calls.some((call) => call.block !== undefined)
  }

  /** Whether an entry would open a call. */
  opens(entry: JsonObject): boolean {
    return this.#find(fields(entry)) === undefined
  }

  push(entry: JsonObject, emit: Emit<StreamToken>): void {
    const given = fields(entry)
    let call = this.#find(given)
    if (!call) {
      // Padding: an entry that says nothing is no call.
      if (given.id === undefined && given.name === undefined && given.text === '') return
      this.closeWhole(emit)
      call = this.#add(given)
    }
    call.wireId ??= given.id
    call.name ??= given.name
    if (call.block === undefined && call.name !== undefined) this.#start(call, call.name, emit)
    if (given.text !== '') this.#append(call, given.text, emit)
    // Google's servers hang state on the call itself and want it back there.
    if (call.block === undefined || call.closed !== undefined || !isJsonObject(entry.extra_content)) return
    const { vendor, family } = this.#options
    const value = JSON.stringify({ extra_content: entry.extra_content })
    emit({ type: 'opaque', choice: this.#choice, index: call.block, vendor, family, kind: 'signature', value })
  }

  /** Arguments for a call that is known to be open; false when it is not, so that the fragment is looked at closely. */
  args(key: number | undefined, text: string, emit: Emit<StreamToken>): boolean {
    const call = key === undefined ? this.#calls.at(-1) : this.#byKey.get(key)
    if (!call || call.closed !== undefined || call.block === undefined) return false
    this.#append(call, text, emit)
    return true
  }

  /**
   * Closes the calls whose arguments are whole, so that a dialect which streams one block at a time can go on. Done
   * only when another block opens.
   */
  closeWhole(emit: Emit<StreamToken>): void {
    for (const call of this.#calls) {
      if (call.closed === undefined && call.block !== undefined && whole(call)) this.#close(call, emit)
    }
  }

  /** @throws SluiceError for a call that never got a name: it cannot be run and must not vanish */
  close(emit: Emit<StreamToken>): void {
    for (const call of this.#calls) {
      if (call.block === undefined) {
        throw new SluiceError('upstream_protocol', 'cannot read a tool call: the provider never said its name')
      }
      if (call.closed === undefined) this.#close(call, emit)
    }
  }

  #find({ key, id, name, text }: Fields): Call | undefined {
    const last = this.#calls.at(-1)
    const numbered = key === undefined ? undefined : this.#byKey.get(key)
    if (numbered) {
      if (id !== undefined && numbered.wireId !== undefined && id !== numbered.wireId) return undefined
      // The same number without an id, but a name and new arguments behind whole ones: the server counts badly.
      if (id === undefined && name !== undefined && text !== '' && whole(numbered)) return undefined
      return numbered
    }
    if (id !== undefined) {
      const same = this.#calls.find((call) => call.wireId === id)
      return same && (name === undefined || (key === undefined && name === same.name)) ? same : undefined
    }
    if (key !== undefined) return undefined
    if (name !== undefined && last && (name !== last.name || whole(last))) return undefined
    return last
  }

  #add({ key, id, name, kind }: Fields): Call {
    const pieces: string[] = []
    const call: Call = {
      key,
      wireId: id,
      name,
      kind,
      reader: undefined,
      block: undefined,
      pieces,
      scan: new ObjectScan(pieces),
      closed: undefined,
    }
    this.#calls.push(call)
    if (key !== undefined) this.#byKey.set(key, call)
    return call
  }

  #start(call: Call, wireName: string, emit: Emit<StreamToken>): void {
    const { customTools, toolNames } = this.#options
    const name = toolNames?.get(wireName) ?? wireName
    if (call.kind === 'function' && customTools?.has(name)) call.reader = new InputReader()
    const kind = call.reader ? 'custom' : call.kind
    const known = call.wireId !== undefined && !this.#ids.has(call.wireId) ? call.wireId : undefined
    const id = known ?? `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`
    this.#ids.add(id)
    call.block = this.#nextBlock()
    emit({ type: 'tool-call-start', choice: this.#choice, index: call.block, id, name, kind })
    for (const text of call.pieces) this.#emit(call, text, emit)
  }

  #append(call: Call, text: string, emit: Emit<StreamToken>): void {
    if (call.closed !== undefined) {
      // Some servers say the whole arguments once more at the end.
      if (text.trim() === '' || text === call.closed) return
      throw new SluiceError(
        'upstream_protocol',
        `cannot read the arguments of ${call.name ?? 'a tool call'}: more came behind the whole object`,
      )
    }
    call.pieces.push(text)
    if (call.block !== undefined) this.#emit(call, text, emit)
  }

  #close(call: Call, emit: Emit<StreamToken>): void {
    const index = call.block!
    call.closed = call.pieces.join('')
    // A call without arguments is an empty object, never an empty text, which no later turn would accept.
    if (call.kind === 'function' && !call.reader && call.closed.trim() === '') this.#emit(call, '{}', emit)
    const held = call.reader?.end()
    if (held) emit({ type: 'tool-call-delta', choice: this.#choice, index, arguments: held })
    call.pieces.length = 0
    emit({ type: 'tool-call-end', choice: this.#choice, index })
  }

  #emit({ reader, block }: Call, text: string, emit: Emit<StreamToken>): void {
    const fragment = reader ? reader.push(text) : text
    if (fragment !== '') {
      emit({ type: 'tool-call-delta', choice: this.#choice, index: block!, arguments: fragment })
    }
  }
}

interface Fields {
  key: number | undefined
  id: string | undefined
  name: string | undefined
  kind: 'function' | 'custom'
  text: string
}

function fields(entry: JsonObject): Fields {
  const custom = isJsonObject(entry.custom) ? entry.custom : undefined
  const inner = custom ?? (isJsonObject(entry.function) ? entry.function : {})
  return {
    key: Number.isInteger(entry.index) ? (entry.index as number) : undefined,
    id: filled(entry.id),
    name: filled(inner.name),
    kind: custom || entry.type === 'custom' ? 'custom' : 'function',
    text: argumentText(custom ? custom.input : inner.arguments),
  }
}

function argumentText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/** Whether the arguments so far are a whole JSON object. */
function whole(call: Call): boolean {
  return call.closed !== undefined || (call.kind === 'function' && call.scan.isWhole())
}
