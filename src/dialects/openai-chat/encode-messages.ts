import {
  type ChatRequest,
  isJsonObject,
  type Json,
  type JsonObject,
  type TextPart,
  type ToolResultPart,
} from '../../tokens/index.ts'
import { type AnsweredTurn, answeredTurns } from '../answered-turns.ts'
import { accentMessages } from './encode-accents.ts'
import { assistantMessage } from './encode-assistant.ts'
import { foreignBlock, inlineText, textContent, userContent, userPart } from './encode-parts.ts'
import { type Encoding, unsupported } from './encoding.ts'

/** @throws SluiceError `unsupported` */
export function encodeMessages(request: ChatRequest, encoding: Encoding): JsonObject[] {
  const out: JsonObject[] = []
  if (request.system.length > 0) {
    out.push({ role: systemRole(true, encoding), content: textContent(request.system, encoding) })
  }
  const turns = answeredTurns(request.messages)
  for (const { message, answers, strays } of turns) {
    switch (message.role) {
      case 'system': {
        const role = systemRole(message.developer === true, encoding)
        out.push({ role, content: textContent(message.parts, encoding), ...besides(message, encoding) })
        break
      }
      case 'user':
        out.push({ role: 'user', content: userContent(message.parts, encoding), ...besides(message, encoding) })
        break
      case 'assistant': {
        const wire = assistantMessage(message, encoding)
        if (wire) out.push(wire)
        break
      }
      case 'tool':
        break
      default:
        message satisfies never
    }
    write(answers, strays, encoding, out)
  }
  if (encoding.target.traits.prefill === false) refusePrefill(turns.at(-1))
  return accentMessages(out, encoding)
}

function refusePrefill(last: AnsweredTurn | undefined): void {
  if (last?.message.role !== 'assistant' || last.answers.length > 0 || last.strays.length > 0) return
  unsupported('messages', "the last message is the assistant's, and this model does not go on from a beginning")
}

/** The instructions before the conversation have no role of their own in the canonical model. */
function systemRole(developer: boolean, encoding: Encoding): string {
  return developer && encoding.target.traits.openaiExtras === true ? 'developer' : 'system'
}

function besides({ name, extra }: { name?: string; extra?: JsonObject }, { own }: Encoding): JsonObject {
  return { ...(name !== undefined && { name }), ...(own && extra) }
}

/**
 * The results of the calls just made, in the order of the calls, each exactly once: without that the provider refuses
 * the conversation. Images have no place in a result and follow in a message of the user.
 */
function write(
  answers: AnsweredTurn['answers'],
  strays: AnsweredTurn['strays'],
  encoding: Encoding,
  out: JsonObject[],
): void {
  const late: Json[] = []
  const named = encoding.target.traits.resultNames === true
  for (const { call, result } of answers) {
    if (result) {
      const message = toolMessage(result, encoding.callId(call.id), late, encoding)
      out.push(named ? { ...message, name: encoding.toolName(call.name) } : message)
      continue
    }
    encoding.changed('messages', 'a tool call had no result, so an error stands in for it')
    out.push({
      role: 'tool',
      tool_call_id: encoding.callId(call.id),
      ...(named && { name: encoding.toolName(call.name) }),
      content: 'Error: no result was given for this call.',
    })
  }
  for (const result of strays) {
    encoding.changed('messages', 'a tool result without its call became a text of the user')
    const texts = result.content.map(inlineText).filter((part) => part !== undefined)
    const said = texts.map((part) => part.text).join('\n\n')
    for (const part of result.content) if (!inlineText(part)) late.push(userPart(part, encoding))
    late.push({ type: 'text', text: `Result of the tool call ${result.id}:\n\n${said}` })
  }
  if (late.length === 0) return
  const plain = late.map((part) => (isJsonObject(part) && part.type === 'text' ? String(part.text) : undefined))
  out.push({ role: 'user', content: plain.includes(undefined) ? late : plain.join('\n\n') })
}

function toolMessage(result: ToolResultPart, id: string, late: Json[], encoding: Encoding): JsonObject {
  const head = { role: 'tool', tool_call_id: id }
  if (encoding.own) return { ...head, content: userContent(result.content, encoding), ...result.extra }
  const texts: TextPart[] = []
  for (const part of result.content) {
    const text = inlineText(part)
    if (text) {
      texts.push(text)
    } else if (part.type === 'hosted') {
      foreignBlock()
    } else {
      texts.push({ type: 'text', text: `[${part.type}: it follows in the next message]` })
      late.push(userPart(part, encoding))
    }
  }
  // One text for one result: what a list of parts means in this place differs from server to server.
  const text = texts.map((part) => part.text).join('\n\n')
  const marked = encoding.target.traits.cacheField === 'cache_control'
  const cache = marked ? (result.cache ?? texts.findLast((part) => part.cache)?.cache) : undefined
  const whole: TextPart = { type: 'text', text: result.isError ? `Error: ${text}` : text, ...(cache && { cache }) }
  return { ...head, content: textContent([whole], encoding) }
}
