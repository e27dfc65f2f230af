/**
 * Where requests would go, and why, without a gateway: names with wildcards, a rule, sessions that stay where they are.
 * Run: npx node --conditions=source examples/routing/main.ts
 */
import {
  defineProvider,
  explainHeader,
  nothingKnown,
  type RequestFacts,
  type RoutingTable,
  route,
} from 'sluice/routing'

const provider = (name: string) =>
  defineProvider({ name, dialect: 'openai-chat', base_url: 'http://127.0.0.1:8000/v1' })

const table: RoutingTable = {
  providers: [provider('east'), provider('west')],
  aliases: [
    { name: 'claude-*', targets: ['east/anthropic/claude-*', 'west/{model}'] },
    { name: 'chat', targets: ['east/chat', 'west/chat'], strategy: 'sticky' },
  ],
  rules: [{ name: 'long prompts', when: { inputTokensOver: 50_000 }, to: ['west/large'] }],
}

/** A gateway reads these out of a request; here they are made up. */
function request(model: string, { tokens = 1000, session = 'a' } = {}): RequestFacts {
  const no = () => false
  return {
    model,
    stream: true,
    userAgent: 'example',
    header: () => undefined,
    inputTokens: () => tokens,
    tools: () => 0,
    thinking: no,
    webSearch: no,
    images: no,
    files: no,
    structuredOutput: no,
    subagentTag: () => undefined,
    session: () => session,
  }
}

for (const one of [
  request('claude-sonnet-4-5'),
  request('claude-sonnet-4-5', { tokens: 80_000 }),
  request('chat', { session: 'a' }),
  request('chat', { session: 'c' }),
]) {
  console.log(explainHeader(route(one, table, nothingKnown).explanation))
}
