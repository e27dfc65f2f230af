import type { Explanation } from './explanation.ts'
import type { RequestFacts } from './facts.ts'
import type { RoutingTable } from './table.ts'
import { indexOf } from './table-index.ts'
import { selectWords, strategyWords, targetWords, wantedWords } from './words.ts'

/**
 * The three phases as rows of a table: the phase, what it looked at, what came of it. Rules that did not hold are there,
 * too, each with the first condition that failed, up to the one that did.
 */
export function explainRows(
  explanation: Explanation,
  facts: RequestFacts,
  table: RoutingTable,
): Array<[phase: string, what: string, outcome: string]> {
  return [
    ['resolve', 'name', wantedWords(explanation)],
    ...passedRules(explanation, facts, table),
    ['select', 'chosen', selectWords(explanation)],
    ['rank', 'strategy', strategyWords(explanation)],
    ...explanation.targets.map((one, i): [string, string, string] => [
      'rank',
      one.dropped ? '-' : String(i + 1),
      targetWords(one),
    ]),
  ]
}

function passedRules(
  { meant, selected, wanted }: Explanation,
  facts: RequestFacts,
  table: RoutingTable,
): Array<[string, string, string]> {
  const early = wanted.by === 'tag' || wanted.by === 'header' || selected?.by === 'code'
  if (early) return []
  const { rules } = indexOf(table)
  const looked = selected?.rule === undefined ? rules : rules.slice(0, selected.rule - 1)
  return looked.map(({ rule, checks, namesModels }, i) => {
    const what = `rule ${i + 1}${rule.name === undefined ? '' : ` "${rule.name}"`}`
    if (meant?.by === 'provider' && !namesModels) return ['select', what, 'passed by: the name says its provider']
    const failed = checks.find((check) => !check.holds(facts))
    return ['select', what, failed ? `passed by: ${failed.says(facts)}` : 'passed by: it leads nowhere']
  })
}
