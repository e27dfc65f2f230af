import type { Provider } from '../providers/index.ts'
import type { RequestFacts } from './facts.ts'

/**
 * How the targets of a name are put in order. `sticky`: every session keeps to one target, so that what its provider has
 * cached of the prompt is of use.
 */
export const strategies = ['in-order', 'weighted', 'latency', 'cost', 'least-busy', 'sticky'] as const
export type Strategy = (typeof strategies)[number]

/** A name of one's own for one or more `provider/model` targets. */
export interface Alias {
  /** With `*` in it, it stands for every name that fits. */
  name: string
  /** In them `*` stands for what the `*` of the name stood for, in order, and `{model}` for the whole name. */
  targets: string[]
  /** Default `in-order`. */
  strategy?: Strategy
  /** One for each target, for `weighted` and `sticky`. Default: all alike. */
  weights?: number[]
  /** What each target costs, in one unit of any kind, for `cost`. */
  costs?: number[]
}

/** What a request has to be for a rule to hold: all that is said here. Texts are globs with `*` for any part. */
export interface RuleConditions {
  /** The names that are asked for. */
  models?: readonly string[]
  /** In tokens; the number itself is not over. */
  inputTokensOver?: number
  inputTokensUnder?: number
  thinking?: boolean
  /** A tool of the vendor's with which the model searches. */
  webSearch?: boolean
  images?: boolean
  files?: boolean
  /** How many tools are offered. */
  toolsOver?: number
  toolsUnder?: number
  structuredOutput?: boolean
  stream?: boolean
  /** By lower-case name. */
  headers?: Readonly<Record<string, string>>
  metadata?: Readonly<Record<string, string>>
  /** The name of the key that the client has shown. */
  clientKey?: string
  /** Compared in any case. */
  userAgent?: string
}

export interface Rule {
  /** What it is called when a decision is explained. */
  name?: string
  when: RuleConditions
  /** A name, which may be an alias, or several targets in order. */
  to: string | readonly string[]
}

/** Kinds of requests that agents make, each with the name that answers it. */
export interface Situations {
  /** Prompts over the threshold. */
  longContext?: string
  image?: string
  webSearch?: string
  /** Models that agents take for small things on the side. */
  background?: string
  think?: string
  /** Every name that is neither an alias nor says its provider. */
  default?: string
  /** In tokens. Default 60,000. */
  longContextThreshold?: number
  /** Globs. Default `claude*haiku*`. */
  backgroundModels?: readonly string[]
}

/** Code that says where a request goes: a name, or nothing where the rules shall say it. It must not wait for anything. */
export type RouteFunction = (facts: RequestFacts) => string | undefined | null

/** All that routing goes by. It must not change: what is read out of it is kept. */
export interface RoutingTable {
  providers: readonly Provider[]
  aliases: readonly Alias[]
  /** In order: the first that holds counts. */
  rules?: readonly Rule[]
  situations?: Situations
  /** Asked before the rules. */
  decide?: RouteFunction
  /** By the name of a client's key: where its requests go whose model nobody knows. */
  keyDefaults?: Readonly<Record<string, string>>
}
