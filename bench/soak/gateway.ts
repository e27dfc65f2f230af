import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, pause, residentBytes, untilListening } from '../process.ts'
import { program, providerOf } from '../targets.ts'
import type { Held } from './probe.ts'

export interface Sample extends Held {
  /** Resident bytes. */
  rss: number
  /** Open file descriptors. */
  files: number
}

/** The program as its users start it, with a look inside. */
export interface Gateway {
  readonly port: number
  readonly pid: number
  /** What it holds, after a collection of garbage unless that is not wanted. */
  sample(collect?: boolean): Promise<Sample>
  /** The most resident bytes from here to the moment at which the work is done. */
  peak<Result>(work: Promise<Result>): Promise<{ most: number; result: Result }>
  /** How many requests its log has told of so far. @throws Error where one was told twice */
  records(): number
  /** Its exit code after a signal. */
  stop(): Promise<number | null>
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/**
 * @param settings further lines of the configuration, before its providers
 * @param more and behind them
 */
export async function startGateway(upstreamPort: number, settings = '', more = ''): Promise<Gateway> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'))
  const config = join(folder, 'sluice.toml')
  const providers = Object.entries(providerOf).map(
    ([dialect, name]) =>
      `[[providers]]\nname = "${name}"\ndialect = "${dialect}"\nbase_url = "http://127.0.0.1:${upstreamPort}/v1"\n`,
  )
  writeFileSync(config, `${settings}\n${providers.join('\n')}\n${more}`)
  const child = spawn(
    process.execPath,
    ['--import', file('probe.ts'), file(`../../${program.file}`), 'start', '--config', config, '--port', String(port)],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  )
  const told = new Told()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => told.read(text))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve))
  void gone.then(() => {
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  })
  await untilListening(port)
  const pid = child.pid!
  return {
    port,
    pid,
    sample: async (collect = true) => ({ ...(await question(child, collect)), ...seen(pid) }),
    async peak(work) {
      let most = residentBytes(pid) ?? 0
      let over = false
      const done = work.finally(() => {
        over = true
      })
      // Whoever awaits `done` below hears of its failure.
      done.catch(() => {})
      while (!over) {
        most = Math.max(most, residentBytes(pid) ?? 0)
        await pause(20)
      }
      return { most, result: await done }
    },
    records: () => told.count(),
    stop() {
      child.kill('SIGTERM')
      return gone
    },
  }
}

/** The ids of the requests that the log has told of. */
class Told {
  readonly #ids = new Set<string>()
  #rest = ''
  #twice: string | undefined

  read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const id = /^\{.*"id":"([^"]+)".*"outcome":/.exec(line)?.[1]
      if (id === undefined) continue
      if (this.#ids.has(id)) this.#twice ??= line
      this.#ids.add(id)
    }
  }

  count(): number {
    if (this.#twice !== undefined) throw new Error(`a request was settled twice: ${this.#twice}`)
    return this.#ids.size
  }
}

function question(child: ChildProcess, collect: boolean): Promise<Held> {
  return new Promise((resolve) => {
    child.once('message', (held) => resolve(held as Held))
    child.send({ collect })
  })
}

function seen(pid: number): { rss: number; files: number } {
  return { rss: residentBytes(pid) ?? Number.NaN, files: readdirSync(`/proc/${pid}/fd`).length }
}
