/**
 * The wire languages, a folder each, all of the same parts: `wire` (the vendor's shapes), `request`, `stream`,
 * `reply`, `error`. A dialect knows only the canonical model, never another dialect, and never which vendor it talks
 * to: what differs between vendors is data in `Traits`.
 */
import { aiSdk } from './ai-sdk/index.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import type { Dialect, UpstreamDialect } from './dialect.ts'
import { gemini } from './gemini/index.ts'
import { ollama } from './ollama/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

export { callId } from './call-id.ts'
export type { ChatTraits, ExtraField, ReasoningWord } from './chat-traits.ts'
export { inputSchema } from './custom-input.ts'
export type {
  Asked,
  ClientSide,
  DecodeOptions,
  Dialect,
  EncodedRequest,
  EncodeOptions,
  EndpointCall,
  ModelEntry,
  ObserveOptions,
  ReasoningFields,
  ReplyFacts,
  StreamDecoder,
  StreamObserver,
  Target,
  Traits,
  UntouchedSide,
  UpstreamDialect,
  UpstreamFraming,
  UpstreamModel,
  UpstreamSide,
  Warning,
} from './dialect.ts'
export { isSealed, seal, unseal } from './envelope.ts'
export { EventShape } from './event-shape.ts'
export { mapSchemas } from './json-schema.ts'
export { isTextMark, textMark } from './kept-text.ts'
export type { StreamFraming } from './stream-framing.ts'
export { aiSdk, anthropicMessages, bedrockConverse, gemini, ollama, openaiChat, openaiResponses }

/** The dialects that clients may speak, by name. */
export const clientDialects = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  ollama,
} as const satisfies Record<string, Dialect>

/** The dialects that are spoken over a network, by their names in the configuration. */
export const networkDialects = {
  ...clientDialects,
  'bedrock-converse': bedrockConverse,
} as const satisfies Record<string, UpstreamDialect>

/** Every dialect in which a provider can be called: those, and that of packages, which are named in its place. */
export const dialects = {
  ...networkDialects,
  'ai-sdk': aiSdk,
} as const satisfies Record<string, UpstreamDialect>

export type DialectName = keyof typeof networkDialects
export type UpstreamDialectName = keyof typeof dialects
export type ClientDialectName = keyof typeof clientDialects
