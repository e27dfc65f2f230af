import type { ChatReply, Message, Opaque, ReasoningPart, StreamToken } from '../tokens/index.ts'

/**
 * The order of the blocks of one answer, with the reasoning itself and the state of calls; texts and the calls come back
 * by themselves.
 */
export type Layout = Array<ReasoningPart | 'text' | CallSlot>

interface CallSlot {
  call: string
  opaque?: Opaque[]
}

/** Collects the order of the blocks while they pass. A text that nobody signs is let go at the end of its block. */
export class LayoutFollower {
  readonly #keep: (layout: Layout) => void
  readonly #layout: Layout[] = []
  readonly #open = new Map<string, { pieces: string[]; opaque: Opaque[]; at: number }>()
  readonly #calls = new Map<string, CallSlot>()

  constructor(keep: (layout: Layout) => void) {
    this.#keep = keep
  }

  push(token: StreamToken): void {
    switch (token.type) {
      case 'text-start':
        this.#slots(token.choice).push('text')
        return
      case 'tool-call-start': {
        const call: CallSlot = { call: token.id }
        this.#slots(token.choice).push(call)
        this.#calls.set(`${token.choice}/${token.index}`, call)
        return
      }
      case 'reasoning-start': {
        const slots = this.#slots(token.choice)
        this.#open.set(`${token.choice}/${token.index}`, { pieces: [], opaque: [], at: slots.length })
        // Holds the place until the block is known.
        slots.push({ type: 'reasoning', text: '' })
        return
      }
      case 'reasoning-delta':
        this.#open.get(`${token.choice}/${token.index}`)?.pieces.push(token.text)
        return
      case 'opaque': {
        const { kind, value, vendor, family } = token
        const opaque: Opaque = {
          kind,
          value,
          ...(vendor !== undefined && { vendor }),
          ...(family !== undefined && { family }),
        }
        const at = `${token.choice}/${token.index}`
        this.#open.get(at)?.opaque.push(opaque)
        const call = this.#calls.get(at)
        if (call) call.opaque = [...(call.opaque ?? []), opaque]
        return
      }
      case 'reasoning-end':
        this.#close(token.choice, token.index)
        return
      case 'finish':
        this.#keep(this.#slots(token.choice).filter((slot) => !isReasoning(slot) || slot.opaque !== undefined))
        return
    }
  }

  #close(choice: number, index: number): void {
    const block = this.#open.get(`${choice}/${index}`)
    if (!block) return
    this.#open.delete(`${choice}/${index}`)
    const [part] = reasoningParts(block.pieces.join(''), block.opaque)
    if (part) this.#slots(choice)[block.at] = part
  }

  #slots(choice: number): Layout {
    let slots = this.#layout[choice]
    if (!slots) {
      slots = []
      this.#layout[choice] = slots
    }
    return slots
  }
}

/** The layout of an answer that came whole. */
export function layoutOf(parts: ChatReply['choices'][number]['parts']): Layout {
  const layout: Layout = []
  for (const part of parts) {
    if (part.type === 'text') layout.push('text')
    else if (part.type === 'tool-call') layout.push({ call: part.id, ...(part.opaque && { opaque: part.opaque }) })
    else if (part.type === 'reasoning') layout.push(...reasoningParts(part.text, part.opaque ?? []))
  }
  return layout
}

function reasoningParts(text: string, opaque: readonly Opaque[]): ReasoningPart[] {
  const state = opaque[0]
  return state ? [{ type: 'reasoning', text, opaque: state }] : []
}

type AssistantMessage = Extract<Message, { role: 'assistant' }>

export function hasState(message: AssistantMessage): boolean {
  return message.parts.some((part) => (part.type === 'reasoning' || part.type === 'tool-call') && part.opaque)
}

/** The parts that came back, in the order that the answer had, with the reasoning in between. */
export function lay(layout: Layout, parts: AssistantMessage['parts']): AssistantMessage['parts'] {
  // Reasoning text without state came back in place of the signed one.
  const rest = parts.filter((part) => part.type !== 'reasoning')
  const laid: AssistantMessage['parts'] = []
  const take = (fits: (part: AssistantMessage['parts'][number]) => boolean, opaque?: Opaque[]): void => {
    const at = rest.findIndex(fits)
    if (at === -1) return
    const [part] = rest.splice(at, 1)
    if (part) laid.push(part.type === 'tool-call' && opaque ? { ...part, opaque } : part)
  }
  for (const slot of layout) {
    if (slot === 'text') take((part) => part.type === 'text')
    else if (isCall(slot)) take((part) => part.type === 'tool-call' && part.id === slot.call, slot.opaque)
    else laid.push(slot)
  }
  return [...laid, ...rest]
}

export function isCall(slot: Layout[number]): slot is CallSlot {
  return typeof slot === 'object' && 'call' in slot
}

export function isReasoning(slot: Layout[number]): slot is ReasoningPart {
  return typeof slot === 'object' && 'type' in slot
}

/** Whether there is anything in it that a client may lose and a vendor wants back. */
export function keepsState(layout: Layout): boolean {
  return layout.some((slot) => slot !== 'text' && slot.opaque)
}

/** All texts of a layout, for its size. */
export function textsOf(layout: Layout): string[] {
  return layout.flatMap((slot) => {
    if (slot === 'text') return []
    if (isCall(slot)) return (slot.opaque ?? []).map(({ value }) => value)
    return [slot.text, slot.opaque?.value ?? '']
  })
}
