import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  /** Resolves once standard output matches; rejects when the command ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  ended: Promise<Ran>
}

/** An empty folder, gone when the test is over. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `sluice …` in an empty folder, with nothing of this machine's settings. */
export function begin(
  args: string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Running {
  const cwd = emptyFolder()
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1', ...env },
    stdio: 'pipe',
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  let look = (): void => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ran.stdout += text
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ran.stderr += text
  })
  child.stdin.end(input)
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ ...ran, code })))
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = pattern.exec(ran.stdout)
          if (found) resolve(found)
        }
        look()
        ended.then(() => reject(new Error(`ended without saying ${pattern}: ${ran.stdout}${ran.stderr}`)))
      }),
  }
}

export function sluice(args: string[], options?: { env?: Record<string, string>; input?: string }): Promise<Ran> {
  return begin(args, options).ended
}
