import type { Finish } from './finish.ts'
import type { JsonObject } from './json.ts'
import type { Opaque } from './opaque.ts'
import type { BlockMeta, LogProb } from './token.ts'
import type { Usage } from './usage.ts'

export type ReplyPart =
  | {
      type: 'text'
      text: string
      refusal?: boolean
      id?: string
      meta?: BlockMeta
      logprobs?: LogProb[]
      citations?: Citation[]
      opaque?: Opaque[]
    }
  | { type: 'reasoning'; text: string; id?: string; meta?: BlockMeta; opaque?: Opaque[] }
  | {
      type: 'tool-call'
      id: string
      name: string
      kind: 'function' | 'custom'
      arguments: string
      meta?: BlockMeta
      opaque?: Opaque[]
    }
  | { type: 'hosted-call'; dialect: string; block: JsonObject; arguments: string }
  | { type: 'hosted-result'; dialect: string; block: JsonObject }
  | {
      type: 'media'
      kind: 'audio' | 'image'
      id?: string
      mediaType?: string
      meta?: BlockMeta
      data: string
      transcript: string
      expiresAt?: number
    }

export interface Citation {
  dialect: string
  citation: JsonObject
}

export interface ReplyChoice {
  choice: number
  /** In block order. */
  parts: ReplyPart[]
  finish: Finish
}

/** A whole answer: what a stream folds into. */
export interface ChatReply {
  id?: string
  model?: string
  created?: number
  choices: ReplyChoice[]
  usage?: Usage
  metadata: Array<{ dialect: string; choice?: number; fields: JsonObject }>
}
