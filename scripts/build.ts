/**
 * `npm run build`: JavaScript and type declarations into dist/, which is what `bin` and `exports` of the package name.
 *
 * The JavaScript is bundled: hundreds of small files of our own and of the schema library otherwise cost half of a cold
 * start. Libraries that are loaded late or that hold state stay outside.
 */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
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

const bundle = await rolldown({
  cwd: root,
  platform: 'node',
  input: {
    index: 'src/index.ts',
    'errors/index': 'src/errors/index.ts',
    'flow/index': 'src/flow/index.ts',
    'sse/index': 'src/sse/index.ts',
    'framing/index': 'src/framing/index.ts',
    'tokens/index': 'src/tokens/index.ts',
    'dialects/index': 'src/dialects/index.ts',
    'pipeline/index': 'src/pipeline/index.ts',
    'resilience/index': 'src/resilience/index.ts',
    'capabilities/index': 'src/capabilities/index.ts',
    'routing/index': 'src/routing/index.ts',
    'providers/scripted/index': 'src/providers/scripted/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  external: [
    /^node:/,
    'undici',
    'aws4fetch',
    'google-auth-library',
    'pino',
    'commander',
    'picocolors',
    'smol-toml',
    'yaml',
    /^gpt-tokenizer/,
  ],
})
await bundle.write({
  dir: join(root, 'dist'),
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})

const main = join(root, 'dist', 'cli', 'main.js')
const code = await readFile(main, 'utf8')
if (!code.startsWith('#!')) await writeFile(main, shebang + code)
await chmod(main, 0o755)
