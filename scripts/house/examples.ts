import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type RunResult, root, run } from '../run.ts'

/** The names of the folders under examples/. */
export function exampleNames(): string[] {
  const entries = readdirSync(join(root, 'examples'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** Runs one example as a reader would. It starts what it needs itself and ends by itself, with exit code 0. */
export function runExample(name: string): Promise<RunResult> {
  return run('node', ['--conditions=source', `examples/${name}/main.ts`], { timeoutMs: 30_000 })
}
