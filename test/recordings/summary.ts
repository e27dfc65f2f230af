import type { ClientDialectName } from '../../src/dialects/index.ts'
import { clientNames } from '../fixtures/goldens.ts'
import { type Loss, losses } from './losses.ts'
import type { Recording } from './recording.ts'

/** What came through of each recording to whom, as a table for people. */
export class Summary {
  readonly #rows = new Map<string, Map<ClientDialectName, Set<Loss>>>()

  note({ name }: Recording, client: ClientDialectName, lost: readonly Loss[]): void {
    const row = this.#rows.get(name) ?? new Map<ClientDialectName, Set<Loss>>()
    this.#rows.set(name, row)
    row.set(client, new Set([...(row.get(client) ?? []), ...lost]))
  }

  /** Losses that were met nowhere. */
  get idle(): Loss[] {
    return losses.filter((loss) => !this.#met(loss))
  }

  #met(loss: Loss): boolean {
    return [...this.#rows.values()].some((row) => [...row.values()].some((lost) => lost.has(loss)))
  }

  print(): string {
    const found = losses.filter((loss) => this.#met(loss))
    const cell = (lost: Set<Loss> | undefined): string => {
      if (!lost) return 'not the same'
      return lost.size === 0 ? 'the same' : `without ${[...lost].map((loss) => found.indexOf(loss) + 1).join(', ')}`
    }
    const line = (...cells: string[]): string => `| ${cells.join(' | ')} |`
    return [
      line('answer', ...clientNames),
      line(...['', ...clientNames].map(() => '---')),
      ...[...this.#rows].map(([name, row]) => line(name, ...clientNames.map((client) => cell(row.get(client))))),
      '',
      ...found.map(({ name, why }, at) => `${at + 1}. ${name}: ${why}`),
    ].join('\n')
  }
}
