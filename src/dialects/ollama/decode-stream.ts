import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import type { SseEvent } from '../../sse/index.ts'
import { isJsonObject, type Json, type JsonObject, type LogProb, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions, StreamDecoder } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { decodeFinish } from './finish.ts'
import { PlainLine } from './plain-line.ts'
import { type Line, lineOf, readLine } from './read-line.ts'
import { decodeUsage } from './usage.ts'
import { dialectName } from './wire.ts'

/** Keys of a line that become tokens of their own, or mean nothing beside them. */
const knownLine = new Set([
  'model',
  'created_at',
  'message',
  'response',
  'thinking',
  'tool_calls',
  'logprobs',
  'done',
  'done_reason',
  'prompt_eval_count',
  'eval_count',
  'error',
])
const knownMessage = new Set(['role', 'content', 'thinking', 'tool_calls'])

/** Lines to tokens. The last line is finish, usage and end marker in one, and may hold content, too. */
export class OllamaDecoder implements StreamDecoder {
  readonly #options: DecodeOptions
  readonly #plain = new PlainLine()
  readonly #told = new Map<string, string>()
  readonly #ids = new Set<string>()
  #started = false
  #open: 'text' | 'reasoning' | undefined
  #index = -1
  #called = false
  #done = false
  #finished = false

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  get done(): boolean {
    return this.#done
  }

  get finished(): boolean {
    return this.#finished
  }

  push(event: SseEvent, emit: Emit<StreamToken>): void {
    if (this.#done) return
    const text = this.#plain.match(event.data)
    if (text !== undefined && this.#started) {
      this.#say(this.#plain.kind, text, undefined, emit)
      return
    }
    try {
      const line = readLine(event.data)
      this.line(line, emit)
      if (!line.unknown && !line.done) this.#plain.learn(event.data)
    } catch (thrown) {
      this.#fail(SluiceError.from(thrown, 'upstream_protocol'), emit)
    }
  }

  end(emit: Emit<StreamToken>): void {
    if (this.#done) return
    const problem = 'the answer is not whole: the stream ended without a line that says `done`'
    this.#fail(new SluiceError('upstream_truncated', problem), emit)
  }

  /** A whole answer. @throws SluiceError for an error in its place, and for what is no answer */
  reply(body: JsonObject, emit: Emit<StreamToken>): void {
    const line = lineOf(body)
    if (line.unknown) {
      throw new SluiceError('upstream_protocol', 'cannot read the answer: it has neither `message` nor `response`')
    }
    // An answer that came in one piece is over, whatever it says.
    this.line({ ...line, done: true }, emit)
  }

  line(line: Line, emit: Emit<StreamToken>): void {
    const { body } = line
    this.#start(body, emit)
    if (line.unknown) {
      emit({ type: 'raw', dialect: dialectName, data: JSON.stringify(body) })
      return
    }
    if (line.thinking !== '') this.#say('reasoning', line.thinking, undefined, emit)
    if (line.text !== '' || line.logprobs) this.#say('text', line.text, line.logprobs, emit)
    for (const call of line.calls) this.#call(call, emit)
    this.#facts(body, emit)
    if (!line.done) return
    this.#finished = true
    this.#close(emit)
    const usage = decodeUsage(body)
    if (usage) emit({ type: 'usage', usage })
    emit({ type: 'finish', choice: 0, ...decodeFinish(body.done_reason, this.#called) })
    this.#done = true
  }

  #start(body: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#started) return
    this.#started = true
    const model = filled(body.model)
    const created = Date.parse(filled(body.created_at) ?? '')
    emit({
      type: 'message-start',
      ...(model !== undefined && { model }),
      ...(created > 0 && { created: Math.floor(created / 1000) }),
    })
  }

  #say(kind: 'text' | 'reasoning', text: string, logprobs: LogProb[] | undefined, emit: Emit<StreamToken>): void {
    if (this.#open !== kind) {
      this.#close(emit)
      this.#open = kind
      emit({ type: `${kind}-start`, choice: 0, index: ++this.#index })
    }
    if (kind === 'reasoning') emit({ type: 'reasoning-delta', choice: 0, index: this.#index, text })
    else if (logprobs) emit({ type: 'text-delta', choice: 0, index: this.#index, text, logprobs })
    else emit({ type: 'text-delta', choice: 0, index: this.#index, text })
  }

  #close(emit: Emit<StreamToken>): void {
    const open = this.#open
    this.#open = undefined
    if (open) emit({ type: `${open}-end`, choice: 0, index: this.#index })
  }

  /** Calls come whole. @throws SluiceError for one without a name: it cannot be run and must not vanish */
  #call(wire: JsonObject, emit: Emit<StreamToken>): void {
    const inner = isJsonObject(wire.function) ? wire.function : wire
    const wireName = filled(inner.name)
    if (wireName === undefined) {
      throw new SluiceError('upstream_protocol', 'cannot read a tool call: the provider never said its name')
    }
    this.#close(emit)
    const { customTools, toolNames } = this.#options
    const name = toolNames?.get(wireName) ?? wireName
    const custom = customTools?.has(name) === true
    const index = ++this.#index
    const at = { choice: 0, index }
    emit({ type: 'tool-call-start', ...at, id: this.#newId(wire.id), name, kind: custom ? 'custom' : 'function' })
    const text = argumentsText(inner.arguments)
    const shown = custom ? unwrap(text) : text
    if (shown !== '') emit({ type: 'tool-call-delta', ...at, arguments: shown })
    emit({ type: 'tool-call-end', ...at })
    this.#called = true
  }

  #newId(given: Json | undefined): string {
    const wire = filled(given)
    const known = wire !== undefined && !this.#ids.has(wire)
    const id = known ? wire : `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`
    this.#ids.add(id)
    return id
  }

  /** What only this dialect knows, told once. */
  #facts(body: JsonObject, emit: Emit<StreamToken>): void {
    const fields = this.#news(body, knownLine, '')
    const message = isJsonObject(body.message) ? this.#news(body.message, knownMessage, 'message.') : undefined
    if (!fields && !message) return
    emit({ type: 'metadata', dialect: dialectName, fields: { ...fields, ...(message && { message }) } })
  }

  #news(object: JsonObject, known: ReadonlySet<string>, at: string): JsonObject | undefined {
    let fields: JsonObject | undefined
    for (const [key, value] of Object.entries(object)) {
      if (known.has(key) || value === null || value === undefined) continue
      const text = JSON.stringify(value)
      if (this.#told.get(at + key) === text) continue
      this.#told.set(at + key, text)
      fields = { ...fields, [key]: value }
    }
    return fields
  }

  #fail(error: SluiceError, emit: Emit<StreamToken>): void {
    this.#done = true
    emit({ type: 'error', error })
  }
}

function argumentsText(value: Json | undefined): string {
  if (typeof value === 'string') return value.trim() === '' ? '{}' : value
  return JSON.stringify(value ?? {})
}

function unwrap(text: string): string {
  const reader = new InputReader()
  return reader.push(text) + reader.end()
}
