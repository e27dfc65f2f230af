import type { Emit } from '../../flow/index.ts'
import type { SseMessage } from '../../sse/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import { insideString } from '../custom-input.ts'
import { isPlainText } from '../plain-text.ts'

/** What writes the events of one stream: it numbers them, and knows the places of the items. */
export interface ItemOutput {
  /** Writes an event. `body` is the inside of its object, without type and number. */
  send(type: string, body: string, emit: Emit<SseMessage>): void
  /** The same for deltas, whose beginning does not change: `head` ends inside the string, `tail` begins there. */
  delta(type: string, head: string, text: string, tail: string, emit: Emit<SseMessage>): void
  /** A place in the output for an item that begins now. */
  place(): number
  /** The item is done: its JSON is what the last event says again. */
  done(place: number, json: string): void
  /** Told how many characters of content went out. */
  wrote(length: number): void
}

export type ItemStatus = 'completed' | 'incomplete'

/** One item of the output while it is written. */
export interface Open {
  index: number
  id: string
}

/** What all items have in common. */
export abstract class ItemWriter {
  protected readonly out: ItemOutput
  protected readonly id: string
  protected open: Open | undefined

  constructor(out: ItemOutput, id: string) {
    this.out = out
    this.id = id
  }

  protected add(item: JsonObject, emit: Emit<SseMessage>): Open {
    const index = this.out.place()
    this.open = { index, id: this.id }
    this.out.send('response.output_item.added', `"output_index":${index},"item":${JSON.stringify(item)}`, emit)
    return this.open
  }

  protected finish(json: string, emit: Emit<SseMessage>): void {
    const { index } = this.open!
    this.out.send('response.output_item.done', `"output_index":${index},"item":${json}`, emit)
    this.out.done(index, json)
  }

  /** The end of every event about this item. */
  protected at({ index, id }: Open, inside = ''): string {
    return `"item_id":${JSON.stringify(id)},"output_index":${index}${inside}`
  }
}

/** An item that comes whole. */
export class WholeWriter extends ItemWriter {
  write(given: JsonObject, emit: Emit<SseMessage>): void {
    const item: JsonObject = { ...given, id: this.id }
    const begun = { ...item, ...(typeof item.status === 'string' && { status: 'in_progress' }) }
    // A picture comes with the end.
    this.add({ ...begun, ...(typeof item.result === 'string' && { result: null }) }, emit)
    this.finish(JSON.stringify(item), emit)
  }
}

/** A text as the inside of a JSON string. */
export function inside(text: string): string {
  return isPlainText(text) ? text : insideString(text)
}
