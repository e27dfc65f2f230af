import {
  type AssistantPart,
  isJsonObject,
  type JsonObject,
  type Message,
  type PartExtra,
  type TextPart,
  type ToolCall,
  type ToolResultPart,
} from '../../tokens/index.ts'
import { array, object, objects, oneOf, refuse, string } from '../fields.ts'
import { filled } from '../lenient.ts'
import { assistantText, contentPart, extraOf, readContent, textPart, userPart } from './decode-parts.ts'
import { isSealedReasoning, placeReasoning, unsealReasoning } from './reasoning-state.ts'
import { dialectName } from './wire.ts'

const roles = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const

const plainFields = new Set(['role', 'content', 'name'])
const resultFields = new Set(['role', 'content', 'tool_call_id'])

/** Every message, system messages included. @throws SluiceError `invalid_request` */
export function decodeMessages(body: JsonObject): Message[] {
  if (array.required(body, 'messages').length === 0) {
    refuse('messages', 'is empty; it must hold at least one message')
  }
  const messages: Message[] = []
  const functions = new FunctionIds()
  for (const [i, wire] of objects(body, 'messages').entries()) {
    const at = `messages[${i}].`
    const role = oneOf(wire, 'role', roles, at)
    if (role === undefined) refuse(`${at}role`, `is missing; it must be one of ${roles.join(', ')}`)
    const name = string.optional(wire, 'name', at)
    const named = name === undefined ? {} : { name }
    switch (role) {
      case 'developer':
      case 'system':
        messages.push({
          role: 'system',
          parts: requiredContent<TextPart>(wire, at, textPart),
          ...(role === 'developer' && { developer: true }),
          ...named,
          ...extraOf(wire, plainFields),
        })
        break
      case 'user':
        messages.push({
          role,
          parts: requiredContent(wire, at, userPart),
          ...named,
          ...extraOf(wire, plainFields),
        })
        break
      case 'assistant':
        messages.push({ role, ...assistant(wire, at, functions), ...named })
        break
      case 'tool':
        addResult(messages, {
          type: 'tool-result',
          id: string.required(wire, 'tool_call_id', at),
          content: requiredContent(wire, at, contentPart),
          ...extraOf(wire, resultFields),
        })
        break
      default: {
        const id = functions.answer(string.required(wire, 'name', at))
        addResult(messages, { type: 'tool-result', id, content: requiredContent(wire, at, contentPart) })
      }
    }
  }
  return messages
}

/** Functions of before tools have no ids: the calls are counted, and a result belongs to the oldest of its name. */
class FunctionIds {
  #count = 0
  readonly #waiting: Array<{ id: string; name: string }> = []

  call(name: string): string {
    const id = `call_function_${this.#count++}`
    this.#waiting.push({ id, name })
    return id
  }

  answer(name: string): string {
    const at = this.#waiting.findIndex((one) => one.name === name)
    return at === -1 ? `call_function_${this.#count++}` : this.#waiting.splice(at, 1)[0]!.id
  }
}

function addResult(messages: Message[], part: ToolResultPart): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') last.parts.push(part)
  else messages.push({ role: 'tool', parts: [part] })
}

function requiredContent<T>(
  wire: JsonObject,
  at: string,
  read: (part: JsonObject, at: string) => T,
): Array<T | TextPart> {
  if (wire.content === undefined || wire.content === null)
    refuse(`${at}content`, 'is missing; it must be a string or a list of parts')
  return readContent(wire.content, at, read)
}

const assistantFields = new Set([
  ...plainFields,
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
  'reasoning_details',
  'reasoning_content',
  'reasoning',
])

function assistant(
  wire: JsonObject,
  at: string,
  functions: FunctionIds,
): { parts: AssistantPart[]; extra?: PartExtra } {
  const texts = readContent<TextPart>(wire.content, at, assistantText)
  const refusal = string.optional(wire, 'refusal', at)
  if (refusal) texts.push({ type: 'text', text: refusal, refusal: true })
  const rest: AssistantPart[] = calls(wire, at, functions)
  const audio = object.optional(wire, 'audio', at)
  if (audio) rest.push({ type: 'hosted', dialect: dialectName, block: { type: 'audio', audio } })

  const details = array.optional(wire, 'reasoning_details', at) ?? []
  const state = unsealReasoning(details)
  for (const { call, part } of state) {
    const owner = call === undefined ? undefined : rest.find((one) => one.type === 'tool-call' && one.id === call)
    if (owner?.type !== 'tool-call') continue
    owner.opaque ??= []
    owner.opaque.push(part.opaque)
  }
  const more = extraOf(wire, assistantFields).extra ?? {}
  const native = details.filter((entry) => !isSealedReasoning(entry))
  if (native.length > 0) more.reasoning_details = native
  const found = state.filter((one) => one.call === undefined)
  if (found.length > 0) {
    // Texts that carry more than text keep their parts: what is inside them cannot be cut by position.
    const plain = texts.every((part) => !part.refusal && !part.cache && !part.extra)
    const parts = plain
      ? placeReasoning(found, texts.map((part) => part.text).join(''), rest)
      : [...found.map((one) => one.part), ...texts, ...rest]
    return withExtra(parts, more)
  }
  const said = string.optional(wire, 'reasoning_content', at) ?? filled(wire.reasoning)
  // What a server of this language has said may be wanted back in the very field that it came in.
  for (const field of ['reasoning_content', 'reasoning']) if (filled(wire[field])) more[field] = wire[field]
  return withExtra([...(said ? [{ type: 'reasoning' as const, text: said }] : []), ...texts, ...rest], more)
}

function withExtra(parts: AssistantPart[], extra: PartExtra): { parts: AssistantPart[]; extra?: PartExtra } {
  return { parts, ...(Object.keys(extra).length > 0 && { extra }) }
}

const callFields = new Set(['id', 'type', 'function', 'custom'])

function calls(wire: JsonObject, at: string, functions: FunctionIds): ToolCall[] {
  const list = objects(wire, 'tool_calls', at).map((call, i): ToolCall => {
    const path = `${at}tool_calls[${i}].`
    const id = string.required(call, 'id', path)
    const extra = extraOf(call, callFields)
    if (call.type === 'custom') {
      const custom = object.required(call, 'custom', path)
      const name = string.required(custom, 'name', `${path}custom.`)
      const input = string.optional(custom, 'input', `${path}custom.`) ?? ''
      return { type: 'tool-call', id, name, kind: 'custom', arguments: input, ...extra }
    }
    const inner = object.required(call, 'function', path)
    return { ...functionCall(inner, `${path}function.`, () => id), ...extra }
  })
  const old = object.optional(wire, 'function_call', at)
  if (old) list.push(functionCall(old, `${at}function_call.`, (name) => functions.call(name)))
  return list
}

function functionCall(wire: JsonObject, at: string, id: (name: string) => string): ToolCall {
  const name = string.required(wire, 'name', at)
  // Some clients keep the arguments as the object that they have parsed.
  const text = isJsonObject(wire.arguments) ? JSON.stringify(wire.arguments) : string.optional(wire, 'arguments', at)
  return { type: 'tool-call', id: id(name), name, kind: 'function', arguments: text?.trim() ? text : '{}' }
}
