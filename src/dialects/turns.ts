import type {
  AssistantPart,
  JsonObject,
  Message,
  TextPart,
  ToolCall,
  ToolResultPart,
  UserPart,
} from '../tokens/index.ts'
import { type RequestEncoding, refuse } from './request-encoding.ts'

/** What one side says in a row, in blocks of the wire. */
export interface Turn {
  role: 'user' | 'assistant' | 'system'
  content: JsonObject[]
}

/** How a dialect writes the pieces of a conversation. `at` is the path of a piece, for warnings. */
export interface TurnWriter {
  /** As in "the Messages API". */
  api: string
  /** System messages may stand between the others. Default false: they are sent as marked text of the user. */
  midSystem?: boolean | undefined
  user(part: UserPart, at: string): Written
  /** `said`: what the turn has so far. */
  assistant(part: AssistantPart, at: string, said: readonly JsonObject[]): Written
  /** `mark` has to be put on every text. */
  system(parts: readonly TextPart[], mark: (text: string) => string): JsonObject[]
  /** Without its call a result is written as what the user says. */
  result(part: ToolResultPart, at: string, call: ToolCall | undefined): WrittenResult
  /** The result of a call that has none. */
  missing(call: ToolCall): JsonObject
}

export type Written = JsonObject | JsonObject[] | undefined

export interface WrittenResult {
  blocks: JsonObject[]
  /** What goes behind all results of the turn. */
  behind?: JsonObject[]
}

/**
 * The conversation as the strict APIs take it, which is right for the others too: turns of one role in a row are one
 * turn, and every call of an assistant's turn has exactly one result, at the head of the user's turn behind it, in the
 * order of the calls. `from`: the first message that is no instruction.
 */
export function writeTurns(encoding: RequestEncoding, from: number, writer: TurnWriter): Turn[] {
  const turns = new Turns(encoding, writer)
  for (const [index, message] of encoding.request.messages.entries()) {
    const at = `messages[${index}]`
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`${at}.name`, `${writer.api} has no names of speakers`)
    }
    if (index >= from) turns.add(message, at)
  }
  return turns.finish()
}

/** A call of the last assistant's turn, with its result when it has come. */
interface Call {
  part: ToolCall
  result?: WrittenResult
}

class Turns {
  readonly #encoding: RequestEncoding
  readonly #writer: TurnWriter
  readonly #turns: Turn[] = []
  /** In their order. */
  #calls: Call[] = []
  /** Those of them without a result, by id. Nobody promises that an id is there once. */
  readonly #waiting = new Map<string, Call[]>()

  constructor(encoding: RequestEncoding, writer: TurnWriter) {
    this.#encoding = encoding
    this.#writer = writer
  }

  add({ role, parts }: Message, at: string): void {
    if (role === 'system') {
      this.#system(parts, at)
      return
    }
    if (role === 'assistant' && this.#turns.at(-1)?.role !== 'assistant') this.#settle()
    for (const [index, part] of parts.entries()) {
      const place = `${at}.content[${index}]`
      if (part.type === 'tool-result') this.#result(part, place)
      else if (role === 'assistant') this.#assistant(part as AssistantPart, place)
      else this.#say('user', this.#writer.user(part as UserPart, place))
    }
  }

  finish(): Turn[] {
    this.#settle()
    return this.#turns
  }

  #assistant(part: AssistantPart, at: string): void {
    const last = this.#turns.at(-1)
    const said = last?.role === 'assistant' ? last.content : []
    this.#say('assistant', this.#writer.assistant(part, at, said))
    if (part.type !== 'tool-call') return
    const call: Call = { part }
    this.#calls.push(call)
    const same = this.#waiting.get(part.id)
    if (same) same.push(call)
    else this.#waiting.set(part.id, [call])
  }

  #result(part: ToolResultPart, at: string): void {
    const same = this.#waiting.get(part.id)
    const call = same?.shift()
    if (same?.length === 0) this.#waiting.delete(part.id)
    const result = this.#writer.result(part, at, call?.part)
    if (call) {
      call.result = result
      this.#turn('user')
      return
    }
    this.#encoding.changed(at, 'a result without a call before it is sent as text of the user')
    this.#say('user', [...result.blocks, ...(result.behind ?? [])])
  }

  #system(parts: readonly TextPart[], at: string): void {
    // A turn between calls and their results is not allowed, whatever the model takes elsewhere.
    const takes = this.#writer.midSystem === true && this.#waiting.size === 0
    const blocks = this.#writer.system(parts, (text) => (takes ? text : `<system>${text}</system>`))
    if (blocks.length === 0) return
    if (takes) this.#settle()
    else this.#encoding.changed(at, 'a system message in the conversation is sent as marked text of the user')
    this.#say(takes ? 'system' : 'user', blocks)
  }

  #say(role: Turn['role'], written: Written): void {
    for (const block of [written ?? []].flat()) this.#turn(role).content.push(block)
  }

  /** The turn being written, if it is of that role, else a new one. */
  #turn(role: Turn['role']): Turn {
    const last = this.#turns.at(-1)
    if (last?.role === role) return last
    const turn: Turn = { role, content: [] }
    this.#turns.push(turn)
    return turn
  }

  /** Nothing more comes for the calls of the last assistant's turn: puts their results where they belong. */
  #settle(): void {
    if (this.#calls.length === 0) return
    const results = this.#calls.map(({ part, result }): WrittenResult => {
      if (result) return result
      this.#encoding.changed('messages', 'a tool call had no result; one that says so was added')
      return { blocks: [this.#writer.missing(part)] }
    })
    this.#calls = []
    this.#waiting.clear()
    const turn = this.#turn('user')
    const behind = results.flatMap((result) => result.behind ?? [])
    turn.content = [...results.flatMap(({ blocks }) => blocks), ...behind, ...turn.content]
  }
}

/** @throws SluiceError `unsupported` where the last turn is the beginning of an answer, and the model takes none */
export function refusePrefill({ target, request }: RequestEncoding, turns: readonly Turn[]): void {
  if (target.traits.prefill !== false || turns.at(-1)?.role !== 'assistant') return
  const at = `messages[${request.messages.length - 1}]`
  refuse(at, 'is the beginning of an answer, which the model does not take; end with a user message')
}

/** Takes the white space off the end of a begun answer, from which some APIs refuse to go on. Says whether there was any. */
export function trimPrefill(turns: readonly Turn[]): boolean {
  const last = turns.at(-1)
  const end = last?.role === 'assistant' ? last.content.at(-1) : undefined
  if (typeof end?.text !== 'string') return false
  const text = end.text.trimEnd()
  if (text === end.text) return false
  last!.content[last!.content.length - 1] = { ...end, text }
  return true
}
