import type { DialectName, Traits } from '../dialects/index.ts'

/** Whom to call: everything shared code needs to know about a provider, as data. */
export interface Provider {
  name: string
  dialect: DialectName
  /** Without a trailing slash. */
  baseUrl: string
  /** The first is used; none: called without a key. */
  apiKeys: string[]
  auth: 'provider' | 'client'
  authHeader: AuthHeader
  /** Sent with every request. */
  headers: Record<string, string>
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

export type AuthHeader = 'authorization' | 'x-api-key'

export interface ModelTraits {
  models: string
  traits: Traits
}

/** What is known of a vendor before anything is configured. */
export interface Preset {
  name: string
  dialect: DialectName
  baseUrl: string
  authHeader: AuthHeader
  /** Environment variables that hold a key, the first that is set counts. */
  keyEnv: readonly string[]
  /** Environment variables that hold another address. */
  baseUrlEnv: readonly string[]
  forwards: readonly string[]
  vendor: string
  patterns: readonly string[]
  normalise?: boolean
  traits?: Traits
  modelTraits?: readonly ModelTraits[]
}
