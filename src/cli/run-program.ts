import { spawn } from 'node:child_process'
import { constants } from 'node:os'

export interface ProgramRun {
  program: string
  args: readonly string[]
  env: Record<string, string | undefined>
  /** When the program has ended. */
  afterwards(): Promise<void>
  /** When a signal comes while that is under way. */
  atOnce(): Promise<void>
}

const passedOn = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const

/**
 * Runs a program in the place of this process, as far as that goes: it has the terminal, gets the signals, and this
 * process ends as it did. @throws the error of a program that cannot be started
 */
export async function runProgram({ program, args, env, afterwards, atOnce }: ProgramRun): Promise<void> {
  const child = spawn(program, args, { stdio: 'inherit', env })
  const terminal = [process.stdin, process.stdout, process.stderr].some((one) => one.isTTY)
  let ended = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (ended) void atOnce()
    // A terminal sends Ctrl-C and Ctrl-\ to both; twice would be a different wish.
    else if (!(terminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, onSignal)
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (...how) => resolve(how))
    })
    ended = true
    await afterwards()
    process.exitCode = code ?? 128 + constants.signals[signal!]
  } finally {
    for (const signal of passedOn) process.off(signal, onSignal)
  }
}
