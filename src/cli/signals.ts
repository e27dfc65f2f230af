import { closeSync, openSync } from 'node:fs'
import { printFailure } from './failure.ts'

export interface Stopping {
  /** What the first SIGTERM or SIGINT does; the process ends after it. */
  drain(): Promise<void>
  /** What a second one does, while the first still waits. */
  close(): Promise<void>
  /** What is said to a person who may be waiting. */
  waiting?: string
}

/** Package runners pass a terminal's Ctrl-C on although it reached the process already: such a pair counts as one. */
const echoMs = 500

/** Stops gently at the first signal and at once at the second. */
export function onStopSignals({ drain, close, waiting }: Stopping): void {
  let firstAt: number | undefined
  const leave = (work: Promise<void>): void => {
    work.then(
      () => process.exit(0),
      (thrown) => {
        printFailure(thrown, false)
        process.exit(1)
      },
    )
  }
  const onSignal = (): void => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      // Said only when there is something to wait for.
      if (waiting !== undefined) setTimeout(() => process.stderr.write(`sluice: ${waiting}\n`), 200).unref()
      leave(drain())
    } else if (now - firstAt > echoMs) leave(close())
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

export interface HangingUp {
  /** What a SIGHUP asks of a program that runs by itself. */
  reload(): Promise<void>
  /** What it means when the terminal has been closed. */
  close(): Promise<void>
}

/** SIGHUP has two meanings: somebody asks to read the configuration again, or the terminal is gone. */
export function onHangup({ reload, close }: HangingUp): void {
  // There is no such signal, though Node says so when the window is closed.
  if (process.platform === 'win32') return
  const hadTerminal = hasTerminal()
  process.on('SIGHUP', () => {
    if (!hadTerminal || hasTerminal()) {
      void reload()
      return
    }
    close().finally(() => process.exit(129))
  })
}

/** Whether the terminal that this was started from is still there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
