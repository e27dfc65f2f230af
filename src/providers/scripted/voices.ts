import { messagesPing, streamMessage } from './anthropic-messages.ts'
import { messagesError } from './anthropic-messages-parts.ts'
import { wholeMessage } from './anthropic-messages-whole.ts'
import type { Language } from './ask.ts'
import { conversePing, streamConverse } from './bedrock-converse.ts'
import { converseError, converseException, errorHeaders } from './bedrock-converse-parts.ts'
import { wholeConverse } from './bedrock-converse-whole.ts'
import { geminiPing, streamGemini } from './gemini.ts'
import { geminiError } from './gemini-parts.ts'
import { wholeGemini } from './gemini-whole.ts'
import { ollamaPing, streamOllama } from './ollama.ts'
import { ollamaError } from './ollama-parts.ts'
import { wholeOllama } from './ollama-whole.ts'
import { chatPing, streamChat } from './openai-chat.ts'
import { chatError } from './openai-chat-parts.ts'
import { wholeChat } from './openai-chat-whole.ts'
import { streamResponse, wholeResponse } from './openai-responses.ts'
import { responsesErrorEvent } from './openai-responses-parts.ts'
import type { Voice } from './scene.ts'
import { straicoCost, straicoError, straicoStatus, wholeStraico } from './straico.ts'
import { arrayWrapping, awsWrapping, ndjsonWrapping, sseWrapping } from './wrapping.ts'

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
  'openai-responses': {
    stream: streamResponse,
    whole: wholeResponse,
    error: chatError,
    errorEvent: (facts) => ({ event: 'error', data: JSON.stringify(responsesErrorEvent(facts)) }),
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
  gemini: {
    stream: streamGemini,
    whole: wholeGemini,
    error: geminiError,
    errorEvent: (facts) => ({ data: JSON.stringify(geminiError({ status: 503, ...facts })) }),
    wrapping: ({ form }) => (form === 'array' ? arrayWrapping() : sseWrapping()),
    ping: geminiPing,
    requestIdHeader: 'x-request-id',
  },
  ollama: {
    stream: streamOllama,
    whole: wholeOllama,
    error: ollamaError,
    errorEvent: (facts) => ({ data: JSON.stringify(ollamaError({ status: 500, ...facts })) }),
    wrapping: () => ndjsonWrapping(),
    ping: ollamaPing,
    requestIdHeader: 'x-request-id',
  },
  straico: {
    // It does not stream; should it ever, then most likely as those do whose answers it has copied.
    stream: streamChat,
    whole: wholeStraico,
    error: straicoError,
    errorEvent: (facts) => ({ data: JSON.stringify(straicoError({ status: 500, ...facts })) }),
    status: straicoStatus,
    cost: straicoCost,
    ping: chatPing,
    requestIdHeader: 'x-request-id',
  },
  'bedrock-converse': {
    stream: streamConverse,
    whole: wholeConverse,
    error: converseError,
    errorHeaders,
    errorEvent: converseException,
    wrapping: awsWrapping,
    ping: conversePing,
    requestIdHeader: 'x-amzn-requestid',
  },
}
