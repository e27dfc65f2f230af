import type { Cell } from './matrix.ts'
import { clientNames, upstreamNames } from './parties.ts'

/** How much comes through between each two, before anybody reads the tables. */
export function summary(cells: readonly Cell[]): string {
  const lines = [
    `| client | ${upstreamNames.join(' | ')} |`,
    `|---|${upstreamNames.map(() => ':---:|').join('')}`,
    ...clientNames.map((client) => {
      const pairs = upstreamNames.map((upstream) =>
        share(cells.filter((cell) => cell.client === client && cell.upstream === upstream)),
      )
      return `| ${client} | ${pairs.join(' | ')} |`
    }),
  ]
  return lines.join('\n')
}

/** A feature that comes in two ways counts as the worse of them. */
function share(cells: readonly Cell[]): string {
  const worst = new Map<string, string>()
  for (const { feature, outcome } of cells) {
    const before = worst.get(feature.name)
    if (before === undefined || order.indexOf(outcome.grade) > order.indexOf(before)) {
      worst.set(feature.name, outcome.grade)
    }
  }
  const count = (grade: string): number => [...worst.values()].filter((one) => one === grade).length
  const parts = count('partial')
  const refusals = count('refused')
  return `${count('full')} ✓${parts > 0 ? ` ${parts} ◐` : ''}${refusals > 0 ? ` ${refusals} ✗` : ''}`
}

const order = ['n/a', 'full', 'partial', 'refused', 'broken']

/** What the tables are about, with links to them. */
export function contents(groups: readonly string[], cells: readonly Cell[]): string {
  return groups
    .map((group) => {
      const names = new Set(cells.filter(({ feature }) => feature.group === group).map(({ feature }) => feature.name))
      return `- [${group}](#${anchor(group)}): ${names.size === 1 ? '1 feature' : `${names.size} features`}`
    })
    .join('\n')
}

/** As GitHub makes them. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-')
}
