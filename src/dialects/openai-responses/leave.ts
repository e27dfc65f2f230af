import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, isJsonObject, type Json, type JsonObject, type Message } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'
import { isSet, lostFields, partsOf } from '../lost-fields.ts'
import { dialectName } from './wire.ts'

/** Fields on which the answer depends, and what they stand for that no other API can see. */
const bound: ReadonlyMap<string, string> = new Map([
  ['previous_response_id', 'an earlier answer that the provider keeps'],
  ['conversation', 'a conversation that the provider keeps'],
  ['prompt', 'a prompt that the provider keeps'],
])

/** Fields of which the canonical model has taken what there is to take, and hints that mean nothing elsewhere. */
const silent: ReadonlySet<string> = new Set([
  'include',
  'store',
  'stream_options',
  'user',
  'safety_identifier',
  'tool_choice',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'client_metadata',
])

const takenOf: Record<string, ReadonlySet<string>> = {
  text: new Set(['format', 'verbosity']),
  reasoning: new Set(['effort', 'summary', 'generate_summary']),
}

/** Ids and other facts about items, and state of the provider's, which say nothing to a model. */
const silentInItems: ReadonlySet<string> = new Set([
  'id',
  'status',
  'phase',
  'item',
  'place',
  'type',
  'caller',
  'async',
  'prompt_cache_breakpoint',
  'internal_chat_message_metadata_passthrough',
])

const silentInTools: ReadonlySet<string> = new Set(['place', 'defer_loading', 'allowed_callers'])

/** Work of hosted tools whose outcome stands in the answer that came after it. */
const finished: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_list_tools',
])

/**
 * A request on its way to an upstream of another dialect.
 *
 * @throws SluiceError `unsupported` for what only a provider that keeps state, or runs tools, can do
 */
export function leave(request: ChatRequest): Warning[] {
  const { fields } = request.extra
  for (const [field, what] of bound) if (isSet(fields[field])) refuse(field, `\`${field}\` refers to ${what}`)
  if (fields.background === true) refuse('background', '`background` asks for an answer to be fetched later')
  const { toolChoice } = request
  if (toolChoice?.mode === 'one') {
    const forced = request.tools.find((tool) => tool.name === toolChoice.name)
    if (forced?.kind === 'hosted' || isJsonObject(fields.tool_choice)) {
      refuse('tool_choice', `\`tool_choice\` demands the hosted tool "${toolChoice.name}"`)
    }
  }
  prune(fields)
  return [
    ...request.messages.flatMap((message) => leaveMessage(message)),
    ...request.tools.flatMap((tool, index) =>
      tool.kind === 'hosted' ? [] : lostFields(tool.extra, `tools[${index}]`, silentInTools),
    ),
  ]
}

function prune(fields: JsonObject): void {
  for (const [field, value] of Object.entries(fields)) {
    const taken = takenOf[field]
    if (taken && isJsonObject(value)) {
      const left = Object.entries(value).filter(([key, inner]) => !taken.has(key) && isSet(inner))
      if (left.length > 0) fields[field] = Object.fromEntries(left)
      else delete fields[field]
    } else if (silent.has(field) || !isSet(value) || isDefault(field, value)) {
      delete fields[field]
    }
  }
}

function isDefault(field: string, value: Json | undefined): boolean {
  return (field === 'background' && value === false) || (field === 'truncation' && value === 'disabled')
}

function leaveMessage(message: Message): Warning[] {
  const lost: Warning[] = 'extra' in message ? lostFields(message.extra, 'input', silentInItems) : []
  if (message.role === 'assistant') {
    message.parts = message.parts.filter((part) => {
      if (part.type !== 'hosted' || part.dialect !== dialectName) return true
      const type = String(part.block.type ?? 'item_reference')
      if (!finished.has(type)) refuse('input', `\`input\` holds an item of type ${type}`)
      lost.push({ field: `input.${type}`, action: 'dropped', reason: 'the work of a tool that ran at another vendor' })
      return false
    })
  }
  for (const part of partsOf(message)) {
    if (part.type === 'hosted') refuse('input', `\`input\` holds a part of type ${String(part.block.type)}`)
    if (part.type === 'text')
      lost.push(...lostFields({ annotations: part.citations as Json[] }, 'input', silentInItems))
    if ('extra' in part) lost.push(...lostFields(part.extra, 'input', silentInItems))
  }
  return lost
}

function refuse(param: string, found: string): never {
  throw new SluiceError(
    'unsupported',
    `cannot send the request to this model: ${found}, and the provider does not speak the Responses API; leave it out and send the whole conversation`,
    { param },
  )
}
