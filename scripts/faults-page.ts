/**
 * `node scripts/faults-page.ts`: writes `docs/faults.md` from what the fault matrix asks for. A test asks that it is up
 * to date.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { faultsPage } from '../test/faults/matrix/page.ts'
import { root } from './run.ts'

await writeFile(join(root, 'docs', 'faults.md'), faultsPage())
