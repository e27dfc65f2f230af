import type { StreamingConfig } from '../config/index.ts'
import type { Target, UpstreamDialect, Warning } from '../dialects/index.ts'
import type { ChainedTransformer, ToolCallExtractionOptions } from '../pipeline/index.ts'
import type { Provider } from '../providers/index.ts'
import type { ChatReply, ChatRequest, JsonObject } from '../tokens/index.ts'

/** What is going to be done with a request: whom to ask, in which words, and how the answer comes back. */
export interface Plan {
  provider: Provider
  target: Target
  upstream: UpstreamDialect
  /** The client wants a stream. */
  stream: boolean
  /** The provider is asked for one. */
  asksStream: boolean
  /** What the configuration says of streaming for this model. */
  policy: StreamingConfig
  /** What the encoders of the answer want to know of the request. */
  kept: JsonObject | undefined
  /** The answer goes back as it comes; otherwise through the canonical model. */
  untouched: boolean
  /** The canonical request, where one had to be made. Gone once it has been sent. */
  request: ChatRequest | undefined
  /** The body for the provider. Empty once it has been sent. */
  text: string
  /** The form of that body, where it is not the usual one of its dialect. */
  form: string | undefined
  /** The answer, where nobody has to be asked for it. */
  alone: ChatReply | undefined
  /** The size of the prompt, in tokens, for an answer that has to say it before the provider does. */
  inputEstimate: number | undefined
  /** Headers that the body calls for. */
  headers: Record<string, string>
  warnings: Warning[]
  /** sluice asked for usage on its own: the client must not see the chunk that carries it. */
  usageAdded: boolean
  /** The client wants usage in the stream. */
  includeUsage: boolean
  /** How many answers were asked for. */
  choices: number
  /** Tools that the provider had to be given in another form, by name. */
  customTools: ReadonlySet<string>
  /** From the tools' names at the provider to those that the client knows, where the two differ. */
  toolNames: ReadonlyMap<string, string>
  /** Texts at which the answer ends, of which the provider was not told. */
  stops: readonly string[]
  /** The provider was told of tools in words: how calls are found in what it says. */
  calls: ToolCallExtractionOptions | undefined
  /** What the configuration has put in the way of the answer, for this one alone. */
  chain: readonly ChainedTransformer[]
}

/** Where a request goes, and what has to be known of it to decide how. */
export interface Routed {
  provider: Provider
  /** The model's name at the provider. */
  model: string
  target: Target
  /** The client wants a stream. */
  stream: boolean
  /** The name from `[[models]]` that led here. */
  alias?: string | undefined
}

/** Whether somebody else goes on with the stream, should it break. It is written anew then, so that it can be. */
export function goesOn({ policy, stream, choices }: Plan): boolean {
  return stream && choices === 1 && policy.afterContent === 'continue'
}
