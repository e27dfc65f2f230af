import { type AssistantPart, isJsonObject, type Opaque, type ReasoningPart } from '../../tokens/index.ts'
import { isSealed, seal, unseal } from '../envelope.ts'
import { parse } from '../lenient.ts'
import { homeVendor } from './wire.ts'

/**
 * How opaque state survives a client of this dialect. Its one slot is the `thoughtSignature` of a part, base64 by the
 * letter, so that SDKs which keep bytes give it back. The vendor's own signature of a part stands there as it is. What
 * another made travels in envelopes, base64 once more, one after the other: each holds one value, and where it belongs
 * to reasoning the text of that, since this API shows reasoning only on demand and clients need not give it back.
 */
export interface State {
  opaque: Opaque
  /** The text of the reasoning that it belongs to; undefined: it belongs to the part itself. */
  reasoning?: string
}

/** The value for the slot of a part that carries `states`. */
export function signatureOf(states: readonly State[]): string {
  const [only] = states
  if (only && states.length === 1 && only.reasoning === undefined && isNative(only.opaque)) return only.opaque.value
  return encode(states.map(({ opaque, reasoning }) => sealed(opaque, reasoning)).join(' '))
}

/** Whether the slot takes it as it is: a value of the vendor in another API's words it does not. */
export function isNative({ vendor, kind, value }: Opaque): boolean {
  return vendor === homeVendor && kind === 'signature' && /^[\w+/=-]+$/.test(value) && !foreign.test(value)
}

function sealed({ vendor, family, kind, value }: Opaque, reasoning: string | undefined): string {
  const inside = JSON.stringify(reasoning === undefined ? { value } : { value, reasoning })
  return seal({ kind, value: inside, ...(vendor !== undefined && { vendor }), ...(family !== undefined && { family }) })
}

/** How base64 of an envelope begins. */
const foreign = /^c2xjMS[4-7]/

/** A slot in a request that holds what is not for this vendor. */
export const foreignSlot = /"thought_?[sS]ignature"\s*:\s*"c2xjMS[4-7]/

/** What stood in the slot of a part: reasoning that goes before the part, and the state of the part itself. */
export function readSignature(slot: string): { before: ReasoningPart[]; own: Opaque[] } {
  const text = foreign.test(slot) ? decode(slot) : undefined
  if (text === undefined || !isSealed(text)) return { before: [], own: [{ kind: 'signature', value: slot }] }
  const before: ReasoningPart[] = []
  const own: Opaque[] = []
  for (const envelope of text.split(' ')) {
    const opaque = unseal(envelope)
    const inside = opaque && parse(opaque.value)
    // A damaged envelope is worth nothing to anybody.
    if (!opaque || !isJsonObject(inside) || typeof inside.value !== 'string') continue
    const state: Opaque = {
      kind: opaque.kind,
      value: inside.value,
      ...(opaque.vendor && { vendor: opaque.vendor }),
      ...(opaque.family && { family: opaque.family }),
    }
    if (typeof inside.reasoning === 'string') before.push({ type: 'reasoning', text: inside.reasoning, opaque: state })
    else own.push(state)
  }
  return { before, own }
}

/** Puts a part of an answer behind the others, with what its slot holds. */
export function addSigned(parts: AssistantPart[], part: AssistantPart, slot: string | undefined): void {
  if (slot === undefined) {
    parts.push(part)
    return
  }
  const { before, own } = readSignature(slot)
  // Thoughts that were shown are in the envelope as well, and there they are vouched for.
  if (before.length > 0) addReasoning(parts, before)
  if (part.type === 'text' || part.type === 'tool-call') {
    if (part.type === 'text' && part.text === '' && own.length === 0) return
    parts.push(own.length > 0 ? { ...part, opaque: own } : part)
  } else if (part.type === 'reasoning') {
    if (part.text !== '' || own.length > 0) parts.push(own[0] ? { ...part, opaque: own[0] } : part)
  } else {
    parts.push(part)
  }
}

/** The signed reasoning among the thoughts that were shown, each in the place of its own text there. */
function addReasoning(parts: AssistantPart[], signed: ReasoningPart[]): void {
  let shown = ''
  for (let last = parts.at(-1); last?.type === 'reasoning' && !last.opaque; last = parts.at(-1)) {
    shown = last.text + shown
    parts.pop()
  }
  for (const part of signed) {
    const at = shown.indexOf(part.text)
    if (at > 0) parts.push({ type: 'reasoning', text: shown.slice(0, at) })
    if (at !== -1) shown = shown.slice(at + part.text.length)
    parts.push(part)
  }
  if (shown !== '') parts.push({ type: 'reasoning', text: shown })
}

// An envelope is ASCII.
function encode(text: string): string {
  return btoa(text)
}

function decode(text: string): string | undefined {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return undefined
  }
}
