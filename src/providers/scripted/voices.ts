import { messagesPing, streamMessage } from './anthropic-messages.ts'
import { messagesError } from './anthropic-messages-parts.ts'
import { wholeMessage } from './anthropic-messages-whole.ts'
import type { Language } from './ask.ts'
import { chatPing, streamChat } from './openai-chat.ts'
import { chatError } from './openai-chat-parts.ts'
import { wholeChat } from './openai-chat-whole.ts'
import type { Voice } from './scene.ts'

/** The languages that the stand-in speaks, by their name. */
export const voices: Record<Language, Voice> = {
  'openai-chat': {
    stream: streamChat,
    whole: wholeChat,
    error: chatError,
    errorEvent: (facts) => ({ data: JSON.stringify(chatError({ status: 500, ...facts })) }),
    ping: chatPing,
    requestIdHeader: 'x-request-id',
  },
  'anthropic-messages': {
    stream: streamMessage,
    whole: wholeMessage,
    error: messagesError,
    errorEvent: (facts, requestId) => ({
      event: 'error',
      data: JSON.stringify(messagesError({ status: 529, ...facts }, requestId)),
    }),
    ping: messagesPing,
    requestIdHeader: 'request-id',
  },
}
