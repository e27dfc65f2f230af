import {
  type AssistantPart,
  isJsonObject,
  type Json,
  type JsonObject,
  type Opaque,
  type ReasoningPart,
} from '../../tokens/index.ts'
import { isSealed, seal, unseal } from '../envelope.ts'
import { filled, parse } from '../lenient.ts'
import { homeVendor, type ReasoningForm } from './wire.ts'

/**
 * Opaque state in this dialect is a whole item: the provider wants `encrypted_content` back together with the id of its
 * reasoning. So the canonical value is the JSON of a reasoning item, without the text, which travels beside it.
 */
export function stateOf(item: JsonObject, form: ReasoningForm | undefined): string | undefined {
  const encrypted = filled(item.encrypted_content)
  if (encrypted === undefined) return undefined
  const id = filled(item.id)
  return JSON.stringify({
    type: 'reasoning',
    ...(id !== undefined && { id }),
    encrypted_content: encrypted,
    ...(form === 'content' && { form }),
  })
}

/** The item that such a value stands for; undefined when it is the value of another API. */
export function itemOf(value: string, said: string): JsonObject | undefined {
  const item = parse(value)
  if (!isJsonObject(item) || item.type !== 'reasoning') return undefined
  // Came from a client of this dialect, whole.
  if (item.summary !== undefined) return item
  const { form, ...more } = item
  if (form === 'content') return { ...more, summary: [], content: said === '' ? [] : [reasoningText(said)] }
  return { ...more, summary: said === '' ? [] : [summaryText(said)] }
}

export function summaryText(said: string): JsonObject {
  return { type: 'summary_text', text: said }
}

export function reasoningText(said: string): JsonObject {
  return { type: 'reasoning_text', text: said }
}

/** How the ids of reasoning begin to which no provider gave one. */
export const homemade = 'rs_sluice_'

/** What a client is given as `encrypted_content`. `call`: the call that the state hangs on. */
export function encryptedContent(opaque: Opaque, call?: string): string {
  if (call === undefined && opaque.vendor === homeVendor) {
    const item = parse(opaque.value)
    if (isJsonObject(item) && item.type === 'reasoning' && typeof item.encrypted_content === 'string') {
      return item.encrypted_content
    }
  }
  if (call === undefined) return seal(opaque)
  return seal({ ...opaque, value: JSON.stringify({ call, value: opaque.value }) })
}

/** A reasoning item of a client; undefined when nothing of it is worth keeping, or when its state went to a call. */
export function decodeReasoning(item: JsonObject, before: readonly AssistantPart[]): ReasoningPart | undefined {
  const said = reasoningOf(item)
  const encrypted = filled(item.encrypted_content)
  // Nobody keeps what was reasoned elsewhere: an item that only shows it is no use to a provider.
  if (encrypted === undefined && filled(item.id)?.startsWith(homemade)) {
    return said === '' ? undefined : { type: 'reasoning', text: said }
  }
  if (encrypted === undefined || !isSealed(encrypted)) {
    return { type: 'reasoning', text: said, opaque: { kind: 'encrypted', value: JSON.stringify(item) } }
  }
  const opaque = unseal(encrypted)
  const hanging = opaque && callState(opaque)
  if (hanging) {
    const call = before.find((part) => part.type === 'tool-call' && part.id === hanging.call)
    if (call?.type === 'tool-call') call.opaque = [...(call.opaque ?? []), hanging.opaque]
    return undefined
  }
  // A damaged envelope is worth nothing to anybody.
  if (!opaque && said === '') return undefined
  return { type: 'reasoning', text: said, ...(opaque && { opaque }) }
}

function callState(opaque: Opaque): { call: string; opaque: Opaque } | undefined {
  if (!opaque.value.startsWith('{"call":')) return undefined
  const inner = parse(opaque.value)
  if (!isJsonObject(inner) || typeof inner.call !== 'string' || typeof inner.value !== 'string') return undefined
  return { call: inner.call, opaque: { ...opaque, value: inner.value } }
}

/** The text of a reasoning item: its summary, or where there is none what was reasoned. */
export function reasoningOf(item: JsonObject): string {
  const summary = textsOf(item.summary).filter((text) => text !== '')
  return summary.length > 0 ? summary.join('\n\n') : textsOf(item.content).join('')
}

function textsOf(list: Json | undefined): string[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((part) => (isJsonObject(part) && typeof part.text === 'string' ? [part.text] : []))
}
