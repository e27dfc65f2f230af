import type { Rule, RuleConditions } from '../routing/index.ts'
import type { Destinations } from './destinations.ts'
import type { Path } from './path.ts'
import type { ConfigOptions } from './schema.ts'
import { good, type Written } from './written.ts'

type RuleOptions = NonNullable<NonNullable<ConfigOptions['routing']>['rules']>[number]

/** The `[[routing.rules]]`, in order. */
export function listRules(written: Written, destinations: Destinations): Rule[] {
  const rules: unknown = written.options.routing?.rules
  if (!Array.isArray(rules)) return []
  return rules.flatMap((_, i) => {
    const path = ['routing', 'rules', i]
    const rule = good<RuleOptions>(written, path)
    return rule ? [ruleOf(written, path, rule, destinations)] : []
  })
}

function ruleOf(written: Written, path: Path, rule: RuleOptions, destinations: Destinations): Rule {
  const { name, to, targets } = rule
  if (to !== undefined && targets !== undefined) {
    written.problems.add(path, 'found both `to` and `targets`; write one of them')
  } else if (to !== undefined) destinations.checkName([...path, 'to'], to)
  else if (targets === undefined) {
    written.problems.add(path, '`to` is missing; write to = "…", or targets = ["…"]')
  }
  for (const [at, target] of (targets ?? []).entries()) destinations.checkTarget([...path, 'targets', at], target)
  checkRange(written, path, rule, 'input_tokens')
  checkRange(written, path, rule, 'tools')
  return { ...(name !== undefined && { name }), when: conditionsOf(rule), to: targets ?? to ?? '' }
}

function checkRange(written: Written, path: Path, rule: RuleOptions, key: 'input_tokens' | 'tools'): void {
  const over = rule[`${key}_over`]
  const under = rule[`${key}_under`]
  if (over === undefined || under === undefined || over + 1 < under) return
  written.problems.add([...path, `${key}_under`], `found ${under}, and nothing is over ${over} and under that`)
}

const fields = {
  models: 'models',
  input_tokens_over: 'inputTokensOver',
  input_tokens_under: 'inputTokensUnder',
  thinking: 'thinking',
  web_search: 'webSearch',
  images: 'images',
  files: 'files',
  tools_over: 'toolsOver',
  tools_under: 'toolsUnder',
  structured_output: 'structuredOutput',
  stream: 'stream',
  headers: 'headers',
  metadata: 'metadata',
  client_key: 'clientKey',
  user_agent: 'userAgent',
} as const satisfies { [K in Exclude<keyof RuleOptions, 'name' | 'to' | 'targets'>]: keyof RuleConditions }

function conditionsOf(rule: RuleOptions): RuleConditions {
  const entries = Object.entries(fields).map(([key, field]) => [field, rule[key as keyof typeof fields]])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as RuleConditions
}
