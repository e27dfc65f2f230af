import { expect, it } from 'vitest'
import { runCell } from './matrix/cell.ts'
import { cellsOf, inLanes } from './matrix/cells.ts'
import { clients } from './matrix/clients.ts'
import { openMatrix } from './matrix/open-matrix.ts'

/** What has to happen first happens, however slow the machine is by then. */
const patient = {
  status_ceiling: '10s',
  finish_grace: '500ms',
  first_token_timeout: '2s',
  idle_timeout: '600ms',
  stall_timeout: '2s',
  total_timeout: '4s',
}

it('a hundred streams at once, of all languages and with all faults, do not disturb each other', async () => {
  const matrix = await openMatrix(patient)
  const all = (
    await Promise.all(clients.map((client, i) => cellsOf(client, clients[(i + 2) % clients.length]!)))
  ).flat()
  // A number that shares no factor with those of phases and policies, so that all of them meet.
  const chosen = all.map((_, i) => all[(i * 7) % all.length]!).slice(0, 500)
  expect(new Set(chosen).size).toBe(500)
  expect(await inLanes(chosen, 100, (cell) => runCell(matrix, cell))).toEqual([])
  await matrix.close()
})
