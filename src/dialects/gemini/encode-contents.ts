import type { AssistantPart, JsonObject, ToolResultPart } from '../../tokens/index.ts'
import { writeTurns } from '../turns.ts'
import { functionCall, functionResponse, userPart } from './encode-parts.ts'
import type { Encoding } from './encoding.ts'
import { noSignature } from './wire.ts'

/** The conversation by the rules of this API. `from`: the first message that is no instruction. */
export function encodeContents(encoding: Encoding, from: number): JsonObject[] {
  const turns = writeTurns(encoding, from, {
    api: 'the Gemini API',
    user: (part, at) => userPart(encoding, part, at),
    assistant: (part, at, said) => assistantPart(encoding, part, at, said),
    system(parts, mark) {
      const text = parts.map((part) => part.text).join('\n\n')
      return text === '' ? [] : [{ text: mark(text) }]
    },
    result(part, at, call) {
      const name = call ? encoding.functionName(call.name) : ''
      const { part: response, media } = functionResponse(encoding, part, name, at)
      return { blocks: call ? [response] : saidText(part), behind: media }
    },
    missing: ({ name }) => ({
      functionResponse: { name: encoding.functionName(name), response: { error: 'No result was given.' } },
    }),
  })
  const [first] = turns
  if (first?.role === 'assistant' && first.content.some((part) => part.functionCall)) {
    encoding.changed('messages', 'a turn of the user was added: the API takes no call without one before it')
    turns.unshift({ role: 'user', content: [{ text: 'Go on.' }] })
  }
  return turns.map(({ role, content }) => ({ role: role === 'assistant' ? 'model' : role, parts: content }))
}

function assistantPart(
  encoding: Encoding,
  part: AssistantPart,
  at: string,
  said: readonly JsonObject[],
): JsonObject | undefined {
  switch (part.type) {
    case 'text': {
      const signature = encoding.signature(part.opaque)
      if (part.text === '' && signature === undefined) return undefined
      return { text: part.text, ...(encoding.own && part.extra), ...signed(signature) }
    }
    case 'reasoning': {
      // Thoughts without a signature need not come back; those of another vendor must not.
      const signature = encoding.signature(part.opaque && [part.opaque])
      if (signature === undefined) return undefined
      return part.text === ''
        ? { text: '', ...signed(signature) }
        : { text: part.text, thought: true, ...signed(signature) }
    }
    case 'tool-call': {
      const call = functionCall(encoding, part, at)
      // Only the first call of a step carries a signature, so only there one is missed.
      const missed = encoding.target.traits.signedCalls === true && !said.some((one) => one.functionCall)
      return { ...call, ...signed(encoding.signature(part.opaque) ?? (missed ? noSignature : undefined)) }
    }
    case 'hosted':
      return encoding.hosted(part, at)
  }
}

function saidText({ content }: ToolResultPart): JsonObject[] {
  const texts = content.flatMap((one) => (one.type === 'text' && one.text !== '' ? [one.text] : []))
  return texts.length > 0 ? [{ text: texts.join('\n') }] : []
}

function signed(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { thoughtSignature: signature }
}
