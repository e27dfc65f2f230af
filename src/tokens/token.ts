import type { SluiceError } from '../errors/index.ts'
import type { Finish } from './finish.ts'
import type { JsonObject } from './json.ts'
import type { Opaque } from './opaque.ts'
import type { Usage } from './usage.ts'

/** The log-probability of one vendor token, with the alternatives that were considered. */
export interface LogProb {
  token: string
  logprob: number
  bytes?: number[] | null
  top_logprobs?: Array<{ token: string; logprob: number; bytes?: number[] | null }>
}

/** `choice`: which of several answers, from 0. `index`: which block of that answer; each is used once. */
interface InBlock {
  choice: number
  index: number
}

/** What a dialect knows about a block beyond the canonical model, by dialect name. */
export type BlockMeta = Record<string, JsonObject>

export interface MessageStart {
  type: 'message-start'
  /** The vendor's id of the answer. */
  id?: string
  /** The model that answers, in the vendor's word. */
  model?: string
  /** Seconds since 1970. */
  created?: number
}

export interface TextStart extends InBlock {
  type: 'text-start'
  /** The text is a refusal. */
  refusal?: boolean
  id?: string
  meta?: BlockMeta
}
export interface TextDelta extends InBlock {
  type: 'text-delta'
  text: string
  logprobs?: LogProb[]
}
export interface TextEnd extends InBlock {
  type: 'text-end'
}

export interface ReasoningStart extends InBlock {
  type: 'reasoning-start'
  id?: string
  meta?: BlockMeta
}
export interface ReasoningDelta extends InBlock {
  type: 'reasoning-delta'
  text: string
}
export interface ReasoningEnd extends InBlock {
  type: 'reasoning-end'
}

export interface ToolCallStart extends InBlock {
  type: 'tool-call-start'
  /** What results refer to. */
  id: string
  name: string
  kind: 'function' | 'custom'
  meta?: BlockMeta
}
export interface ToolCallDelta extends InBlock {
  type: 'tool-call-delta'
  /** A fragment; only the whole is JSON (or, for a custom tool, the text). */
  arguments: string
}
export interface ToolCallEnd extends InBlock {
  type: 'tool-call-end'
}

/** A call of a tool that runs at the vendor. `block` is the vendor's own opening, in the shape of `dialect`. */
export interface HostedCallStart extends InBlock {
  type: 'hosted-call-start'
  dialect: string
  block: JsonObject
}
export interface HostedCallDelta extends InBlock {
  type: 'hosted-call-delta'
  arguments: string
}
export interface HostedCallEnd extends InBlock {
  type: 'hosted-call-end'
}
/** A block that comes whole and that only `dialect` knows: the result of a hosted tool, a marker. */
export interface HostedResult extends InBlock {
  type: 'hosted-result'
  dialect: string
  block: JsonObject
}

/** Audio or images in the answer. */
export interface MediaStart extends InBlock {
  type: 'media-start'
  kind: 'audio' | 'image'
  id?: string
  mediaType?: string
  meta?: BlockMeta
}
export interface MediaDelta extends InBlock {
  type: 'media-delta'
  /** base64 */
  data?: string
  /** What is said, as text. */
  transcript?: string
  /** Seconds since 1970. */
  expiresAt?: number
}
export interface MediaEnd extends InBlock {
  type: 'media-end'
}

/** Opaque state of the open block `index`. */
export interface OpaqueToken extends InBlock, Opaque {
  type: 'opaque'
}

/** A source for the text of the block `index`, in the shape of `dialect`. */
export interface CitationToken extends InBlock {
  type: 'citation'
  dialect: string
  citation: JsonObject
}

/** Facts about the answer that are not content: filters, tier, fingerprint; in the shape of `dialect`. */
export interface MetadataToken {
  type: 'metadata'
  dialect: string
  choice?: number
  fields: JsonObject
}

export interface UsageToken {
  type: 'usage'
  usage: Usage
}

export interface FinishToken extends Finish {
  type: 'finish'
  choice: number
}

/** The answer broke. Nothing follows. */
export interface ErrorToken {
  type: 'error'
  error: SluiceError
}

/** An event that the decoder does not know. Counted; shown only to clients of the same dialect. */
export interface RawToken {
  type: 'raw'
  dialect: string
  event?: string
  data: string
}

/**
 * What every stream is made of between two dialects.
 *
 * ```
 * stream = message-start *( block | usage | metadata | raw ) finish-per-choice *( usage | metadata | raw )   or error at any point
 * block  = …-start *( …-delta | opaque | citation ) …-end   |   hosted-result
 * ```
 * Blocks may overlap. `grammar()` checks the order.
 */
export type StreamToken =
  | MessageStart
  | TextStart
  | TextDelta
  | TextEnd
  | ReasoningStart
  | ReasoningDelta
  | ReasoningEnd
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEnd
  | HostedCallStart
  | HostedCallDelta
  | HostedCallEnd
  | HostedResult
  | MediaStart
  | MediaDelta
  | MediaEnd
  | OpaqueToken
  | CitationToken
  | MetadataToken
  | UsageToken
  | FinishToken
  | ErrorToken
  | RawToken

/**
 * Whether a token is part of the answer itself. The first such token commits a stream to its provider: before it
 * everything can still be taken back.
 */
export function isContent(token: StreamToken): boolean {
  switch (token.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return token.text !== ''
    case 'tool-call-delta':
    case 'hosted-call-delta':
      return token.arguments !== ''
    case 'tool-call-start':
    case 'hosted-call-start':
    case 'hosted-result':
    case 'media-delta':
    case 'opaque':
    case 'finish':
      return true
    default:
      return false
  }
}

/** Whether a token is a piece of a block: text, arguments or media. */
export function isDelta({ type }: StreamToken): boolean {
  switch (type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-call-delta':
    case 'hosted-call-delta':
    case 'media-delta':
      return true
    default:
      return false
  }
}
