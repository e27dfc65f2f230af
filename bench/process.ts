import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A process of the bench's own. It is known by its pid, and ends with the bench at the latest. */
export interface Child {
  readonly pid: number
  readonly process: ChildProcess
  stop(): Promise<void>
}

/** The processor for what is measured, and the one for everything else: two that share one disturb each other. */
export type Place = 'target' | 'load'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const one of running) one.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

export interface StartOptions {
  place: Place
  env?: Record<string, string>
  /** Messages can be sent to and fro. */
  ipc?: boolean
}

export function start(command: readonly string[], { place, env = {}, ipc = false }: StartOptions): Child {
  const [program, ...args] = [...pin(place), ...command]
  const child = spawn(program!, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  })
  running.add(child)
  // What it wrote last explains an early end.
  let last = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-2000)
  })
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  let stopping = false
  void gone.then(() => {
    running.delete(child)
    if (stopping) return
    console.error(`cannot go on: ${command.join(' ')} ended early (${child.exitCode ?? child.signalCode}): ${last}`)
    process.exit(1)
  })
  return {
    pid: child.pid ?? -1,
    process: child,
    async stop() {
      stopping = true
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 1000)
      await gone
      clearTimeout(timer)
    },
  }
}

/** The command that runs a program of this folder. */
export function script(name: string): string[] {
  return [process.execPath, fileURLToPath(new URL(name, import.meta.url))]
}

/** Sends a message to a child and waits for its answer; one question at a time. */
export function ask<Answer>(child: Child, question: object, limitMs = 60_000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`cannot measure: no answer to ${JSON.stringify(question)} within ${limitMs / 1000} s`)),
      limitMs,
    )
    child.process.once('message', (answer) => {
      clearTimeout(timer)
      resolve(answer as Answer)
    })
    child.process.send(question)
  })
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

export async function untilListening(port: number, limitMs = 15_000): Promise<void> {
  const until = performance.now() + limitMs
  while (!(await accepts(port))) {
    if (performance.now() > until) throw new Error(`cannot measure: nothing listens on port ${port}`)
    await pause(5)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Processor time that a process has used so far, user and system, in seconds; undefined off Linux. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond()
}

/** Resident memory of a process in bytes; undefined off Linux. */
export function residentBytes(pid: number): number | undefined {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')
  return found ? Number(found[1]) * 1024 : undefined
}

let ticks: number | undefined

function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Whether target and load each have a processor of their own. */
export const pinned = availableParallelism() >= 2 && findProgram('taskset') !== undefined

function pin(place: Place): string[] {
  return pinned ? ['taskset', '-c', place === 'target' ? '0' : '1'] : []
}

/** Where a program is, if it is installed. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}
