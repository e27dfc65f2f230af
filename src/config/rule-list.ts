import { SluiceError } from '../errors/index.ts'
import type { Alias, Rule, RuleConditions } from '../routing/index.ts'
import { resolve } from '../routing/index.ts'
import type { Path } from './path.ts'
import type { ProviderList } from './provider-list.ts'
import type { ConfigOptions } from './schema.ts'
import { checkTarget } from './target.ts'
import { good, type Written } from './written.ts'

type RuleOptions = NonNullable<NonNullable<ConfigOptions['routing']>['rules']>[number]

/** The `[[routing.rules]]`, in order. */
export function listRules(written: Written, list: ProviderList, aliases: readonly Alias[]): Rule[] {
  const rules: unknown = written.options.routing?.rules
  if (!Array.isArray(rules)) return []
  return rules.flatMap((_, i) => {
    const path = ['routing', 'rules', i]
    const rule = good<RuleOptions>(written, path)
    return rule ? [ruleOf(written, path, rule, list, aliases)] : []
  })
}

function ruleOf(written: Written, path: Path, rule: RuleOptions, list: ProviderList, aliases: readonly Alias[]): Rule {
  const { name, to, targets } = rule
  if (to !== undefined && targets !== undefined) {
    written.problems.add(path, 'found both `to` and `targets`; write one of them')
  } else if (to !== undefined) checkName(written, [...path, 'to'], to, list, aliases)
  else if (targets === undefined) {
    written.problems.add(path, '`to` is missing; write to = "…", or targets = ["…"]')
  }
  const names = aliases.map((alias) => alias.name)
  for (const [at, target] of (targets ?? []).entries()) {
    checkTarget(written, [...path, 'targets', at], target, list, names)
  }
  checkRange(written, path, rule, 'input_tokens')
  checkRange(written, path, rule, 'tools')
  return { ...(name !== undefined && { name }), when: conditionsOf(rule), to: targets ?? to ?? '' }
}

/** Reports a name that is neither an alias nor leads anywhere by itself. */
export function checkName(
  written: Written,
  path: Path,
  name: string,
  list: ProviderList,
  aliases: readonly Alias[],
): void {
  try {
    resolve(name, { providers: list.providers, aliases })
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    // What an alias leads to was looked at with the alias.
    if (!aliases.some((alias) => alias.name === name)) checkTarget(written, path, name, list, [])
  }
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
