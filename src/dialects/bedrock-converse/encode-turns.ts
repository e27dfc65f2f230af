import { type AssistantPart, isJsonObject, type JsonObject, type UserPart } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { refusePrefill, trimPrefill, writeTurns } from '../turns.ts'
import { reasoningBlock, resultContent, textBlock, toolResultBlock, toolUseBlock, userBlock } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { callIdRule } from './wire.ts'

/** The conversation by the rules of this API: it begins with the user. `from`: the first message that is no instruction. */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = writeTurns(encoding, from, {
    api: 'the Converse API',
    user: (part, at) => marked(encoding, userBlock(encoding, part, at), part),
    assistant: (part, at) => marked(encoding, assistantBlock(encoding, part, at), part),
    system: (parts, mark) =>
      parts.flatMap((part) => marked(encoding, textBlock(part.text) && { text: mark(part.text) }, part)),
    result: (part, at, call) => ({
      blocks: call
        ? [toolResultBlock(encoding, part, at), ...encoding.cachePoint(part.cache)]
        : resultContent(encoding, part, at),
    }),
    missing({ id }) {
      const content = [{ text: 'No result was given.' }]
      return { toolResult: { toolUseId: callId(id, callIdRule), content, status: 'error' } }
    },
  })
  refusePrefill(encoding, turns)
  trimPrefill(turns)
  if (turns[0]?.role === 'assistant') {
    encoding.changed('messages', 'a turn of the user was added: the conversation began with the assistant')
    turns.unshift({ role: 'user', content: [{ text: '(The conversation goes on.)' }] })
  }
  for (const { content } of turns) withText(content)
  return turns.map(({ role, content }) => ({ role, content }))
}

/** The block, and the mark behind it where its part has one. */
function marked(encoding: Encoding, block: JsonObject | undefined, part: UserPart | AssistantPart): JsonObject[] {
  if (!block) return []
  return 'cache' in part ? [block, ...encoding.cachePoint(part.cache)] : [block]
}

function assistantBlock(encoding: Encoding, part: AssistantPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      if (part.opaque) encoding.foreignOpaque += part.opaque.length
      return textBlock(part.text)
    case 'reasoning':
      return reasoningBlock(encoding, part)
    case 'tool-call':
      return toolUseBlock(encoding, part, at)
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

/** The API takes a document only beside a text. The document's name says nothing that is not there already. */
function withText(content: JsonObject[]): void {
  const document = content.find((block) => isJsonObject(block.document))?.document as JsonObject | undefined
  if (document && !content.some((block) => block.text !== undefined)) content.push({ text: String(document.name) })
}
