import type { ClientDialectName } from '../../../src/dialects/index.ts'
import type { Cell } from './cell.ts'
import { policies } from './expect.ts'
import { placesOf } from './places.ts'
import { rows } from './rows.ts'

/** Every fault in every phase that it and the language have, under every policy. */
export async function cellsOf(client: ClientDialectName, upstream: ClientDialectName): Promise<Cell[]> {
  const places = await placesOf(upstream)
  return rows.flatMap((row) =>
    row.phases.flatMap((phase) => {
      const place = places.get(phase)
      if (!place || (row.tears && !place.more)) return []
      return policies.map((policy): Cell => ({ client, upstream, policy, row, phase, place }))
    }),
  )
}

/** Runs so many at once. @returns what was wrong */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  run: (item: T) => Promise<void>,
): Promise<string[]> {
  const faults: string[] = []
  const waiting = [...items].reverse()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
        await run(item).catch((fault: Error) => faults.push(fault.message))
      }
    }),
  )
  return faults
}
