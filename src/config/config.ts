import type { ReasoningFields } from '../dialects/index.ts'
import type { LogConfig } from '../observe/index.ts'
import type { Transformer } from '../pipeline/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Alias, RouteFunction, Rule, Situations } from '../routing/index.ts'
import type { TransportClient } from '../transport/index.ts'
import type { Problem } from './problems.ts'

export type { LogConfig }

/** Everything that was decided, checked and with its defaults filled in. Durations are milliseconds. */
export interface Config {
  server: ServerConfig
  access: AccessConfig
  limits: LimitsConfig
  streaming: StreamingConfig
  transport: TransportConfig
  storage: StorageConfig
  providers: Provider[]
  aliases: Alias[]
  routing: RoutingConfig
  transformers: TransformersConfig
  /** What is said of clients that read less, or more, than others. */
  clients: ClientConfig[]
  log: LogConfig
  /**
   * Where all this came from, for the start-up lines: a file's path, `options` of the caller, `environment`, or
   * `built-in`; two of them joined with a plus where the file names no providers.
   */
  source: string
  /** The file among them, as messages call it. */
  file?: string
  /** For each provider a digest of all that was written of it, to tell whether it has changed. */
  marks: Readonly<Record<string, string>>
  /** What works, and may do something else than was meant. */
  notes?: readonly Problem[]
}

/** What changes requests and answers, and for whom. */
export interface TransformersConfig {
  /** Those that have a table of their own, in order. */
  own: TransformerConfig[]
  /** Names, in order, by the name of a provider and by that of an alias. */
  providers: Readonly<Record<string, readonly string[]>>
  aliases: Readonly<Record<string, readonly string[]>>
}

export interface TransformerConfig {
  name: string
  /** The one that sluice brings, which this is. */
  use?: string
  /** The file of one's own, absolute. */
  module?: string
  /** Where the configuration names it. */
  place?: string
  /** As they were written. */
  options: Readonly<Record<string, unknown>>
  /** Globs over `provider/model`: it works for these without being in a list. */
  models?: readonly string[]
  /** The same over the names of client keys. */
  clientKeys?: readonly string[]
  onError?: 'fail' | 'skip'
  timeoutMs?: number
  /** Absent: its code has not been loaded yet. */
  transformer?: Transformer
}

/** How requests find their targets, beside the names that they ask for. */
export interface RoutingConfig {
  rules: Rule[]
  /** Absent: none was given an answer. */
  situations?: Situations
  /** Where a tag in the prompt may name a model. Default `system`. */
  tags: TagPlace
  /** The file of routing code, absolute. */
  module?: string
  /** What that file exports, once it has been loaded. */
  decide?: RouteFunction
}

/** `system`: at the beginning of the instructions; `user`: of the first turn as well. */
export type TagPlace = 'off' | 'system' | 'user'

/** How a client differs; what is left out is as the profile of that name has it, else as with all others. */
export interface ClientConfig {
  name: string
  /** What it calls itself, as a glob. None: as the profile of that name is told, else it asks by name. */
  userAgent?: string
  /** It reads over comments in a stream of events. */
  comments?: boolean
  /** It reads over `ping` events. */
  ping?: boolean
  /** Where it reads reasoning in Chat Completions. */
  reasoning?: ReasoningFields
}

export interface ServerConfig {
  host: string
  port: number
  /** The largest request body, in bytes. Default 32 MiB. */
  maxBodyBytes: number
  /** How long a request body may take to arrive. Default 60 s. */
  bodyTimeoutMs: number
  /** Browser origins that may call; `*` for any. */
  corsOrigins: string[]
  /** How long running streams get when the server is told to stop. Default 10 min. */
  drainTimeoutMs: number
  /** The file is read again when it has changed. Default true. */
  watch: boolean
}

export interface NamedKey {
  name: string
  key: string
  /** Where its requests go whose model nobody here knows. */
  model?: string
}

export interface AccessConfig {
  /**
   * All that open the door: client keys, those with names, and those of operators. None: loopback callers only, any key
   * or none.
   */
  keys: string[]
  /** Those that have names. */
  named: NamedKey[]
  /** Those that are good for `/admin/v1`. None: with client keys nobody may go there, else whoever may call. */
  operatorKeys: string[]
}

export interface LimitsConfig {
  /** How many requests are answered at once. Default 5,000. */
  streams: number
  /** How many more may wait. Default 1,000. */
  queue: number
  /** How long one waits at most. Default 10 s. */
  queueTimeoutMs: number
  /** How many of one client key are answered or wait. Default: as many as there is room for. */
  perKey?: number
}

export interface TransportConfig {
  /** Who makes the calls of providers. Default `http1`. */
  client: TransportClient
}

export interface StorageConfig {
  /** The folder for the file of state, absolute; or `:memory:`. */
  path: string
  /** Somebody named it; otherwise it is the usual place. */
  chosen: boolean
}

/** How a model is brought to stream, what stands in for its stream, and how long what may take. */
export interface StreamingPolicy {
  /** Whether a stream is asked for when the client wants one. Default `auto`: by what was found out of the model. */
  force: 'auto' | 'always' | 'never'
  /** A whole answer may stand in for a stream. Default true. */
  fallback: boolean
  /** Words a second of a stream that is made of a whole answer; 0: no delay, the default. */
  simulateRate: number
  /** What becomes of a stream that breaks after its content: it ends with an error, or another target goes on. Default `end`. */
  afterContent: 'end' | 'continue'
  /** How many pieces of content a second there must be, once there are some; 0: no matter, the default. */
  leastRate: number
  /** For a streamed attempt with another target left. Default 30 s. */
  firstTokenTimeoutMs: number
  /** For a streamed attempt with another target left: when that one is asked as well. 0: never, the default. */
  hedgeAfterMs: number
  /** Silence of the upstream, once content has come. Default 120 s. */
  idleTimeoutMs: number
  /** Time without a semantic event, once content has come. Default 5 min. */
  stallTimeoutMs: number
  /** The whole upstream call. Default 10 min. */
  totalTimeoutMs: number
}

/** What is different for some models. */
export interface StreamingRule extends Partial<StreamingPolicy> {
  /** A glob over `provider/model`. */
  match: string
}

export interface StreamingConfig extends StreamingPolicy {
  /** In order: later ones stand above earlier ones. */
  rules: StreamingRule[]
  /** How long a lesson about a model counts. Default 5 min. */
  detectionTtlMs: number
  /** How often a target is asked again after a failure that may pass. Default 3. */
  maxRetries: number
  /** Silence towards the client after which a sign of life is written. Default 15 s. */
  heartbeatMs: number
  /** How long headers wait for content. Default 10 s. */
  statusCeilingMs: number
  /** Default 10 s. */
  connectTimeoutMs: number
  /** How long the end marker may take after the finish reason. Default 2 s. */
  finishGraceMs: number
  /** The largest event and the largest whole answer of an upstream, in bytes. Default 64 MiB. */
  maxEventBytes: number
  /** What all slow clients together may leave untaken before their providers wait, in bytes. Default 64 MiB. */
  bufferBudgetBytes: number
}
