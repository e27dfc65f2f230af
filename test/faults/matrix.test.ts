import { describe, expect, it } from 'vitest'
import type { ClientDialectName } from '../../src/dialects/index.ts'
import { type Cell, runCell } from './matrix/cell.ts'
import { cellsOf, inLanes } from './matrix/cells.ts'
import { clients } from './matrix/clients.ts'
import { openMatrix } from './matrix/open-matrix.ts'

const short = {
  status_ceiling: '5s',
  finish_grace: '100ms',
  first_token_timeout: '1s',
  idle_timeout: '250ms',
  stall_timeout: '900ms',
  total_timeout: '2s',
}

/** One language at both ends, where bytes go on untouched, and two. */
function upstreamsOf(client: ClientDialectName): ClientDialectName[] {
  return [client, client === 'openai-chat' ? 'anthropic-messages' : 'openai-chat']
}

describe('every fault in every phase, alone, with a second target, and with one that goes on', () => {
  it.each(clients)('is told to a client of %s as it has to be, and leaves nothing behind', async (client) => {
    const matrix = await openMatrix(short)
    const cells = (await Promise.all(upstreamsOf(client).map((upstream) => cellsOf(client, upstream)))).flat()
    expect(cells.length).toBeGreaterThan(400)
    const run = (cell: Cell) => runCell(matrix, cell)
    const slow = ({ row }: Cell): boolean => row.silent === true || row.again === true
    const faults = await Promise.all([
      inLanes(
        cells.filter((cell) => !slow(cell)),
        4,
        run,
      ),
      // Those that have to wait do nothing meanwhile.
      inLanes(cells.filter(slow), 120, run),
    ])
    expect(faults.flat()).toEqual([])
    await matrix.close()
  })
})
