import type { Feature, Form, Outcome } from './feature.ts'
import { features } from './features.ts'
import type { Loss } from './loss.ts'
import { losses } from './losses.ts'
import { clientNames, upstreamNames } from './parties.ts'
import { formsOf, run } from './run.ts'

/** One feature between one client and one provider. */
export interface Cell {
  feature: Feature
  client: string
  upstream: string
  form: Form
  outcome: Outcome
  /** The entries that explain the outcome: one, unless it is full. */
  reasons: Loss[]
}

/** Everything, once: clients and providers of every language, streamed and whole. */
export function conformanceMatrix(): Cell[] {
  return features.flatMap((feature) =>
    clientNames.flatMap((client) =>
      upstreamNames.flatMap((upstream) =>
        formsOf(feature).map((form) => {
          const outcome = run(feature, client, upstream, form)
          const cell = { feature, client, upstream, form, outcome }
          return { ...cell, reasons: losses.filter((loss) => explains(loss, cell)) }
        }),
      ),
    ),
  )
}

export function explains(loss: Loss, { feature, client, upstream, form, outcome }: Omit<Cell, 'reasons'>): boolean {
  return (
    loss.grade === outcome.grade &&
    loss.mute === outcome.mute &&
    loss.features.includes(feature.name) &&
    (loss.clients?.includes(client) ?? true) &&
    (loss.upstreams?.includes(upstream) ?? true) &&
    (loss.form === undefined || loss.form === form)
  )
}

/** Words in entries for which no loss was found: `<feature>: <which word>`. */
export function idleLosses(cells: readonly Cell[]): string[] {
  const idle: string[] = []
  for (const loss of losses) {
    const found = cells.filter((cell) => cell.reasons.includes(loss))
    for (const name of loss.features) {
      if (!found.some(({ feature }) => feature.name === name)) idle.push(`${name}: ${loss.why}`)
    }
    for (const client of loss.clients ?? []) {
      if (!found.some((cell) => cell.client === client))
        idle.push(`${loss.features[0]}: ${client} as a client: ${loss.why}`)
    }
    for (const upstream of loss.upstreams ?? []) {
      if (!found.some((cell) => cell.upstream === upstream))
        idle.push(`${loss.features[0]}: ${upstream} as a provider: ${loss.why}`)
    }
  }
  return idle
}
