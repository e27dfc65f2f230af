import type { SluiceError } from '../errors/index.ts'
import type { Stage } from '../flow/index.ts'
import type { SseEvent, SseMessage } from '../sse/index.ts'
import type { ChatReply, ChatRequest, FinishReason, Json, JsonObject, StreamToken, Usage } from '../tokens/index.ts'
import type { ChatTraits } from './chat-traits.ts'
import type { StreamFraming } from './stream-framing.ts'

/** A wire language. `decode` always means towards the canonical model, `encode` away from it. */
export interface Dialect extends UpstreamDialect {
  /** As the API that clients speak to sluice. */
  readonly client: ClientSide
  readonly upstream: UpstreamSide & UntouchedSide
}

/** A wire language in which providers are called. Not every one is offered to clients as well. */
export interface UpstreamDialect {
  readonly name: string
  /** As the API that sluice speaks to a provider. */
  readonly upstream: UpstreamSide
}

/** What a request asks for beside its body: what its address says. */
export interface Asked {
  /** `count`: only the size of the prompt, so that what only an answer needs may be left out. Default `chat`. */
  operation?: 'chat' | 'count'
  /** The model, in dialects whose paths name it. */
  model?: string
  /** Whether a stream is wanted, in dialects whose paths say it. */
  stream?: boolean
  /** Which of the forms of its dialect the request and its answer have, in a word of that dialect. */
  form?: string
}

/** Something that could not be carried over to the upstream and was left out or changed; the client is told. */
export interface Warning {
  /** The field, in the client's own words where they are known: `seed`, `messages[3].name`. */
  field: string
  action: 'dropped' | 'changed'
  /** For the log: why, and what stands there instead. Never any content. */
  reason?: string
}

export interface ClientSide {
  /** @throws SluiceError `invalid_request` with `param`, `unsupported` */
  decodeRequest(body: JsonObject, asked?: Asked): ChatRequest
  /** A request that says neither in its path nor in `stream` what it wants gets a stream. */
  readonly streamsByDefault?: boolean
  /** What its clients append to the name of a model that has no tag. */
  readonly defaultTag?: string
  /** The answer to a request that asks a model for nothing, so that no provider of another API is called. */
  answerAlone?(body: JsonObject, asked: Asked): ChatReply | undefined
  /** What of a request the encoders of its answer want to know; small, since it is kept as long as the stream. */
  keep?(body: JsonObject, asked: Asked): JsonObject
  /**
   * Called before a request of this dialect is encoded for another one. Returns what will be lost on the way and what
   * the encoder of another dialect cannot see.
   *
   * @throws SluiceError `unsupported` for what only an upstream of this dialect can do
   */
  leave?(request: ChatRequest): Warning[]
  /** Tokens to wire events, for one stream. Ends every stream exactly once, whatever comes. */
  encodeStream(options: EncodeOptions): Stage<StreamToken, SseMessage>
  encodeReply(reply: ChatReply, options: EncodeOptions): JsonObject
  /** The body and status of an error answer. */
  encodeError(error: SluiceError, requestId: string): { status: number; body: JsonObject }
  /** The list of models, or the page of it that `query` asks for, and one of them (in `models.ts` of each dialect). */
  encodeModels(models: readonly ModelEntry[], query?: URLSearchParams): JsonObject
  encodeModel(model: ModelEntry): JsonObject
  /** The answer to a request to count tokens. */
  encodeCount(tokens: number): JsonObject
  /** The header in which SDKs of this dialect look for the id of a request. */
  readonly requestIdHeader: string
  /**
   * Clients of this dialect may build the history anew from the fields they know: state that a vendor wants back does
   * not come back with it, and only the ids of calls do.
   */
  readonly rebuildsHistory: boolean
  /**
   * Finds, in the text of a request, what no upstream of this dialect can have made and none would take, beside
   * envelopes: such a request is encoded anew and not passed on as it was written.
   */
  readonly foreignState?: RegExp
  /** How the events of one stream are written. `form` is that of `Asked`. */
  framing(form?: string): StreamFraming
}

/** A model as it is listed. */
export interface ModelEntry {
  id: string
  /** The provider's name. */
  owner: string
  /** What people call it. */
  title?: string
  /** Seconds since 1970. */
  created?: number
  /** How much it reads, and the most it writes, in tokens. */
  context?: number
  maxOutput?: number
  /** How much it reads in words, where its provider counts so. */
  words?: number
  /** What it costs, as its provider says it. */
  pricing?: JsonObject
  /** Whether it streams by itself, where that is known; else its streams are made of whole answers. */
  streams?: boolean
}

/** A model as its provider lists it, by the provider's own id. */
export type UpstreamModel = Omit<ModelEntry, 'owner'>

export interface EncodeOptions {
  /** Stands in for an id that the upstream did not give. */
  requestId: string
  /** Stands in for a model that the upstream did not name. */
  model: string
  /** Seconds since 1970, where the upstream did not say when it answered. */
  created: number
  /** The client wants usage in the stream, where its dialect leaves that open. */
  includeUsage: boolean
  /** That of `Asked`. */
  form?: string
  /** What `keep` gave for the request. */
  kept?: JsonObject
  /** The prompt's size for dialects that say it before the upstream does; a guess, replaced at the end. */
  inputEstimate?: number
  /** When the request came, in milliseconds since 1970, for dialects that say how long an answer took. */
  startedAt?: number
  /** The time, in milliseconds since 1970. Default: that of the system. */
  now?: () => number
  /** Told when the encoder itself ends the stream with an error: the answer cannot be said in its dialect. */
  onBroken?: (error: SluiceError) => void
  /** Told once for each kind of loss in the answer. */
  onWarning?: (warning: Warning) => void
  /** The fields in which the client reads reasoning, where its dialect has none of its own (openai-chat). */
  reasoningFields?: ReasoningFields
}

/** Where reasoning stands in an answer of Chat Completions. `none`: neither it nor any other field OpenAI lacks. */
export type ReasoningFields = 'reasoning_content' | 'reasoning' | 'both' | 'none'

/** Whom a request is encoded for. */
export interface Target {
  /** The model's name at the provider. */
  model: string
  /** Who can read opaque state: state of another vendor or family stays behind. */
  vendor: string
  family: string
  traits: Traits
}

/** What is known of a model or its provider. Absent means unknown, and then the dialect's usual way is taken. */
export interface Traits extends ChatTraits {
  /** The field that carries the ceiling of the answer (openai-chat). Default `max_tokens`. */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Takes the role `developer` and the fields that only OpenAI itself knows (openai-chat). Default false. */
  openaiExtras?: boolean
  /** Takes `stream_options.include_usage` (openai-chat). Default true. */
  streamUsage?: boolean
  /**
   * The mark on a part after which the prompt is cached (openai-chat). Default: `prompt_cache_breakpoint` with
   * `openaiExtras`, else none, since servers that do not know it may refuse it.
   */
  cacheField?: 'prompt_cache_breakpoint' | 'cache_control'
  /** The field of assistant messages that takes reasoning text back (openai-chat). Default: none, it is left out. */
  reasoningField?: 'reasoning_content' | 'reasoning'
  /**
   * How thinking is asked for: anthropic-messages knows `budget` and `adaptive` and takes the latter when nothing is said;
   * gemini knows `budget` and `level` and takes the former.
   */
  thinking?: 'budget' | 'adaptive' | 'level'
  /** The least and the most tokens that the model can be told to think with (gemini). Default: any number. */
  thinkingRange?: readonly [least: number, most: number]
  /** Refuses calls without a signature, so those made elsewhere are marked as such (gemini). Default false. */
  signedCalls?: boolean
  /** Takes the ids of calls and results (gemini). Default true. */
  functionIds?: boolean
  /** The largest answer that the model can give, in tokens. */
  maxOutput?: number
  /** Takes temperature, top_p and top_k; `one`: a temperature or a top_p, not both. Default true. */
  sampling?: boolean | 'one'
  /**
   * Whether it streams when it is asked to, as far as that is known beforehand. False: it is asked for whole answers, and
   * not even by a field that says so. Default: what it was found to do.
   */
  streams?: boolean
  /** Where an answer says what it cost (openai-chat), as a path such as `usage.cost`, and the unit of that number. */
  cost?: { at: string; unit: string }
  /** Stop sequences are not sent, but looked for in the answer, which ends there. Default false. */
  localStops?: boolean
  /** Told of tools in words, and its calls are read out of what it writes. Default false. */
  emulateTools?: boolean
  /** Takes a last message of the assistant as the beginning of the answer. Default true. */
  prefill?: boolean
  /**
   * A platform that has the model in its path, and this version in the body in the model's place (anthropic-messages).
   * Default: the model stands in the body, the version in a header.
   */
  bodyVersion?: string
  /** Only the path says whether a stream is wanted (with `bodyVersion`). Default false. */
  streamInPath?: boolean
  /** Takes system messages in the middle of the conversation (anthropic-messages). Default false. */
  midSystem?: boolean
  /** How thinking is asked for (ollama): by a step, or not at all. Default: on or off. */
  think?: 'levels' | 'never'
  /** How many tokens the server makes room for; it cuts longer prompts silently (ollama). Default: the server's own. */
  numCtx?: number
  /**
   * In whose words the model is told what the API has no field for, such as how much to think (bedrock-converse).
   * Default: not at all.
   */
  nativeFields?: 'anthropic' | 'nova' | 'openai'
  /**
   * The fragments in which it streams the input of calls are not to be trusted: only the whole at their end is taken
   * (openai-responses). Default false.
   */
  wholeArguments?: boolean
  /** Takes marks behind which the prompt is cached (bedrock-converse). Default false. */
  cachePoints?: boolean
  /** What its package is told with every call, under the names of packages (ai-sdk). */
  providerOptions?: JsonObject
  /** The same of a part behind which the prompt is cached (ai-sdk). Default: marks are left out. */
  cacheOptions?: JsonObject
}

export interface EncodedRequest {
  body: JsonObject
  /** Headers that the body calls for, e.g. a version. */
  headers: Record<string, string>
  warnings: Warning[]
  /** Opaque values of other vendors that were left out, which is right and not worth a warning. */
  foreignOpaque: number
  /** Custom tools that were offered as functions; goes into `DecodeOptions` as it is. */
  customTools?: ReadonlySet<string>
  /** The tools' names on the wire and as the client knows them, where the two differ; goes into `DecodeOptions`. */
  toolNames?: ReadonlyMap<string, string>
}

export interface UpstreamSide {
  /** Headers that every request of this dialect carries, unless the client or the encoded request says otherwise. */
  readonly headers: Readonly<Record<string, string>>
  /** The address for an operation below a provider's base URL. */
  endpoint(baseUrl: string, operation: 'chat' | 'count' | 'models', call?: EndpointCall): string
  /** How its streams may be wrapped, the usual way first. Default: server-sent events. */
  readonly framings?: readonly UpstreamFraming[]
  /**
   * @throws SluiceError `unsupported` with the `param` that cannot be carried over
   */
  encodeRequest(request: ChatRequest, target: Target, operation?: 'chat' | 'count'): EncodedRequest
  /** The rows of a list of models. Default: `{ data: [{ id }] }`, or the bare array that some servers send. */
  decodeModels?(body: Json): UpstreamModel[]
  decodeStream(options: DecodeOptions): StreamDecoder
  /** A whole answer as tokens. @throws SluiceError for an error inside a 200 */
  decodeReply(body: JsonObject, options: DecodeOptions): StreamToken[]
  /**
   * An error answer. `text` is the body as it came, possibly not JSON, possibly cut; `headers` have lower-case names, for
   * APIs that name the kind of error in one.
   */
  decodeError(status: number, text: string, headers?: Readonly<Record<string, string>>): SluiceError
  /** The vendor seals the reasoning of its models, so that nobody else can complete it. */
  readonly signsReasoning?: boolean
  /** Whether a last message of the assistant is taken as the beginning of the answer. Default: never. */
  prefills?(target: Target): boolean
  /** The number in an answer to the operation `count`. */
  decodeCount?(body: JsonObject): number | undefined
}

/** What passes an upstream by as it is: for a dialect that is spoken at both ends. */
export interface UntouchedSide {
  /**
   * The client's own body for an upstream of the same dialect: only the model and the wish for usage change, the rest
   * stays as it was written, to the byte.
   */
  adoptRequest(text: string, body: JsonObject, target: Target): { text: string; usageAdded: boolean }
  /** A body of this dialect as clients write it would not do for the target: it is decoded and encoded for it. */
  adapts?(target: Target): boolean
  /** Takes note of a whole answer that is forwarded as it is. @throws SluiceError for an error inside a 200 */
  observeReply(body: JsonObject): ReplyFacts
  /** Reads along with a stream that is forwarded as it is. */
  observeStream(options: ObserveOptions): StreamObserver
}

export type UpstreamFraming = 'sse' | 'ndjson' | 'json-array' | 'aws-event-stream'

/** What an address may have to say, in dialects whose bodies do not. */
export interface EndpointCall {
  model: string
  stream: boolean
  /** That of `Asked`, where the body is the client's own. */
  form?: string
  /** A bare origin is the whole address: nothing stands between it and the paths. */
  rooted?: boolean
}

export interface DecodeOptions {
  /** Written into the opaque values that come out. */
  vendor: string
  family: string
  /** Tools (by the client's name) that were offered as functions with one string `input`: their calls come out custom. */
  customTools?: ReadonlySet<string>
  /** From a tool's name on the wire to the name that the client knows. */
  toolNames?: ReadonlyMap<string, string>
  /** How many answers were asked for: before all of them are finished the stream is not. Default 1. */
  choices?: number
  /** That of `Traits`. */
  wholeArguments?: boolean
  /** That of `Traits`. */
  cost?: { at: string; unit: string }
  /** Texts at which the answer ends, for a provider that was not told of them. No decoder looks for them itself. */
  stops?: readonly string[]
}

/** Wire events to tokens. An in-band error comes out as an `error` token, and nothing after it. */
export interface StreamDecoder extends Stage<SseEvent, StreamToken> {
  /** Every choice that was started has its finish reason: only usage and the end marker can follow. */
  readonly finished: boolean
  /** The end marker of the dialect was seen: what follows on the wire is of no interest. */
  readonly done: boolean
  /** Content has come that can go on only when more of it has: part of a call that stands in a text. */
  readonly holding?: boolean
}

export interface ObserveOptions {
  /** sluice asked for usage on its own: the chunk that carries nothing else is taken out again. */
  dropUsage: boolean
  /** How many answers were asked for: before all of them are finished the stream is not. Default 1. */
  choices?: number
  /** For dialects whose errors carry the id of the request. */
  requestId?: string
}

/** What there is to tell of a whole answer without taking it apart. */
export interface ReplyFacts {
  model: string | undefined
  /** Why the first choice ended. */
  finish: FinishReason | undefined
  usage: Usage | undefined
  /** How many pieces of content it holds: texts, calls, and so on. */
  parts: number
}

export interface StreamObserver {
  /** Takes note of an event. False: the event must not reach the client. */
  see(event: SseEvent): boolean
  /** What goes out in the place of the event that `see` has just held back, in characters of the kind it was given. */
  readonly instead?: SseMessage | undefined
  /** Content has been seen: the stream is committed. */
  readonly content: boolean
  /** Every choice has its finish reason. */
  readonly finished: boolean
  readonly done: boolean
  /** An error event inside the stream. It is not forwarded by `see` returning false, so that it can be handled. */
  readonly error: SluiceError | undefined
  readonly usage: Usage | undefined
  readonly finish: FinishReason | undefined
  readonly model: string | undefined
  /** How many events carried content. */
  readonly deltas: number
  /** What is missing for a proper end once the finish reason is there: the end marker, if the upstream left it out. */
  complete(): SseMessage[]
  /** The events that close what is open and then say the error, in the dialect's own form. */
  fail(error: SluiceError): SseMessage[]
}
