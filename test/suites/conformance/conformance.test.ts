import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { features } from './features.ts'
import { conformanceMatrix, idleLosses } from './matrix.ts'
import { dialectsPage } from './page.ts'

const cells = conformanceMatrix()

describe('between clients and providers of all languages, whatever does not come through whole has a reason', () => {
  it.each(features.map((feature) => [feature.group, feature.name, feature] as const))('%s: %s', (_, __, feature) => {
    const mine = cells.filter((cell) => cell.feature === feature)
    const unexplained = mine.filter(({ outcome, reasons }) => reasons.length !== (outcome.grade === 'full' ? 0 : 1))
    expect(
      unexplained.map(({ client, upstream, form, outcome: { grade, mute, told, found }, reasons }) =>
        [`${client} to ${upstream}, ${form}:`, grade, mute, told, found, ...reasons.map(({ why }) => why)].join(' '),
      ),
    ).toEqual([])
  })

  it('and no reason is given for what comes through', () => {
    expect(idleLosses(cells)).toEqual([])
  })
})

it('has one name for each feature', () => {
  const names = features.map(({ name }) => name)
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
})

it('docs/dialects.md says what the suite finds (node scripts/dialects-page.ts writes it)', () => {
  const page = readFileSync(new URL('../../../docs/dialects.md', import.meta.url), 'utf8')
  expect(page).toBe(dialectsPage(cells))
})
