import type { LogConfig } from '../observe/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Alias } from '../routing/index.ts'
import type { TransportClient } from '../transport/index.ts'

export type { LogConfig }

/** Everything that was decided, checked and with its defaults filled in. Durations are milliseconds. */
export interface Config {
  server: ServerConfig
  access: AccessConfig
  streaming: StreamingConfig
  transport: TransportConfig
  storage: StorageConfig
  providers: Provider[]
  aliases: Alias[]
  log: LogConfig
  /**
   * Where all this came from, for the start-up lines: a file's path, `options` of the caller, `environment`, or
   * `built-in`; two of them joined with a plus where the file names no providers.
   */
  source: string
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
}

export interface AccessConfig {
  /** Client keys. None: loopback callers only, any key or none. */
  keys: string[]
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

export interface StreamingConfig {
  /** Silence towards the client after which a sign of life is written. Default 15 s. */
  heartbeatMs: number
  /** How long headers wait for content. Default 10 s. */
  statusCeilingMs: number
  /** Default 10 s. */
  connectTimeoutMs: number
  /** For a streamed attempt with another target left. Default 30 s. */
  firstTokenTimeoutMs: number
  /** Silence of the upstream, once content has come. Default 120 s. */
  idleTimeoutMs: number
  /** Time without a semantic event, once content has come. Default 5 min. */
  stallTimeoutMs: number
  /** The whole upstream call. Default 10 min. */
  totalTimeoutMs: number
  /** How long the end marker may take after the finish reason. Default 2 s. */
  finishGraceMs: number
  /** The largest event and the largest whole answer of an upstream, in bytes. Default 64 MiB. */
  maxEventBytes: number
  /** What all slow clients together may leave untaken before their providers wait, in bytes. Default 64 MiB. */
  bufferBudgetBytes: number
}
