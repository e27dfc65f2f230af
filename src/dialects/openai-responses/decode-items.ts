import type { AssistantPart, JsonObject, Message, TextPart, ToolCall, ToolResultPart } from '../../tokens/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import { oneOf, refuse, string } from '../fields.ts'
import { extraOf, resultParts, textParts, userParts } from './decode-parts.ts'
import { inputItems, itemType } from './items.ts'
import { flatName, type Place } from './namespaces.ts'
import { toolsItem } from './offered-tools.ts'
import { decodeReasoning } from './reasoning-state.ts'
import { dialectName } from './wire.ts'

const roles = ['user', 'assistant', 'system', 'developer'] as const

/**
 * The conversation. What the assistant said, thought and called in a row are items here and one turn in the canonical
 * form; the first text of each item carries the item's own fields, so that its borders are found again.
 *
 * @throws SluiceError `invalid_request`
 */
export function decodeItems(body: JsonObject, names: ReadonlyMap<string, Place>): Message[] {
  const turns = new Turns(names)
  for (const [index, item] of inputItems(body).entries()) turns.add(item, `input[${index}]`)
  return turns.messages
}

class Turns {
  readonly messages: Message[] = []
  readonly #names: ReadonlyMap<string, Place>

  constructor(names: ReadonlyMap<string, Place>) {
    this.#names = names
  }

  add(item: JsonObject, at: string): void {
    switch (itemType(item)) {
      case 'message':
        this.#message(item, at)
        return
      case 'reasoning': {
        const said = this.#assistant()
        const part = decodeReasoning(item, said)
        if (part) said.push(part)
        return
      }
      case 'function_call':
      case 'custom_tool_call':
        this.#assistant().push(this.#call(item, `${at}.`))
        return
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#result(item, at)
        return
      case toolsItem:
        // They are offered like those of the field.
        return
      default:
        // Work of a tool that runs at the vendor, or a reference to something that it keeps.
        this.#assistant().push({ type: 'hosted', dialect: dialectName, block: item })
    }
  }

  #message(item: JsonObject, at: string): void {
    const role = oneOf(item, 'role', roles, `${at}.`)
    if (role === undefined) refuse(`${at}.role`, `is missing; it must be one of ${roles.join(', ')}`)
    const content = `${at}.content`
    switch (role) {
      case 'user':
        this.messages.push({ role, parts: userParts(item.content, content), ...extraOf(item, messageFields) })
        return
      case 'assistant': {
        const parts: TextPart[] = textParts(item.content, content)
        if (parts.length === 0) return
        const { extra = {} } = extraOf(item, messageFields)
        parts[0] = { ...parts[0]!, extra: { ...parts[0]!.extra, item: extra } }
        this.#assistant().push(...parts)
        return
      }
      default:
        this.messages.push({
          role: 'system',
          parts: textParts(item.content, content),
          ...(role === 'developer' && { developer: true }),
          ...extraOf(item, messageFields),
        })
    }
  }

  #call(item: JsonObject, at: string): ToolCall {
    const name = string.required(item, 'name', at)
    const namespace = string.optional(item, 'namespace', at)
    const { extra = {} } = extraOf(item, callFields)
    if (namespace !== undefined) extra.place = { namespace, name }
    const call = {
      type: 'tool-call' as const,
      id: string.required(item, 'call_id', at),
      name: flatName(this.#names, name, namespace),
      ...(Object.keys(extra).length > 0 && { extra }),
    }
    if (item.type === 'custom_tool_call') {
      return { ...call, kind: 'custom', arguments: string.optional(item, 'input', at) ?? '' }
    }
    const written = isJsonObject(item.arguments)
      ? JSON.stringify(item.arguments)
      : string.optional(item, 'arguments', at)
    return { ...call, kind: 'function', arguments: written?.trim() ? written : '{}' }
  }

  #result(item: JsonObject, at: string): void {
    const custom = item.type === 'custom_tool_call_output'
    const { extra = {} } = extraOf(item, resultFields)
    // Which of the two kinds it answers is told by the call; without one in sight the item has to say it.
    if (custom) extra.type = item.type as string
    const part: ToolResultPart = {
      type: 'tool-result',
      id: string.required(item, 'call_id', `${at}.`),
      content: resultParts(item.output, `${at}.output`),
      ...(Object.keys(extra).length > 0 && { extra }),
    }
    const last = this.messages.at(-1)
    if (last?.role === 'tool') last.parts.push(part)
    else this.messages.push({ role: 'tool', parts: [part] })
  }

  /** The turn of the assistant that is being written. */
  #assistant(): AssistantPart[] {
    const last = this.messages.at(-1)
    if (last?.role === 'assistant') return last.parts
    const parts: AssistantPart[] = []
    this.messages.push({ role: 'assistant', parts })
    return parts
  }
}

const messageFields: ReadonlySet<string> = new Set(['type', 'role', 'content'])
const callFields: ReadonlySet<string> = new Set(['type', 'call_id', 'name', 'namespace', 'arguments', 'input'])
const resultFields: ReadonlySet<string> = new Set(['type', 'call_id', 'output'])
