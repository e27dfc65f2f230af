import type { ChatReply, ChatRequest, Message, Opaque, ReasoningPart, StreamToken } from '../tokens/index.ts'

export interface ReasoningMemoryLimits {
  /** How long an answer is remembered, in milliseconds. */
  keepMs: number
  /** The most characters that are remembered, of all answers together. */
  characters: number
}

type Owner = () => string

/** The order of the blocks of one answer, with the reasoning itself; texts and calls come back by themselves. */
type Layout = Array<ReasoningPart | 'text' | { call: string }>

interface Entry {
  layout: Layout
  characters: number
  until: number
  keys: string[]
}

/**
 * Signed reasoning for clients that cannot carry it. A vendor that signs its reasoning wants it back with the results
 * of the tools; a client whose dialect has no slot for it may build the history anew from what it knows, and then only
 * the ids of the calls survive. So the reasoning of answers with calls is remembered here by those ids, for a while and
 * up to a size, the oldest leaving first. Losing an entry costs what having no memory would.
 *
 * `owner` keeps callers apart: an id alone opens nothing. It is asked for only when there is something to keep or find,
 * since finding it out costs a hash.
 */
export class ReasoningMemory {
  readonly #limits: ReasoningMemoryLimits
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  #characters = 0

  constructor(limits: ReasoningMemoryLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** How much is remembered, in characters. */
  get characters(): number {
    return this.#characters
  }

  /** Follows an answer that is streamed; `push` takes every token of it. */
  follow(owner: Owner): { push(token: StreamToken): void } {
    return new Follower((layout) => this.#keep(owner, layout))
  }

  /** Remembers an answer that came whole. */
  remember(owner: Owner, reply: ChatReply): void {
    for (const { parts } of reply.choices) {
      const layout: Layout = []
      for (const part of parts) {
        if (part.type === 'text') layout.push('text')
        else if (part.type === 'tool-call') layout.push({ call: part.id })
        else if (part.type === 'reasoning') layout.push(...reasoningParts(part.text, part.opaque ?? []))
      }
      this.#keep(owner, layout)
    }
  }

  /** Puts remembered reasoning back into turns of the assistant that hold calls but no state of their own. */
  restore(ownerOf: Owner, request: ChatRequest): void {
    if (this.#entries.size === 0) return
    const owner = ownerOf()
    for (const message of request.messages) {
      if (message.role !== 'assistant' || hasState(message)) continue
      for (const part of message.parts) {
        const entry = part.type === 'tool-call' ? this.#find(owner, part.id) : undefined
        if (!entry) continue
        message.parts = lay(entry.layout, message.parts)
        break
      }
    }
  }

  #find(owner: string, call: string): Entry | undefined {
    const entry = this.#entries.get(key(owner, call))
    if (!entry) return undefined
    if (entry.until > this.#now()) return entry
    this.#drop(entry)
    return undefined
  }

  #keep(ownerOf: Owner, layout: Layout): void {
    const calls = layout.filter(isCall)
    const reasoning = layout.filter(isReasoning)
    if (calls.length === 0 || !reasoning.some((part) => part.opaque)) return
    const owner = ownerOf()
    const keys = calls.map(({ call }) => key(owner, call))
    // The keys count too: many small answers would otherwise take more room than they seem to.
    const sizes = [...keys, ...reasoning.flatMap(({ text, opaque }) => [text, opaque?.value ?? ''])]
    const characters = sizes.reduce((sum, text) => sum + text.length, 0)
    if (characters > this.#limits.characters) return
    const entry: Entry = { layout, characters, keys, until: this.#now() + this.#limits.keepMs }
    for (const one of keys) {
      const older = this.#entries.get(one)
      if (older) this.#drop(older)
    }
    for (const one of keys) this.#entries.set(one, entry)
    this.#characters += characters
    // A Map keeps the order of insertion: the first is the oldest.
    for (const oldest of this.#entries.values()) {
      if (this.#characters <= this.#limits.characters && oldest.until > this.#now()) break
      this.#drop(oldest)
    }
  }

  #drop(entry: Entry): void {
    let held = false
    for (const one of entry.keys) {
      if (this.#entries.get(one) === entry) held = this.#entries.delete(one) || held
    }
    if (held) this.#characters -= entry.characters
  }
}

/** Collects the order of the blocks while they pass. A text that nobody signs is let go at the end of its block. */
class Follower {
  readonly #keep: (layout: Layout) => void
  readonly #layout: Layout[] = []
  readonly #open = new Map<string, { pieces: string[]; opaque: Opaque[]; at: number }>()

  constructor(keep: (layout: Layout) => void) {
    this.#keep = keep
  }

  push(token: StreamToken): void {
    switch (token.type) {
      case 'text-start':
        this.#slots(token.choice).push('text')
        return
      case 'tool-call-start':
        this.#slots(token.choice).push({ call: token.id })
        return
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
        this.#open.get(`${token.choice}/${token.index}`)?.opaque.push(opaque)
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

function reasoningParts(text: string, opaque: readonly Opaque[]): ReasoningPart[] {
  const state = opaque[0]
  return state ? [{ type: 'reasoning', text, opaque: state }] : []
}

type AssistantMessage = Extract<Message, { role: 'assistant' }>

function hasState(message: AssistantMessage): boolean {
  return message.parts.some((part) => part.type === 'reasoning' && part.opaque)
}

/** The parts that came back, in the order that the answer had, with the reasoning in between. */
function lay(layout: Layout, parts: AssistantMessage['parts']): AssistantMessage['parts'] {
  // Reasoning text without state came back in place of the signed one.
  const rest = parts.filter((part) => part.type !== 'reasoning')
  const laid: AssistantMessage['parts'] = []
  const take = (fits: (part: AssistantMessage['parts'][number]) => boolean): void => {
    const at = rest.findIndex(fits)
    if (at !== -1) laid.push(...rest.splice(at, 1))
  }
  for (const slot of layout) {
    if (slot === 'text') take((part) => part.type === 'text')
    else if (isCall(slot)) take((part) => part.type === 'tool-call' && part.id === slot.call)
    else laid.push(slot)
  }
  return [...laid, ...rest]
}

function isCall(slot: Layout[number]): slot is { call: string } {
  return typeof slot === 'object' && 'call' in slot
}

function isReasoning(slot: Layout[number]): slot is ReasoningPart {
  return typeof slot === 'object' && 'type' in slot
}

function key(owner: string, call: string): string {
  return `${owner} ${call}`
}
