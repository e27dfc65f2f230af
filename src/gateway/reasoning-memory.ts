import type { Collection, Store } from '../storage/index.ts'
import type { ChatReply, ChatRequest, StreamToken } from '../tokens/index.ts'
import {
  hasState,
  isCall,
  keepsState,
  type Layout,
  LayoutFollower,
  lay,
  layoutOf,
  textsOf,
} from './reasoning-layout.ts'

export interface ReasoningMemoryLimits {
  /** How long an answer is remembered, in milliseconds. */
  keepMs: number
  /** The most characters that are remembered, of all answers together. */
  characters: number
}

/** Where reasoning is kept beside the memory, so that a restart does not break the tool loops that are running. */
export function reasoningIn(store: Store): Collection {
  return store.collection('reasoning', { keepMs: 24 * 3_600_000, entries: 20_000, bytes: 64 * 1024 * 1024 })
}

type Owner = () => string

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
 * With a store behind it, what is remembered is written there too, and what the memory does not know is looked up there.
 * That happens only for turns whose calls nobody here remembers: after a restart, or behind several gateways.
 *
 * `owner` keeps callers apart: an id alone opens nothing. It is asked for only when there is something to keep or find,
 * since finding it out costs a hash.
 */
export class ReasoningMemory {
  readonly #limits: ReasoningMemoryLimits
  readonly #now: () => number
  readonly #kept: Collection | undefined
  readonly #entries = new Map<string, Entry>()
  #characters = 0
  /** What the store was asked for in vain, a moment ago. */
  readonly #missing = new Set<string>()
  #missingUntil = 0

  constructor(limits: ReasoningMemoryLimits, now: () => number, kept?: Collection) {
    this.#limits = limits
    this.#now = now
    this.#kept = kept
  }

  /** How much is remembered, in characters. */
  get characters(): number {
    return this.#characters
  }

  /** Follows an answer that is streamed; `push` takes every token of it. */
  follow(owner: Owner): { push(token: StreamToken): void } {
    return new LayoutFollower((layout) => this.#keep(owner, layout))
  }

  /** Remembers an answer that came whole. */
  remember(owner: Owner, reply: ChatReply): void {
    for (const { parts } of reply.choices) this.#keep(owner, layoutOf(parts))
  }

  /**
   * Puts remembered reasoning back into turns of the assistant that hold calls but no state of their own.
   *
   * @returns a promise where a store has to be waited for. Once it is kept, what the store knows is in memory too, and
   *   `restoreKnown` puts it into the request, made anew.
   */
  restore(ownerOf: Owner, request: ChatRequest): Promise<void> | undefined {
    if (this.#entries.size === 0 && !this.#kept) return undefined
    let waiting: Promise<void>[] | undefined
    this.#eachBare(ownerOf, request, (owner, calls) => {
      const found = this.#find(owner, calls) ?? this.#lookUp(owner, calls)
      if (!(found instanceof Promise)) return found
      waiting ??= []
      waiting.push(found)
      return undefined
    })
    return waiting && Promise.all(waiting).then(() => {})
  }

  /** The same out of the memory alone. */
  restoreKnown(ownerOf: Owner, request: ChatRequest): void {
    this.#eachBare(ownerOf, request, (owner, calls) => this.#find(owner, calls))
  }

  #eachBare(ownerOf: Owner, request: ChatRequest, find: (owner: string, calls: string[]) => Layout | undefined): void {
    let owner: string | undefined
    for (const message of request.messages) {
      if (message.role !== 'assistant' || hasState(message)) continue
      const calls = message.parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []))
      if (calls.length === 0) continue
      owner ??= ownerOf()
      const layout = find(owner, calls)
      if (layout) message.parts = lay(layout, message.parts)
    }
  }

  #find(owner: string, calls: readonly string[]): Layout | undefined {
    for (const call of calls) {
      const entry = this.#entries.get(key(owner, call))
      if (!entry) continue
      if (entry.until > this.#now()) return entry.layout
      this.#drop(entry)
    }
    return undefined
  }

  /** What the store knows comes into the memory as if it were new: it is asked for again with every turn. */
  #lookUp(owner: string, calls: readonly string[]): Layout | undefined | Promise<void> {
    const kept = this.#kept
    if (!kept) return undefined
    const keys = calls.map((call) => key(owner, call)).filter((one) => !this.#isMissing(one))
    for (const [at, one] of keys.entries()) {
      const text = kept.get(one)
      if (text instanceof Promise) {
        // A store that takes its time is asked for all at once.
        const others = keys.slice(at + 1).map((other) => kept.get(other))
        return Promise.all([text, ...others]).then((texts) => {
          const found = texts.find((each) => each !== undefined)
          if (!this.#learn(owner, found)) for (const each of keys) this.#missing.add(each)
        })
      }
      const layout = this.#learn(owner, text)
      if (layout) return layout
      this.#missing.add(one)
    }
    return undefined
  }

  /** A long history brings the same unknown calls with every turn, and most of them never had reasoning. */
  #isMissing(one: string): boolean {
    const now = this.#now()
    if (now >= this.#missingUntil || this.#missing.size >= missingLimit) {
      this.#missing.clear()
      this.#missingUntil = now + missingMs
    }
    return this.#missing.has(one)
  }

  #learn(owner: string, text: string | undefined): Layout | undefined {
    if (text === undefined) return undefined
    const layout = JSON.parse(text) as Layout
    this.#insert(entryOf(owner, layout, this.#now() + this.#limits.keepMs))
    return layout
  }

  #keep(ownerOf: Owner, layout: Layout): void {
    if (!layout.some(isCall) || !keepsState(layout)) return
    const entry = entryOf(ownerOf(), layout, this.#now() + this.#limits.keepMs)
    this.#insert(entry)
    if (!this.#kept) return
    const text = JSON.stringify(layout)
    for (const one of entry.keys) this.#kept.set(one, text)
  }

  #insert(entry: Entry): void {
    if (entry.characters > this.#limits.characters) return
    for (const one of entry.keys) {
      const older = this.#entries.get(one)
      if (older) this.#drop(older)
    }
    for (const one of entry.keys) this.#entries.set(one, entry)
    this.#characters += entry.characters
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

const missingMs = 60_000
const missingLimit = 10_000

function entryOf(owner: string, layout: Layout, until: number): Entry {
  const keys = layout.filter(isCall).map(({ call }) => key(owner, call))
  // The keys count too: many small answers would otherwise take more room than they seem to.
  const sizes = [...keys, ...textsOf(layout)]
  return { layout, keys, until, characters: sizes.reduce((sum, text) => sum + text.length, 0) }
}

function key(owner: string, call: string): string {
  return `${owner} ${call}`
}
