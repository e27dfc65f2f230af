import type { Route } from './target.ts'

/** What a request is. Whatever has to be looked for is a method, and costs nothing until somebody asks. */
export interface RequestFacts {
  /** The model that it names; empty where it names none. */
  readonly model: string
  /** `name` in lower case. */
  header(name: string): string | undefined
  readonly userAgent: string | undefined
  /** The name of the key that the client has shown, where keys have names. */
  readonly clientKey?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** The client wants a stream. */
  readonly stream: boolean
  /** The size of the prompt in tokens: counted where a rule asked closely, else estimated. */
  inputTokens(): number
  /** Whether `inputTokens` is a count. */
  readonly inputCounted?: boolean
  thinking(): boolean
  /** How many tools are offered. */
  tools(): number
  webSearch(): boolean
  images(): boolean
  files(): boolean
  structuredOutput(): boolean
  /** The model that a tag at the beginning of the prompt asks for. */
  subagentTag(): string | undefined
  /** What all requests of one conversation have in common. */
  session(): string | undefined
}

/** How targets do just now, and what is known of them. */
export interface LiveFacts {
  healthy(route: Route): boolean
  /** Milliseconds to the first content, lately. */
  firstMs(route: Route): number | undefined
  /** Requests that it is answering. */
  running(route: Route): number
  /** What it costs, in one unit for all. */
  cost(route: Route): number | undefined
  /** Milliseconds. */
  now: number
  /** From 0 up to 1. */
  random(): number
  /** Whether it streams by itself, where that is known. */
  streams(route: Route): boolean | undefined
  /** How much it reads, in tokens. */
  context?(route: Route): number | undefined
}

/** Of a world in which nothing has happened yet. */
export const nothingKnown: LiveFacts = {
  healthy: () => true,
  firstMs: () => undefined,
  running: () => 0,
  cost: () => undefined,
  now: 0,
  random: () => 0.5,
  streams: () => undefined,
}
