import type { Message, ToolCall, ToolResultPart } from '../tokens/index.ts'
import { joinedTurns } from './joined-turns.ts'

/** A message with what came back for its calls. */
export interface AnsweredTurn {
  message: Message
  index: number
  /** Each call of the message, in their order, with the one result that is its own. */
  answers: Array<{ call: ToolCall; result: ToolResultPart | undefined }>
  /** Results without a call before them. */
  strays: ToolResultPart[]
}

/** The conversation for APIs in which a result is a message of its own: results stand with the calls that they answer. */
export function answeredTurns(messages: readonly Message[]): AnsweredTurn[] {
  const turns: AnsweredTurn[] = []
  const joined = joinedTurns(messages)
  for (let i = 0; i < joined.length; i++) {
    const index = i
    const message = joined[i]!
    const results = message.role === 'tool' ? [message.parts] : []
    if (message.role === 'assistant') {
      for (let next = joined[i + 1]; next?.role === 'tool'; next = joined[++i + 1]) results.push(next.parts)
    }
    turns.push({ message, index, ...paired(message, results.flat()) })
  }
  return turns
}

function paired(message: Message, results: readonly ToolResultPart[]): Pick<AnsweredTurn, 'answers' | 'strays'> {
  const parts = message.role === 'assistant' ? message.parts : []
  const answers: AnsweredTurn['answers'] = []
  // Nobody promises that an id is there once.
  const waiting = new Map<string, AnsweredTurn['answers']>()
  for (const call of parts) {
    if (call.type !== 'tool-call') continue
    const answer = { call, result: undefined }
    answers.push(answer)
    const same = waiting.get(call.id)
    if (same) same.push(answer)
    else waiting.set(call.id, [answer])
  }
  const strays: ToolResultPart[] = []
  for (const result of results) {
    const answer = waiting.get(result.id)?.shift()
    if (answer) answer.result = result
    else strays.push(result)
  }
  return { answers, strays }
}
