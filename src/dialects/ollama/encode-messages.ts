import type {
  AssistantPart,
  ImagePart,
  JsonObject,
  TextPart,
  ToolCall,
  ToolResultPart,
  UserPart,
} from '../../tokens/index.ts'
import { type AnsweredTurn, answeredTurns } from '../answered-turns.ts'
import { argumentsObject } from '../arguments-object.ts'
import { wrapInput } from '../custom-input.ts'
import { type Encoding, unsupported } from './encoding.ts'

/** The whole conversation. Content is one string, and pictures stand beside it. @throws SluiceError `unsupported` */
export function encodeMessages(encoding: Encoding): JsonObject[] {
  const { system } = encoding.request
  const out: JsonObject[] = []
  if (system.length > 0) out.push({ role: 'system', content: joined(system) })
  for (const { message, index, answers, strays } of answeredTurns(encoding.request.messages)) {
    if ('name' in message && message.name !== undefined) {
      encoding.dropped(`messages[${index}].name`, 'this API has no names of speakers')
    }
    const extra = (encoding.own && 'extra' in message && message.extra) || {}
    switch (message.role) {
      case 'system':
        out.push({ role: 'system', content: joined(message.parts), ...extra })
        break
      case 'user':
        out.push({ ...userMessage(message.parts, `messages[${index}]`, encoding), ...extra })
        break
      case 'assistant': {
        const wire = assistantMessage(message.parts, encoding)
        if (wire) out.push({ ...wire, ...extra })
        break
      }
      case 'tool':
        break
      default:
        message satisfies never
    }
    write(answers, strays, encoding, out)
  }
  return out
}

function joined(parts: readonly TextPart[]): string {
  return paragraphs(parts.map((part) => part.text))
}

/** Texts that clients keep apart, such as reminders beside a question, are not glued to one sentence. */
function paragraphs(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n')
}

/** A message of texts and pictures. */
function userMessage(parts: readonly UserPart[], at: string, encoding: Encoding): JsonObject {
  const texts: string[] = []
  const images: string[] = []
  for (const part of parts) {
    const text = textOf(part)
    if (text !== undefined) {
      texts.push(text)
      continue
    }
    images.push(imageData(part, at))
    const detail = part.type === 'image' ? part.detail : undefined
    if (detail !== undefined && detail !== 'auto') encoding.dropped(`${at}.detail`, 'this API has no such field')
  }
  return { role: 'user', content: paragraphs(texts), ...(images.length > 0 && { images }) }
}

/** A text, or a document that is plain text, under its title. */
function textOf(part: UserPart): string | undefined {
  if (part.type === 'text') return part.text
  if (part.type !== 'file' || part.source.kind !== 'text') return undefined
  const head = [part.title ?? part.filename, part.context].filter((line) => line !== undefined)
  return [...head, part.source.text].join('\n\n')
}

function imageData(part: UserPart, at: string): string {
  if (part.type === 'image') {
    if (part.source.kind === 'base64') return part.source.data
    return unsupported(at, 'an image is given by its address or a file id, and this API wants its bytes in base64')
  }
  if (part.type === 'hosted') {
    return unsupported(at, 'the conversation holds the work of a tool that ran at another vendor')
  }
  return unsupported(at, `it holds ${part.type === 'audio' ? 'audio' : 'a file'}, and this API takes texts and images`)
}

/** A message of the assistant; undefined when nothing of it can be said here. */
function assistantMessage(parts: readonly AssistantPart[], encoding: Encoding): JsonObject | undefined {
  let content = ''
  let thinking = ''
  const calls: JsonObject[] = []
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        content += part.text
        break
      case 'reasoning':
        thinking += part.text
        // There is no slot for the state of any vendor.
        if (part.opaque) encoding.foreignOpaque++
        break
      case 'tool-call':
        calls.push(toolCall(part, calls.length, encoding))
        encoding.foreignOpaque += part.opaque?.length ?? 0
        break
      case 'hosted':
        encoding.dropped('messages', 'the work of a tool that ran at another vendor')
        break
      default:
        part satisfies never
    }
  }
  if (content === '' && thinking === '' && calls.length === 0) return undefined
  return {
    role: 'assistant',
    content,
    ...(thinking !== '' && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function toolCall(call: ToolCall, index: number, encoding: Encoding): JsonObject {
  const { value, whole } = argumentsObject(call.kind === 'custom' ? wrapInput(call.arguments) : call.arguments)
  if (!whole)
    encoding.changed('messages', 'the arguments of a call are no JSON object, so they are sent as a text in one')
  return { id: call.id, function: { index, name: call.name, arguments: value } }
}

/**
 * The results of the calls just made, in the order of the calls, each exactly once: templates of models go by the order.
 * Pictures have no place in a result and follow in a message of the user.
 */
function write(
  answers: AnsweredTurn['answers'],
  strays: AnsweredTurn['strays'],
  encoding: Encoding,
  out: JsonObject[],
): void {
  const late: UserPart[] = []
  for (const { call, result } of answers) {
    if (!result) encoding.changed('messages', 'a tool call had no result, so an error stands in for it')
    out.push({
      role: 'tool',
      content: result ? resultText(result, late) : 'Error: no result was given for this call.',
      tool_name: call.name,
      tool_call_id: call.id,
      ...(encoding.own && result?.extra),
    })
  }
  for (const result of strays) {
    encoding.changed('messages', 'a tool result without its call became a text of the user')
    late.push({ type: 'text', text: `Result of the tool call ${result.id}:\n\n${resultText(result, late)}` })
  }
  if (late.length > 0) out.push(userMessage(late, 'messages', encoding))
}

function resultText({ content, isError }: ToolResultPart, late: UserPart[]): string {
  const texts = content.map((part) => {
    const text = textOf(part)
    if (text !== undefined) return text
    late.push(part as ImagePart)
    return `[${part.type}: it follows in the next message]`
  })
  const text = paragraphs(texts)
  return isError ? `Error: ${text}` : text
}
