import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { EventShape } from '../event-shape.ts'

/** What a chunk says when it says one thing only. */
export interface PlainDelta {
  kind: 'text' | 'reasoning' | 'arguments'
  choice: number
  /** The server's number of the call, for arguments. */
  call: number | undefined
  text: string
}

/** Keys of a choice whose value changes what a chunk means, besides its delta. */
const loud = ['finish_reason', 'logprobs', 'usage', 'message', 'stop_reason'] as const

/**
 * The one text of a chunk that carries nothing else; undefined for any other chunk. Keys that this dialect does not
 * know are no hindrance outside the delta: they are facts, told when they change, and an equal event tells no new one.
 */
export function plainDelta(chunk: unknown): PlainDelta | undefined {
  if (!isJsonObject(chunk) || chunk.error || chunk.x_groq || chunk.usage) return undefined
  if (!Array.isArray(chunk.choices) || chunk.choices.length !== 1) return undefined
  const choice = chunk.choices[0]
  if (!isJsonObject(choice) || !isJsonObject(choice.delta)) return undefined
  for (const key of loud) if (choice[key]) return undefined
  let found: Omit<PlainDelta, 'choice'> | undefined
  for (const [key, value] of Object.entries(choice.delta)) {
    if (key === 'role' || key === 'index' || empty(value)) continue
    if (found) return undefined
    found = one(key, value)
    if (!found) return undefined
  }
  return found && { ...found, choice: Number.isInteger(choice.index) ? (choice.index as number) : 0 }
}

function one(key: string, value: Json | undefined): Omit<PlainDelta, 'choice'> | undefined {
  if (typeof value === 'string') {
    if (key === 'content') return { kind: 'text', call: undefined, text: value }
    if (reasoningKeys.has(key)) return { kind: 'reasoning', call: undefined, text: value }
    return undefined
  }
  if (key !== 'tool_calls' || !Array.isArray(value) || value.length !== 1) return undefined
  const call = value[0] as JsonObject
  if (!isJsonObject(call) || call.id || call.custom || !isJsonObject(call.function) || call.function.name)
    return undefined
  const text = call.function.arguments
  if (typeof text !== 'string' || text === '') return undefined
  return { kind: 'arguments', call: Number.isInteger(call.index) ? (call.index as number) : undefined, text }
}

const reasoningKeys = new Set(['reasoning_content', 'reasoning', 'reasoning_text'])

function empty(value: Json | undefined): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

/** The lane for a kind of delta, made when the first of its kind comes: most streams have one kind. */
export function laneOf(lanes: Lane[], kind: PlainDelta['kind']): Lane {
  const known = lanes.find((lane) => lane.kind === kind)
  if (known) return known
  const lane = new Lane(kind)
  lanes.push(lane)
  return lane
}

/** A learned shape for one kind of delta, with what its constant part says. */
export class Lane {
  readonly #kind: PlainDelta['kind']
  readonly #shape: EventShape
  #lessons = 0
  /** Events in a row that were of another shape. */
  #misses = 0
  choice = 0
  call: number | undefined

  constructor(kind: PlainDelta['kind']) {
    this.#kind = kind
    this.#shape = new EventShape(
      (chunk) => {
        const plain = plainDelta(chunk)
        return plain?.kind === kind ? plain.text : undefined
      },
      ['obfuscation'],
    )
  }

  get kind(): PlainDelta['kind'] {
    return this.#kind
  }

  match(data: string): string | undefined {
    // Nothing new is learned any more, and nothing old comes back: to ask would be 3 % of what a parsed delta costs.
    if (this.#misses > 64 && !this.learning) return undefined
    const text = this.#shape.match(data)
    if (text === undefined) {
      this.#misses++
    } else {
      this.#misses = 0
      if (this.#lessons > 0) this.#lessons--
    }
    return text
  }

  get learning(): boolean {
    return this.#lessons < 8
  }

  learn(data: string, plain: PlainDelta): void {
    // A server whose every chunk has a new id or time teaches in vain, and one that takes turns between two forms nearly
    // so: a lesson costs more than a few events that it saves from parsing. After eight that had no use it is enough.
    if (!this.learning) return
    this.#lessons++
    if (!this.#shape.learn(data, plain.text)) return
    this.choice = plain.choice
    this.call = plain.call
  }
}
