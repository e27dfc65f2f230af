import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Encoding } from './encoding.ts'

/**
 * A conversation in OpenAI's form, in the form of a server that is particular about it. Each step stands for one trait
 * and leaves other servers' messages alone; the order matters, since later steps see what earlier ones made.
 */
export function accentMessages(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  const { traits } = encoding.target
  let out = messages
  if (traits.tools === false) out = withoutCalls(out, encoding)
  if (traits.systemFirst) out = systemFirst(out, encoding)
  if (traits.alternate) out = alternating(out, encoding)
  if (traits.nullContent === false) out = out.map((one) => (one.content === null ? { ...one, content: '' } : one))
  if (traits.reasoningRequired) out = withReasoning(out, traits.reasoningField ?? 'reasoning_content')
  if (traits.messageNames === false) out = withoutNames(out, encoding)
  if (traits.prefillMark) out = marked(out, traits.prefillMark)
  if (traits.fields) out = bare(out, encoding)
  return out
}

/** What a message needs, and nothing of what clients hang onto it. */
function bare(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  const { reasoningField, prefillMark } = encoding.target.traits
  const kept = new Set(['role', 'content', 'name', 'tool_calls', 'tool_call_id', reasoningField, prefillMark])
  return messages.map((one, i) => {
    const rest: JsonObject = {}
    for (const [key, value] of Object.entries(one)) {
      if (kept.has(key)) rest[key] = value
      // Reasoning that cannot go back is left out everywhere; and nothing is no loss.
      else if (key.startsWith('reasoning') || value === null || (Array.isArray(value) && value.length === 0)) continue
      else encoding.dropped(`messages[${i}].${key}`, 'this provider takes few fields, and this is none of them')
    }
    return rest
  })
}

/** Earlier work with tools is told as text where there are none. */
function withoutCalls(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  if (!messages.some((one) => one.role === 'tool' || one.tool_calls)) return messages
  encoding.changed('messages', 'this provider knows no tools, so earlier calls and results became texts')
  return messages.map((one): JsonObject => {
    if (one.role === 'tool') return { role: 'user', content: `Result of a tool call:\n\n${textOf(one.content)}` }
    if (!Array.isArray(one.tool_calls)) return one
    const { tool_calls: calls, ...rest } = one
    const said = (calls as JsonObject[]).map(({ function: call }) => {
      const { name, arguments: given } = isJsonObject(call) ? call : {}
      return `Call of the tool ${String(name)} with ${String(given)}`
    })
    return { ...rest, content: [textOf(one.content), ...said].filter((text) => text !== '').join('\n\n') }
  })
}

/** The system messages at the head become one, later ones a marked text of the user. */
function systemFirst(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  const isSystem = ({ role }: JsonObject): boolean => role === 'system' || role === 'developer'
  const found = messages.findIndex((one) => !isSystem(one))
  const border = found === -1 ? messages.length : found
  const head = messages.slice(0, border)
  const rest = messages.slice(border).map((one): JsonObject => {
    if (!isSystem(one)) return one
    encoding.changed('messages', 'a system message in the middle became a marked text of the user')
    return { role: 'user', content: `<system>\n${textOf(one.content)}\n</system>` }
  })
  const [first, ...others] = head
  if (!first || others.length === 0) return [...head, ...rest]
  return [{ ...first, content: joined(head) }, ...rest]
}

/** Neighbours of one role become one message; a conversation that the assistant begins gets a turn before it. */
function alternating(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  const out: JsonObject[] = []
  for (const one of messages) {
    const last = out.at(-1)
    if (last && last.role === one.role && one.role !== 'tool') {
      out[out.length - 1] = { ...last, ...one, content: joined([last, one]) }
      continue
    }
    if (one.role === 'assistant' && (!last || last.role === 'system')) {
      encoding.changed('messages', 'the conversation begins with the assistant, so an empty turn stands before it')
      out.push({ role: 'user', content: '…' })
    }
    out.push(one)
  }
  return out
}

/** Where calls stand without the reasoning that led to them, the field is there all the same. */
function withReasoning(messages: JsonObject[], field: string): JsonObject[] {
  return messages.map((one) => (one.tool_calls && one[field] === undefined ? { ...one, [field]: '' } : one))
}

function withoutNames(messages: JsonObject[], encoding: Encoding): JsonObject[] {
  return messages.map((one, i) => {
    if (one.name === undefined || one.role === 'tool') return one
    encoding.dropped(`messages[${i}].name`, 'this provider takes no names of speakers')
    const { name: _, ...rest } = one
    return rest
  })
}

function marked(messages: JsonObject[], field: string): JsonObject[] {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || last.tool_calls || last[field] !== undefined) return messages
  return [...messages.slice(0, -1), { ...last, [field]: true }]
}

function joined(messages: JsonObject[]): Json {
  const contents = messages.map((one) => one.content ?? '')
  if (contents.every((one) => typeof one === 'string')) return contents.filter((one) => one !== '').join('\n\n')
  return contents.flatMap((one) => (Array.isArray(one) ? one : one === '' ? [] : [{ type: 'text', text: one }]))
}

function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}
