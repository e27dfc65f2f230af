import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { type ItemOutput, type ItemStatus, ItemWriter, inside } from './item-writer.ts'

export interface CallStart {
  callId: string
  name: string
  custom: boolean
  /** Fields of the item that only this dialect knows. */
  fields: JsonObject
}

/** A call of one of the client's tools. */
export class CallWriter extends ItemWriter {
  readonly #start: CallStart
  readonly #deltaType: string
  #deltaHead = ''
  #text = ''

  constructor(out: ItemOutput, id: string, start: CallStart) {
    super(out, id)
    this.#start = start
    this.#deltaType = start.custom ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta'
  }

  begin(emit: Emit<SseMessage>): void {
    const open = this.add(this.#item('in_progress', ''), emit)
    this.#deltaHead = `${this.at(open)},"delta":"`
  }

  text(piece: string, emit: Emit<SseMessage>): void {
    if (piece === '') return
    this.#text += piece
    this.out.wrote(piece.length)
    this.out.delta(this.#deltaType, this.#deltaHead, inside(piece), '"', emit)
  }

  /** Whether it can be told that the input is whole. Of free text it cannot. */
  get whole(): boolean {
    if (this.#start.custom) return false
    if (this.#text.trim() === '') return true
    try {
      JSON.parse(this.#text)
      return true
    } catch {
      return false
    }
  }

  close(status: ItemStatus, emit: Emit<SseMessage>): void {
    if (!this.open) return
    const { custom } = this.#start
    // A client that runs the call parses its arguments, and keeps them in the history.
    if (!custom && this.#text.trim() === '') this.text('{}', emit)
    const type = custom ? 'response.custom_tool_call_input.done' : 'response.function_call_arguments.done'
    const named = custom ? '"input"' : `"name":${JSON.stringify(this.#start.name)},"arguments"`
    this.out.send(type, `${this.at(this.open)},${named}:${JSON.stringify(this.#text)}`, emit)
    this.finish(JSON.stringify(this.#item(status, this.#text)), emit)
    this.open = undefined
  }

  #item(status: string, written: string): JsonObject {
    const { callId, name, custom, fields } = this.#start
    return {
      id: this.id,
      type: custom ? 'custom_tool_call' : 'function_call',
      call_id: callId,
      name,
      ...(custom ? { input: written } : { arguments: written }),
      ...fields,
      status,
    }
  }
}
