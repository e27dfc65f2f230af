import type { DialectName, Traits, UpstreamDialectName } from '../dialects/index.ts'
import type { PackageSource } from '../transport/index.ts'

/** Whom to call: everything shared code needs to know about a provider, as data. */
export interface Provider {
  name: string
  dialect: UpstreamDialectName
  /** The package that is called in the place of an address. */
  package?: PackageSource
  /** Without a trailing slash. `{model}` stands for the model's name, in APIs that have it in the path. */
  baseUrl: string
  /** What stands behind every address, e.g. the version of the API. */
  query?: Readonly<Record<string, string>>
  /** The paths stand right below the origin. */
  rooted?: boolean
  /** Its own paths, in place of those of its dialect. */
  paths?: Paths
  /** The preset that it came from. */
  kind?: string
  /** The first is used; none: called without a key. */
  apiKeys: string[]
  auth: 'provider' | 'client'
  authHeader: AuthHeader
  /** Sent with every request. */
  headers: Record<string, string>
  /** Signs requests, where a key alone does not do. */
  sign?: Sign
  /** Makes another request of some, where its API has another way for them. */
  prepare?: Prepare
  /** Headers of the client that this vendor understands and gets to see, lower-case. */
  forwards: readonly string[]
  /** Who can read the opaque state that this provider hands out. */
  vendor: string
  /** The models it is known to serve; undefined: any name is passed on. */
  models: readonly string[] | undefined
  /** Bare model names that are obviously its own, as globs: `claude-*`. */
  patterns: readonly string[]
  /** Its stream deviates from the dialect: never forwarded untouched. */
  normalise: boolean
  traits: Traits
  /** Traits by model, as globs; all that match are laid over each other in order. */
  modelTraits: readonly ModelTraits[]
}

/** `authorization` carries the key as a bearer token, the others carry it bare. */
export const authHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const
export type AuthHeader = (typeof authHeaders)[number]

/** The headers of a request, with those that prove who sends it. */
export type Sign = (request: SignedRequest) => Promise<Record<string, string>>

/**
 * The request that goes out in the place of one, for which others may have to be sent first; undefined: it goes as it is.
 *
 * @throws SluiceError `unsupported`, at once or later
 */
export type Prepare = (request: SignedRequest, post: Post) => Promise<SignedRequest> | undefined

/** Sends a request beside the one that is being prepared. A status that is no good one is thrown as the error it is. */
export type Post = (request: {
  url: string
  headers: Record<string, string>
  body: Uint8Array
}) => Promise<{ status: number; text: string }>

export interface SignedRequest {
  method: string
  url: string
  /** Lower-case names. */
  headers: Record<string, string>
  body?: string
}

/** Behind the address, with `{model}` in the place of the model. An operation that is left out is not there. */
export interface Paths {
  chat: string
  /** A chat that is streamed. */
  stream: string
  count?: string
  models?: string
}

/** Below the address without its version: where files go, and where prompts that name them are answered. */
export interface UploadPaths {
  upload: string
  prompt: string
}

export interface ModelTraits {
  models: string
  traits: Traits
}

/** What is known of a vendor before anything is configured. */
export interface Preset {
  name: string
  dialect: DialectName
  /**
   * Absent: everybody has an address of their own. `{region}` and `{location}` stand for what the configuration says there.
   */
  baseUrl?: string
  /** It takes AWS's keys as well, which sign each request. */
  awsKeys?: boolean
  /** The path that an address without one gets. */
  basePath?: string
  /** The path below a project of Google Cloud, where it takes Google's credentials as well, whose tokens open requests. */
  projectPath?: string
  /** A bare origin is the whole address: the paths stand right below it. */
  rooted?: boolean
  paths?: Paths
  authHeader: AuthHeader
  /** Environment variables that hold a key, the first that is set counts. */
  keyEnv: readonly string[]
  /** Environment variables that hold another address. */
  baseUrlEnv: readonly string[]
  forwards: readonly string[]
  /** How it takes pictures and files that its chat does not, with the option `uploads`. */
  uploads?: UploadPaths
  vendor: string
  patterns: readonly string[]
  normalise?: boolean
  traits?: Traits
  modelTraits?: readonly ModelTraits[]
}
