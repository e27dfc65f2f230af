import { type AssistantPart, isJsonObject, type Json, type Opaque, type ReasoningPart } from '../../tokens/index.ts'
import { isSealed, seal, unseal } from '../envelope.ts'
import { sealedFormat, type WireReasoningDetail } from './wire.ts'

/**
 * How opaque state survives a client of this dialect, which has no slot for it. Each value travels as one entry of
 * `reasoning_details`, in an envelope that also holds the reasoning text it vouches for (clients that rebuild messages
 * lose `reasoning_content`) and the place of the block: how much of the content and how many calls came before it.
 */
export class SealedReasoning {
  readonly #details: WireReasoningDetail[] = []
  #chars = 0
  #calls = 0
  #blocks = 0

  text(length: number): void {
    this.#chars += length
  }

  call(): void {
    this.#calls++
  }

  /** The place of a block that opens now. */
  place(): Place {
    return { index: this.#blocks++, chars: this.#chars, calls: this.#calls }
  }

  /** All state of one block. The text goes with the signature over it, else with the first value. */
  add(
    place: Place,
    values: Opaque[],
    text: string,
    { id, call }: { id?: string | undefined; call?: string | undefined },
  ): void {
    const carrier = values.find((one) => one.kind === 'signature') ?? values[0]
    for (const one of values) {
      const { kind, vendor, family } = one
      const value = JSON.stringify({ ...place, call, text: one === carrier ? text : '', value: one.value })
      this.#details.push({
        type: 'reasoning.encrypted',
        ...(id !== undefined && { id }),
        format: sealedFormat,
        index: place.index,
        data: seal({ kind, value, ...(vendor !== undefined && { vendor }), ...(family !== undefined && { family }) }),
      })
    }
  }

  get details(): WireReasoningDetail[] | undefined {
    return this.#details.length === 0 ? undefined : this.#details
  }
}

export interface Place {
  /** Order among the blocks that carry state; values with the same number belong to one block. */
  index: number
  /** How many UTF-16 units of content came before. */
  chars: number
  /** How many tool calls came before. */
  calls: number
}

interface Restored extends Place {
  /** The id of the call that the state hangs on; absent for reasoning. */
  call: string | undefined
  part: ReasoningPart & { opaque: Opaque }
}

/** Whether an entry of `reasoning_details` is one of ours, damaged or not: no provider must see it. */
export function isSealedReasoning(entry: Json): boolean {
  return isJsonObject(entry) && typeof entry.data === 'string' && isSealed(entry.data)
}

/** The state inside `reasoning_details`, in order of its blocks. Damaged envelopes and entries of others are passed over. */
export function unsealReasoning(details: Json[]): Restored[] {
  const found: Restored[] = []
  for (const entry of details) {
    if (!isJsonObject(entry) || entry.type !== 'reasoning.encrypted' || typeof entry.data !== 'string') continue
    const opaque = unseal(entry.data)
    if (!opaque) continue
    try {
      const inner = JSON.parse(opaque.value) as Record<string, unknown>
      const { index, chars, calls, call, text, value } = inner
      if (typeof value !== 'string' || typeof text !== 'string' || typeof index !== 'number') continue
      found.push({
        index,
        chars: typeof chars === 'number' ? chars : 0,
        calls: typeof calls === 'number' ? calls : 0,
        call: typeof call === 'string' ? call : undefined,
        part: { type: 'reasoning', text, opaque: named(opaque, value) },
      })
    } catch {}
  }
  return found.sort((a, b) => a.index - b.index)
}

/** An envelope says "unknown" by an empty name. */
function named({ kind, vendor, family }: Opaque, value: string): Opaque {
  return { kind, value, ...(vendor && { vendor }), ...(family && { family }) }
}

/** The parts of an assistant message with each reasoning block back in its place. */
export function placeReasoning(found: Restored[], content: string, rest: AssistantPart[]): AssistantPart[] {
  const parts: AssistantPart[] = []
  let chars = 0
  let calls = 0
  const takeText = (to: number): void => {
    // A place inside a surrogate pair can only come from a content that the client has changed.
    const text = content.slice(chars, Math.max(chars, to))
    if (text !== '') parts.push({ type: 'text', text })
    chars += text.length
  }
  for (const { part, chars: before, calls: callsBefore } of found) {
    takeText(before)
    for (; calls < callsBefore && calls < rest.length; calls++) parts.push(rest[calls]!)
    parts.push(part)
  }
  takeText(content.length)
  parts.push(...rest.slice(calls))
  return parts
}
