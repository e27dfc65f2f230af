/**
 * `node scripts/dialects-page.ts`: writes `docs/dialects.md` from what the conformance suite finds. A test asks that it
 * is up to date.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { conformanceMatrix } from '../test/suites/conformance/matrix.ts'
import { dialectsPage } from '../test/suites/conformance/page.ts'
import { root } from './run.ts'

await writeFile(join(root, 'docs', 'dialects.md'), dialectsPage(conformanceMatrix()))
