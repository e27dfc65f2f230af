import { defineProvider } from '../src/providers/index.ts'
import {
  type Alias,
  explainHeader,
  nothingKnown,
  type RequestFacts,
  type RoutingTable,
  type Rule,
  route,
  type Strategy,
} from '../src/routing/index.ts'
import { timed } from './rounds.ts'
import { digits, ratio, table } from './table.ts'

const models = 1000
const rules = 100

/** What routing costs for one request, with and without a thousand models and a hundred rules. */
export async function routing(rounds: number): Promise<string> {
  const small = makeTable(1, 0)
  const large = makeTable(models, rules)
  const cases: Record<string, { table: RoutingTable; model: string; leads: string; explained?: true }> = {
    'one model, no rules': { table: small, model: 'model-0', leads: 'p0/first-0' },
    'a model of a thousand, said with its provider': { table: large, model: 'p7/listed-7', leads: 'p7/listed-7' },
    'the last alias, all rules passed by': { table: large, model: 'model-499', leads: 'p9/first-499' },
    'the last wildcard, all rules passed by': { table: large, model: 'wild-499-x', leads: 'p9/x' },
    'the last rule': { table: large, model: 'rule-99', leads: 'p0/chosen' },
    'the last rule, explained in a line': { table: large, model: 'rule-99', leads: 'p0/chosen', explained: true },
  }
  const work: Record<string, () => void> = {}
  for (const [name, { table: from, model, leads, explained }] of Object.entries(cases)) {
    const facts = factsFor(model)
    const [first] = route(facts, from, nothingKnown).routes
    const found = `${first?.provider.name}/${first?.model}`
    if (found !== leads) throw new Error(`${name}: leads to ${found}, and should lead to ${leads}`)
    work[name] = () => {
      const { explanation } = route(facts, from, nothingKnown)
      if (explained) explainHeader(explanation)
    }
  }
  const ns = await timed(rounds, work)
  const base = ns['one model, no rules']
  const rows = Object.entries(ns).map(([name, took]) => [name, digits(took / 1000), ratio(took, base)])
  const most = Math.max(...Object.values(ns))
  return [
    `## Routing (${models} models, ${rules} rules)`,
    '',
    table(['request', 'µs', 'to one model'], rows),
    '',
    `The slowest takes ${digits(most / 1e6)} ms of the 0.1 ms that routing may take: ${most < 100_000 ? 'kept' : 'NOT KEPT'}.`,
  ].join('\n')
}

const strategies: readonly Strategy[] = ['in-order', 'weighted', 'latency', 'cost', 'least-busy', 'sticky']

/** Half of the models are names, half are patterns, and each has three targets. */
function makeTable(models: number, rules: number): RoutingTable {
  const names = Array.from({ length: 10 }, (_, i) => `p${i}`)
  const providers = names.map((name, i) =>
    defineProvider({
      name,
      dialect: 'openai-chat',
      base_url: 'http://127.0.0.1:1/v1',
      ...(i === 7 && { models: Array.from({ length: models }, (_, one) => `listed-${one}`) }),
    }),
  )
  const of = (i: number): string => `p${[0, 1, 2, 3, 4, 5, 6, 8, 9][i % 9]}`
  const aliases = Array.from({ length: models }, (_, i): Alias => {
    const one = i >> 1
    const strategy = one === 0 || one === 499 ? 'in-order' : strategies[one % strategies.length]!
    if (i % 2 === 1) return { name: `wild-${one}-*`, targets: ['p9/*', `${of(one)}/second-*`, 'p0/third'], strategy }
    const first = one === 499 ? 'p9' : of(one)
    return { name: `model-${one}`, targets: [`${first}/first-${one}`, 'p1/second', 'p2/third'], strategy }
  })
  return { providers, aliases, rules: Array.from({ length: rules }, (_, i) => ruleOf(i)) }
}

/** Of all kinds; none but those on models hold for the request of this bench. */
function ruleOf(i: number): Rule {
  const to = 'p0/chosen'
  switch (i % 5) {
    case 0:
      return { when: { inputTokensOver: 100_000 + i, stream: true }, to }
    case 1:
      return { when: { userAgent: `agent-${i}/*`, thinking: true }, to }
    case 2:
      return { when: { headers: { 'x-team': `team-${i}-*` } }, to }
    case 3:
      return { when: { metadata: { tier: `*gold*${i}` }, images: true }, to }
    default:
      return { when: { models: [`rule-${i}`, `*other-${i}*`] }, to }
  }
}

function factsFor(model: string): RequestFacts {
  const headers: Record<string, string> = { 'user-agent': 'claude-cli/2.1.0', 'x-team': 'team-blue' }
  return {
    model,
    header: (name) => headers[name],
    userAgent: headers['user-agent'],
    metadata: { tier: 'silver' },
    stream: true,
    inputTokens: () => 12_000,
    thinking: () => false,
    tools: () => 12,
    webSearch: () => false,
    images: () => false,
    files: () => false,
    structuredOutput: () => false,
    subagentTag: () => undefined,
    session: () => 'a session',
  }
}
