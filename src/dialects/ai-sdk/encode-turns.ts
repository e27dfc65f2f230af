import type { AssistantPart, JsonObject, ReasoningPart } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { isTextMark } from '../kept-text.ts'
import { refusePrefill, type Turn, writeTurns } from '../turns.ts'
import { ownState, resultOf, toolCallPart, userPart } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { isOurs, readState } from './state.ts'
import { callIdRule } from './wire.ts'

/** The conversation as every package takes it. `from`: the first message that is no instruction. */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = writeTurns(encoding, from, {
    api: 'the AI SDK',
    midSystem: encoding.target.traits.midSystem,
    user: (part, at) => userPart(encoding, part, at),
    assistant: (part, at, said) => assistantPart(encoding, part, at, said),
    system(parts, mark) {
      const text = parts.map((part) => part.text).join('\n\n')
      return text.trim() === '' ? [] : [{ type: 'text', text: mark(text) }]
    },
    result(part, at, call) {
      const { output, media } = resultOf(encoding, part, at)
      if (!call) return { blocks: [{ type: 'text', text: String(output.value) }], behind: media }
      const toolName = encoding.toolName(call.name)
      const head = { type: 'tool-result', toolCallId: callId(part.id, callIdRule), toolName, output }
      return { blocks: [{ ...head, ...encoding.options(part.cache) }], behind: media }
    },
    missing({ id, name }) {
      const output = { type: 'error-text', value: 'No result was given.' }
      return { type: 'tool-result', toolCallId: callId(id, callIdRule), toolName: encoding.toolName(name), output }
    },
  })
  refusePrefill(encoding, turns)
  const messages = turns.flatMap(messagesOf)
  const last = messages.at(-1)
  const end = last?.role === 'user' ? (last.content as JsonObject[]).at(-1) : undefined
  if (end && end.providerOptions === undefined) Object.assign(end, encoding.options(encoding.request.cache))
  return messages
}

/** Results are a message of their own here, and instructions are one text. */
function messagesOf({ role, content }: Turn): JsonObject[] {
  if (role === 'system') return [{ role, content: content.map(({ text }) => text).join('\n\n') }]
  const results = content.filter(({ type }) => type === 'tool-result')
  if (results.length === 0) return [{ role, content }]
  const beside = content.slice(results.length)
  return [{ role: 'tool', content: results }, ...(beside.length > 0 ? [{ role, content: beside }] : [])]
}

function assistantPart(
  encoding: Encoding,
  part: AssistantPart,
  at: string,
  said: readonly JsonObject[],
): JsonObject | undefined {
  switch (part.type) {
    case 'text': {
      const state = ownState(encoding, part.opaque)
      if (part.text.trim() === '') return undefined
      return { type: 'text', text: part.text, ...encoding.options(part.cache, state) }
    }
    case 'reasoning':
      return reasoning(encoding, part, said)
    case 'tool-call':
      return toolCallPart(encoding, part, at)
    case 'hosted':
      return encoding.foreign(part, at)
  }
}

/** Reasoning that the target wrote itself; any other stays behind, since it would mean nothing or be refused. */
function reasoning(
  encoding: Encoding,
  { text, opaque }: ReasoningPart,
  said: readonly JsonObject[],
): JsonObject | undefined {
  const { target } = encoding
  if (!opaque || !isOurs(opaque, target)) {
    encoding.foreignOpaque++
    return undefined
  }
  if (isTextMark(opaque)) return text === '' ? undefined : { type: 'reasoning', text }
  const state = readState(opaque, target)
  if (!state) return undefined
  const { on, options: providerOptions } = state
  if (on === 'reasoning') return { type: 'reasoning', text, providerOptions }
  // A client has given the state of another block a block of its own, behind that one.
  const type = on === 'call' ? 'tool-call' : 'text'
  const owner = said.findLast((one) => one.type === type)
  if (owner && owner.providerOptions === undefined) owner.providerOptions = providerOptions
  return undefined
}
