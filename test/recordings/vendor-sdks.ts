import type { ClientDialectName } from '../../src/dialects/index.ts'
import { readAnthropicMessages } from './read-anthropic-messages.ts'
import { readGemini } from './read-gemini.ts'
import { readOllama } from './read-ollama.ts'
import { readOpenaiChat } from './read-openai-chat.ts'
import { readOpenaiResponses } from './read-openai-responses.ts'
import type { Outcome, Place } from './reading.ts'

const readers: Record<ClientDialectName, (place: Place) => Promise<Outcome>> = {
  'openai-chat': readOpenaiChat,
  'openai-responses': readOpenaiResponses,
  'anthropic-messages': readAnthropicMessages,
  gemini: readGemini,
  ollama: readOllama,
}

/** What the vendor's own SDK makes of an answer. What it throws is a failure, whatever it says. */
export async function readWithSdk(dialect: ClientDialectName, place: Place): Promise<Outcome> {
  try {
    return await readers[dialect](place)
  } catch {
    return 'fails'
  }
}
