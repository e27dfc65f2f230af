import { brotliCompressSync, gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { expect, it } from 'vitest'
import { root } from '../../scripts/run.ts'

/** Bytes that a web page loads for a room, with all that it pulls in of other rooms: minified and compressed. */
const budgets = [
  { room: 'sse', gzip: 2048 },
  { room: 'framing', gzip: 8192 },
]

it.each(budgets)('sluice/$room stays below $gzip bytes', async ({ room, gzip }) => {
  const bundle = await rolldown({ cwd: root, input: `src/${room}/index.ts`, logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  expect(output).toHaveLength(1)
  const { code } = output[0]
  // Nothing may be left that a page would have to load on its own.
  expect(code).not.toMatch(/\bimport\b/)
  const size = gzipSync(code, { level: 9 }).length
  const brotli = brotliCompressSync(code).length
  expect(size, `${code.length} bytes minified, ${size} with gzip, ${brotli} with Brotli`).toBeLessThan(gzip)
})
