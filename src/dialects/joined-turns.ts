import type { Message } from '../tokens/index.ts'

/**
 * Turns of the assistant that follow one that calls are one with it: some clients keep each piece of an answer as a turn
 * of its own, and the results of all its calls stand behind the last. Providers want them right behind the call.
 */
export function joinedTurns(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    const calls = last?.role === 'assistant' && last.parts.some(({ type }) => type === 'tool-call')
    if (calls && message.role === 'assistant') {
      const extra = (last.extra || message.extra) && { ...message.extra, ...last.extra }
      joined[joined.length - 1] = { ...last, parts: [...last.parts, ...message.parts], ...(extra && { extra }) }
    } else joined.push(message)
  }
  return joined
}
