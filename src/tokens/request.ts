import type { JsonObject } from './json.ts'
import type { Opaque } from './opaque.ts'

/** A mark that the prompt up to here should be cached by the vendor. */
export interface CacheMarker {
  ttl?: '5m' | '30m' | '1h' | '12h'
}

/**
 * Fields of a part or a message that only the dialect of the request (`extra.dialect`) knows: kept for an upstream of
 * the same.
 */
export type PartExtra = JsonObject

export interface TextPart {
  type: 'text'
  text: string
  /** The text is a refusal to answer. */
  refusal?: boolean
  /** In the shape of the dialect it came from; kept for the way back only. */
  citations?: unknown[]
  /** State that the vendor attached to a text of the assistant. */
  opaque?: Opaque[]
  cache?: CacheMarker
  extra?: PartExtra
}

/** Where bytes come from: inline base64, an address, or a file id that only one vendor can read. */
export type MediaSource =
  | { kind: 'base64'; mediaType: string; data: string }
  | { kind: 'url'; url: string }
  | { kind: 'file'; id: string }

export interface ImagePart {
  type: 'image'
  source: MediaSource
  detail?: string
  cache?: CacheMarker
  extra?: PartExtra
}

export interface AudioPart {
  type: 'audio'
  /** base64 */
  data: string
  format: string
  cache?: CacheMarker
  extra?: PartExtra
}

export interface FilePart {
  type: 'file'
  /** `text`: the document is plain text and stands in the request itself. */
  source: MediaSource | { kind: 'text'; text: string }
  filename?: string
  title?: string
  context?: string
  cache?: CacheMarker
  extra?: PartExtra
}

export interface ReasoningPart {
  type: 'reasoning'
  /** Empty when only opaque state is known. */
  text: string
  opaque?: Opaque
}

/** One call of a tool by the model. */
export interface ToolCall {
  type: 'tool-call'
  id: string
  name: string
  /** `function`: `arguments` is the text of a JSON object. `custom`: it is free text. */
  kind: 'function' | 'custom'
  arguments: string
  /** State that the vendor attached to the call itself. */
  opaque?: Opaque[]
  cache?: CacheMarker
  extra?: PartExtra
}

/** A tool call of kind `function`. */
export type FunctionCall = ToolCall & { kind: 'function' }

export interface ToolResultPart {
  type: 'tool-result'
  id: string
  content: Array<TextPart | ImagePart | FilePart | HostedPart>
  isError?: boolean
  cache?: CacheMarker
  extra?: PartExtra
}

/** A block that only one dialect knows (hosted tools and their results): carried whole, never read. */
export interface HostedPart {
  type: 'hosted'
  dialect: string
  block: JsonObject
}

export type UserPart = TextPart | ImagePart | AudioPart | FilePart | HostedPart
export type AssistantPart = TextPart | ReasoningPart | ToolCall | HostedPart

/**
 * One turn. The results of tool calls have a role of their own (`tool`): dialects that put them into a user turn split
 * it on the way in (results first) and join it again on the way out.
 */
export type Message =
  | { role: 'system'; parts: TextPart[]; developer?: boolean; name?: string; extra?: PartExtra }
  | { role: 'user'; parts: UserPart[]; name?: string; extra?: PartExtra }
  | { role: 'assistant'; parts: AssistantPart[]; name?: string; extra?: PartExtra }
  | { role: 'tool'; parts: ToolResultPart[] }

export type Tool =
  | {
      kind: 'function'
      name: string
      description?: string
      /** A JSON schema of type object; absent: no arguments. */
      parameters?: JsonObject
      strict?: boolean
      cache?: CacheMarker
      /** Fields of the definition that only its dialect knows. */
      extra?: JsonObject
    }
  | {
      kind: 'custom'
      name: string
      description?: string
      format?: JsonObject
      cache?: CacheMarker
      /** Fields of the definition that only its dialect knows. */
      extra?: JsonObject
    }
  /** A tool that runs at the vendor: offered as it is to the same dialect, reported as dropped elsewhere. */
  | { kind: 'hosted'; dialect: string; name: string; definition: JsonObject }

export type ToolChoice =
  | { mode: 'auto' }
  | { mode: 'required' }
  | { mode: 'none' }
  | { mode: 'one'; name: string; kind?: 'function' | 'custom' }
  | { mode: 'subset'; names: string[]; required: boolean }

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof efforts)[number]

export interface ReasoningOptions {
  effort?: Effort
  /** Tokens to think with, where the client counts instead of naming a step. */
  budget?: number
  /** The client leaves the amount to the model. */
  adaptive?: boolean
  /** Whether the reasoning text is to be shown. */
  visible?: boolean
}

export type OutputFormat =
  | { type: 'json' }
  | { type: 'json-schema'; schema: JsonObject; name?: string; description?: string; strict?: boolean }

export interface Sampling {
  temperature?: number
  topP?: number
  topK?: number
  seed?: number
  presencePenalty?: number
  frequencyPenalty?: number
  logitBias?: Record<string, number>
  logprobs?: boolean
  topLogprobs?: number
}

/** One request, in the one form that every dialect is translated into and out of. */
export interface ChatRequest {
  model: string
  stream: boolean
  /**
   * The instructions before the first turn. Later ones stand in `messages`, and so do those, at its head, of which
   * more than the text is to be kept, such as a name.
   */
  system: TextPart[]
  messages: Message[]
  tools: Tool[]
  toolChoice?: ToolChoice
  parallelToolCalls?: boolean
  /** The ceiling of the answer in tokens, reasoning included. */
  maxOutput?: number
  sampling: Sampling
  stop?: string[]
  /** How many answers; absent is one. */
  choices?: number
  output?: OutputFormat
  reasoning?: ReasoningOptions
  verbosity?: string
  /** A mark for the request as a whole. */
  cache?: CacheMarker
  /** The end user, as the client names them. */
  user?: string
  metadata?: Record<string, string>
  serviceTier?: string
  /** The client wants the usage in the stream, where its dialect leaves that open. */
  includeUsage?: boolean
  /** What only the source dialect knows, by its own field names. `dialect` says which one that is. */
  extra: { dialect: string; fields: JsonObject }
}
