import type { AssistantPart, JsonObject } from '../../tokens/index.ts'
import { callId } from '../call-id.ts'
import { refusePrefill, type Turn, trimPrefill, writeTurns } from '../turns.ts'
import { reasoningBlock, resultContent, textBlock, toolResultBlock, toolUseBlock, userBlock } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { callIdRule } from './wire.ts'

/** The conversation by the rules of this API. `from`: the first message that is no instruction. */
export function encodeTurns(encoding: Encoding, from: number): JsonObject[] {
  const turns = writeTurns(encoding, from, {
    api: 'the Messages API',
    midSystem: encoding.target.traits.midSystem,
    user: (part, at) => userBlock(encoding, part, at),
    assistant: (part, at) => assistantBlock(encoding, part, at),
    system(parts, mark) {
      const blocks = parts.map((part) => textBlock(encoding, part)).filter((block) => block !== undefined)
      return blocks.map((block) => ({ ...block, text: mark(block.text as string) }))
    },
    result: (part, at, call) => ({
      blocks: call ? [toolResultBlock(encoding, part, at)] : resultContent(encoding, part, at),
    }),
    missing({ id }) {
      const content = 'No result was given.'
      return { type: 'tool_result', tool_use_id: callId(id, callIdRule), content, is_error: true }
    },
  })
  if (!encoding.own && trimPrefill(turns)) {
    const last = `messages[${encoding.request.messages.length - 1}]`
    encoding.changed(last, 'white space at the end of a begun answer is left out')
  }
  if (!resumes(turns.at(-1))) refusePrefill(encoding, turns)
  return turns.map(({ role, content }) => ({ role, content: plain(content) }))
}

function assistantBlock(encoding: Encoding, part: AssistantPart, at: string): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return textBlock(encoding, part)
    case 'reasoning':
      return reasoningBlock(encoding, part)
    case 'tool-call':
      return toolUseBlock(encoding, part, at)
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

/** A turn that was paused in the middle of a hosted tool goes on from where it was: that is no prefill. */
function resumes(turn: Turn | undefined): boolean {
  return turn?.content.some((block) => block.type === 'server_tool_use') === true
}

/** A lone text as a string, which every compatible server takes. */
function plain(content: JsonObject[]): string | JsonObject[] {
  const only = content.length === 1 ? content[0] : undefined
  return only?.type === 'text' && Object.keys(only).length === 2 ? (only.text as string) : content
}
