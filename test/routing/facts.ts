import { defineProvider, type ProviderOptions } from '../../src/providers/index.ts'
import type { Alias, LiveFacts, RequestFacts, Route, RoutingTable } from '../../src/routing/index.ts'
import { nothingKnown } from '../../src/routing/index.ts'

interface Said {
  model?: string
  headers?: Record<string, string>
  metadata?: Record<string, unknown>
  clientKey?: string
  stream?: boolean
  inputTokens?: number
  counted?: boolean
  thinking?: boolean
  tools?: number
  webSearch?: boolean
  images?: boolean
  files?: boolean
  structuredOutput?: boolean
  tag?: string
  session?: string
}

/** Facts as they are said; what is not said is not so. `looks` counts what was looked for in the body. */
export function factsLike(said: Said = {}): RequestFacts & { looks: number } {
  const look = <T>(value: T): T => {
    facts.looks++
    return value
  }
  const facts = {
    looks: 0,
    model: said.model ?? 'plain',
    header: (name: string) => said.headers?.[name],
    userAgent: said.headers?.['user-agent'],
    clientKey: said.clientKey,
    metadata: said.metadata,
    stream: said.stream ?? true,
    inputCounted: said.counted ?? false,
    inputTokens: () => look(said.inputTokens ?? 100),
    thinking: () => look(said.thinking ?? false),
    tools: () => look(said.tools ?? 0),
    webSearch: () => look(said.webSearch ?? false),
    images: () => look(said.images ?? false),
    files: () => look(said.files ?? false),
    structuredOutput: () => look(said.structuredOutput ?? false),
    subagentTag: () => said.tag,
    session: () => look(said.session),
  }
  return facts
}

/** A server that takes any model, and knows what it is told of. */
export function server(name: string, rest: Partial<ProviderOptions> = {}): ProviderOptions {
  return { name, dialect: 'openai-chat', base_url: 'http://127.0.0.1:1/v1', ...rest }
}

export function tableOf(
  providers: Array<string | ProviderOptions>,
  aliases: Alias[] = [],
  rest: Partial<RoutingTable> = {},
): RoutingTable {
  const options = providers.map((one) => (typeof one === 'string' ? server(one) : one))
  return { providers: options.map(defineProvider), aliases, ...rest }
}

export function live(rest: Partial<LiveFacts> = {}): LiveFacts {
  return { ...nothingKnown, ...rest }
}

export function named({ provider, model }: Route): string {
  return `${provider.name}/${model}`
}

/** Numbers from 0 to 1 that are the same every time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
