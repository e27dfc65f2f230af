/**
 * `npm run build`: JavaScript and type declarations for everything under src/ into dist/, which is what `bin` and
 * `exports` of the package name.
 */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run } from './run.ts'

const shebang = '#!/usr/bin/env node\n'

// A file that is gone from src/ must not live on in the package.
await rm(join(root, 'dist'), { recursive: true, force: true })
const compiled = await run('tsc', ['-p', 'tsconfig.build.json'])
process.stdout.write(compiled.output)
if (compiled.code !== 0) {
  console.error('cannot build: the compiler found the mistakes above; mend them, `npx tsc --noEmit` shows them again')
  process.exit(1)
}

const main = join(root, 'dist', 'cli', 'main.js')
const code = await readFile(main, 'utf8')
if (!code.startsWith('#!')) await writeFile(main, shebang + code)
await chmod(main, 0o755)
