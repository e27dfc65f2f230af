/**
 * `node scripts/schema.ts`: writes `sluice.schema.json`, with which editors complete and check `sluice.toml`. A test
 * asks that it is up to date.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { editorSchema } from '../src/config/index.ts'
import { root, run } from './run.ts'

const file = join(root, 'sluice.schema.json')
await writeFile(file, JSON.stringify(editorSchema()))
const formatted = await run('biome', ['format', '--write', file])
if (formatted.code !== 0) {
  console.error(`cannot format ${file}: biome said the following\n${formatted.output}`)
  process.exit(1)
}
