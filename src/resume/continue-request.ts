import { type ChatRequest, estimateText, type Message } from '../tokens/index.ts'

export interface ContinueOptions {
  /** What the answer says so far. */
  text: string
  /** The model takes a last message of the assistant as the beginning of its answer; else it is told to go on. */
  prefill: boolean
}

/**
 * Makes of a request the one for the rest of its answer. With nothing said so far it stays as it is.
 *
 * Models that are told to go on see what was said and an instruction behind it; what they repeat nevertheless is cut by
 * `Stitch`.
 */
export function continueRequest(request: ChatRequest, { text, prefill }: ContinueOptions): void {
  // Vendors refuse a beginning that ends in white space.
  const said = text.trimEnd()
  if (said === '') return
  // The ceiling is that of the whole answer.
  if (request.maxOutput !== undefined) request.maxOutput = Math.max(1, request.maxOutput - estimateText(said))
  const turn: Message = { role: 'assistant', parts: [{ type: 'text', text: said }] }
  const last = request.messages.at(-1)
  // The client itself had begun the answer.
  if (last?.role === 'assistant' && last.parts.every((part) => part.type === 'text')) {
    const begun = last.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    request.messages = [...request.messages.slice(0, -1), { ...turn, parts: [{ type: 'text', text: begun + said }] }]
  } else request.messages = [...request.messages, turn]
  if (prefill) {
    // No vendor thinks before it goes on from a beginning.
    delete request.reasoning
    return
  }
  request.messages = [...request.messages, { role: 'user', parts: [{ type: 'text', text: instruction }] }]
}

const instruction =
  'Your answer above was cut off. Write the rest of it, beginning with the very next character. Repeat nothing of it, do not apologise and do not mention the interruption.'
