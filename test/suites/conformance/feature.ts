import type { DialectName } from '../../../src/dialects/index.ts'
import type { SluiceError } from '../../../src/errors/index.ts'
import type { ChatReply, ChatRequest, JsonObject, Message, StreamToken } from '../../../src/tokens/index.ts'

/** Something that people use an API for, as a case in canonical words and a check in canonical words. */
export type Feature = RequestFeature | ReplyFeature | LoopFeature | PrefixFeature | ErrorFeature

interface Named {
  group: string
  /** As the page says it; no two are the same. */
  name: string
}

/** Said by the client: it has to stand in what the provider is sent. */
export interface RequestFeature extends Named {
  leg: 'request'
  /** Over a request that only says hello; by the client's language where each has its own. */
  request: Partial<ChatRequest> | ((client: string) => Partial<ChatRequest>)
  /** Changes the body that the client sends, for what no encoder writes. */
  edit?: (body: JsonObject) => JsonObject
  /** What of a request the feature is; the same for the provider's reading as for the client's. */
  read: (request: ChatRequest) => unknown
  /** What `read` has to give; default: what it gives for `request`. */
  want?: unknown
  /** The client has to be told of it even where it is done. */
  told?: boolean
}

/** Said by the provider: it has to reach the client. */
export interface ReplyFeature extends Named {
  leg: 'reply'
  /** What the client asked, as far as the answer depends on it. */
  asked?: Partial<ChatRequest>
  tokens: (upstream: DialectName) => StreamToken[]
  read: (reply: ChatReply) => unknown
  /** What happens to the stream: an event that nobody knows, or the end of the connection in the middle. */
  disturbed?: 'unknown-event' | 'truncated'
}

/** State that the provider hands out, and that comes back to it with the next request. */
export interface LoopFeature extends Named {
  leg: 'loop'
  kind: 'signature' | 'redacted' | 'encrypted'
  /** Where the state hangs. */
  on: 'reasoning' | 'call'
  /** The reasoning shows no text, only its state. */
  veiled?: boolean
  /** The next request goes to another vendor, who must not see it. */
  elsewhere?: boolean
  /** The client hands back all that it got, its language's own fields for state included. */
  handedBack?: boolean
}

/** A history that grows by a turn: what was sent before is the beginning of what is sent now. */
export interface PrefixFeature extends Named {
  leg: 'prefix'
  request: Partial<ChatRequest>
  /** What comes behind its messages, a turn at a time. */
  turns: Message[][]
}

/** A refusal or a failure of the provider, before the first token or behind it. */
export interface ErrorFeature extends Named {
  leg: 'error'
  error: SluiceError
  /** The kind that the client has to see; default: that of the error. */
  want?: string
  place: 'before' | 'behind'
}

/** `broken`: a codec threw something that is no clear refusal. */
export type Grade = 'full' | 'partial' | 'refused' | 'n/a' | 'broken'
export type Form = 'streamed' | 'whole'

export interface Outcome {
  grade: Grade
  /** The warnings that the client got, or the field that was refused. */
  told: string[]
  /** Who has no words for it, so that there is nothing to carry. */
  mute?: 'client' | 'provider'
  /** What was found in place of what was wanted, for those who read a failure. */
  found?: string
}
