import type { ExplainedTarget, Explanation } from './explanation.ts'

const from = { tag: 'a tag in the prompt', header: 'x-sluice-model', model: 'the request', key: "the client's key" }

/** The name that was asked for, who said it, and what it means. */
export function wantedWords({ wanted, meant }: Explanation): string {
  const name = wanted.name === '' ? 'no name' : `"${short(wanted.name)}"`
  return `${name} from ${from[wanted.by]} ${meant ? meaningWords(meant) : 'leads nowhere by itself'}`
}

function meaningWords({ by, alias, targets }: NonNullable<Explanation['meant']>): string {
  const provider = targets[0]?.split('/', 1)[0]
  switch (by) {
    case 'alias':
      return `is an alias of ${targets.length}`
    case 'wildcard':
      return `fits the alias "${short(alias ?? '')}"`
    case 'provider':
      return `names ${provider}`
    case 'list':
      return `is listed by ${provider}`
    case 'only':
      return `goes to the only provider, ${provider}`
    case 'pattern':
      return `looks like one of ${provider}'s`
    case 'targets':
      return 'is a list of targets'
  }
}

/** What was chosen instead, and for what reason. */
export function selectWords({ selected, wanted }: Explanation): string {
  if (!selected) return wanted.by === 'tag' || wanted.by === 'header' ? 'not asked' : 'nothing else'
  const { by, rule, called, to, because } = selected
  const who = { code: 'code', rule: `rule ${rule}`, situation: 'situation' }[by]
  const named = called === undefined ? '' : ` "${short(called)}"`
  const why = because.length === 0 ? '' : ` (${because.join(', ')})`
  return `${who}${named} chose ${short(to)}${why}`
}

/** How many targets there are, and how they were put in order. */
export function strategyWords({ strategy, targets }: Explanation): string {
  return targets.length === 1 ? 'one target' : strategy
}

/** `openai/gpt-5 (212 ms)` */
export function targetWords({ target, because, dropped }: ExplainedTarget): string {
  const reasons = dropped ? ['left out', ...because] : because
  return `${short(target)}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`
}

function short(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}...` : text
}
