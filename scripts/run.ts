import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder, with no slash at its end. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export interface RunOptions {
  /** Default: the repository. */
  cwd?: string
  /** Ends the program after this time. Default 10 min. */
  timeoutMs?: number
}

export interface RunResult {
  /** The exit code; 1 when the program was ended by a signal or could not be started. */
  code: number
  /** What it wrote to stdout alone, and to stdout and stderr in the order it came. */
  stdout: string
  output: string
}

/** Runs a program to its end. It finds the repository's own tools first, and the Node that runs this. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const path = [join(root, 'node_modules', '.bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...environment(), PATH: path, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 600_000,
    })
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.on('error', (error) => resolve({ code: 1, stdout, output: `${output}${error.message}\n` }))
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output }))
  })
}

// A program started from inside the tests must not believe that it is one of them, nor an npm inside an npm.
function environment(): NodeJS.ProcessEnv {
  const own = /^(npm_(package|lifecycle|command|execpath|node)|VITEST|NODE_ENV$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}
