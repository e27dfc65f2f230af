import type { ChatRequest, TextPart } from '../tokens/index.ts'

/**
 * What stands before the conversation, for the APIs that have a place of its own for it: system messages at the head are
 * instructions, too. `turns`: the first message that is none.
 */
export function splitInstructions({ system, messages }: ChatRequest): { instructions: TextPart[]; turns: number } {
  const first = messages.findIndex((message) => message.role !== 'system')
  const turns = first === -1 ? messages.length : first
  const leading = messages.slice(0, turns).flatMap((message) => (message.role === 'system' ? message.parts : []))
  return { instructions: [...system, ...leading], turns }
}
