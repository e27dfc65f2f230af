/**
 * The wire languages, a folder each, all of the same parts: `wire` (the vendor's shapes), `request`, `stream`,
 * `reply`, `error`. A dialect knows only the canonical model, never another dialect, and never which vendor it talks
 * to: what differs between vendors is data in `Traits`.
 */
import { anthropicMessages } from './anthropic-messages/index.ts'
import type { Dialect } from './dialect.ts'
import { openaiChat } from './openai-chat/index.ts'

export { callId } from './call-id.ts'
export type {
  ClientSide,
  DecodeOptions,
  Dialect,
  EncodedRequest,
  EncodeOptions,
  ModelEntry,
  ObserveOptions,
  ReplyFacts,
  StreamDecoder,
  StreamObserver,
  Target,
  Traits,
  UpstreamSide,
  Warning,
} from './dialect.ts'
export { isSealed, seal, unseal } from './envelope.ts'
export { EventShape } from './event-shape.ts'
export { anthropicMessages, openaiChat }

/** Every dialect by its name in the configuration. */
export const dialects = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
} as const satisfies Record<string, Dialect>

export type DialectName = keyof typeof dialects
