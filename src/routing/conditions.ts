import type { RequestFacts } from './facts.ts'
import { cutGlob, fitsGlob } from './glob.ts'
import type { RuleConditions } from './table.ts'

/** One condition of a rule, ready to be asked. */
export interface Check {
  holds(facts: RequestFacts): boolean
  /** What was found, in a few words: for those who want to know why. */
  says(facts: RequestFacts): string
}

/** The conditions of a rule, those first that need no look into the request. */
export function checksOf(when: RuleConditions): Check[] {
  const { models, stream, clientKey, userAgent, headers, metadata } = when
  const checks: Check[] = []
  if (models) {
    const globs = models.map(cutGlob)
    checks.push({
      holds: ({ model }) => globs.some((glob) => fitsGlob(glob, model)),
      says: ({ model }) => `model ${quoted(model)}`,
    })
  }
  if (stream !== undefined) {
    checks.push({ holds: (facts) => facts.stream === stream, says: (facts) => said('a stream', facts.stream) })
  }
  if (clientKey !== undefined) checks.push(textCheck('client key', clientKey, (facts) => facts.clientKey))
  if (userAgent !== undefined) {
    checks.push(textCheck('user agent', userAgent.toLowerCase(), (facts) => facts.userAgent?.toLowerCase()))
  }
  for (const [name, pattern] of Object.entries(headers ?? {})) {
    const key = name.toLowerCase()
    checks.push(textCheck(`header ${key}`, pattern, (facts) => facts.header(key), true))
  }
  for (const [name, pattern] of Object.entries(metadata ?? {})) {
    checks.push(textCheck(`metadata ${name}`, pattern, ({ metadata: found }) => own(found, name), true))
  }
  return [...checks, ...bodyChecks(when)]
}

/** Those for which the request may have to be decoded. */
function bodyChecks(when: RuleConditions): Check[] {
  const checks: Check[] = []
  const flag = (wanted: boolean | undefined, words: string, found: (facts: RequestFacts) => boolean): void => {
    if (wanted === undefined) return
    checks.push({ holds: (facts) => found(facts) === wanted, says: (facts) => said(words, found(facts)) })
  }
  flag(when.thinking, 'thinking', (facts) => facts.thinking())
  flag(when.webSearch, 'web search', (facts) => facts.webSearch())
  flag(when.images, 'images', (facts) => facts.images())
  flag(when.files, 'files', (facts) => facts.files())
  flag(when.structuredOutput, 'structured output', (facts) => facts.structuredOutput())
  const tools = between(when.toolsOver, when.toolsUnder)
  if (tools) {
    checks.push({ holds: (facts) => tools(facts.tools()), says: (facts) => `${facts.tools()} tools` })
  }
  const tokens = between(when.inputTokensOver, when.inputTokensUnder)
  if (tokens) checks.push({ holds: (facts) => tokens(facts.inputTokens()), says: tokensSaid })
  return checks
}

/** `81234 input tokens`, and whether that is a guess. */
export function tokensSaid(facts: RequestFacts): string {
  return `${facts.inputCounted === true ? '' : 'about '}${facts.inputTokens()} input tokens`
}

function between(over: number | undefined, under: number | undefined): ((found: number) => boolean) | undefined {
  if (over === undefined && under === undefined) return undefined
  const [least, most] = [over ?? Number.NEGATIVE_INFINITY, under ?? Number.POSITIVE_INFINITY]
  return (found) => found > least && found < most
}

/** @param secret what a client may have put there stays out of explanations */
function textCheck(
  words: string,
  pattern: string,
  found: (facts: RequestFacts) => string | undefined,
  secret = false,
): Check {
  const glob = cutGlob(pattern)
  return {
    holds(facts) {
      const text = found(facts)
      return text !== undefined && fitsGlob(glob, text)
    },
    says(facts) {
      const text = found(facts)
      if (text === undefined) return `no ${words}`
      if (!secret) return `${words} ${quoted(text)}`
      return `${words} ${fitsGlob(glob, text) ? 'fits' : 'does not fit'} ${quoted(pattern)}`
    },
  }
}

function said(words: string, found: boolean): string {
  return found ? words : `no ${words.replace(/^a /, '')}`
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}...` : text)
}

function own(table: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  if (!table || !Object.hasOwn(table, name)) return undefined
  const value = table[name]
  return typeof value === 'object' || value === undefined ? undefined : String(value)
}
