import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './answer.ts'
import { checkScript, checkScriptFile } from './check.ts'
import { RequestCounts, type RequestFilter } from './counts.ts'
import { type Gate, type GateOptions, Gates } from './gate.ts'
import type { Streaming } from './habit.ts'
import { Habits } from './habits.ts'
import { type Bill, Ledger } from './ledger.ts'
import { RequestLog, type ScriptedRequest } from './log.ts'
import type { ScriptedOptions } from './options.ts'
import { Reply } from './reply.ts'
import type { Upload } from './uploads.ts'

// Not imported: that would load a whole web client beside it (see `listen` of the server room).
const { createServer } = process.getBuiltinModule('node:http')

export interface ScriptedServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string
  readonly port: number
  /** The last requests, oldest first. */
  readonly requests: ReadonlyArray<ScriptedRequest>
  /** The request of that index once its client has gone away early; rejects when it ends in any other way. */
  aborted(index: number): Promise<ScriptedRequest>
  /** The request of that index once its answer has ended, in whatever way. It may be waited for before it comes. */
  settled(index: number): Promise<ScriptedRequest>
  /**
   * From now on the server, or one model of it, streams in this way, whatever a script says; undefined: no longer.
   *
   * @throws SluiceError `config_invalid`
   */
  setStreaming(streaming: Streaming | undefined, model?: string): void
  /** How many requests for an answer came; with a filter, how many of that kind. */
  count(filter?: RequestFilter): number
  /** Counts from 0 again. */
  resetCounts(): void
  /** From now on answers, or some of them, are held back until the gate opens or their client is gone. */
  hold(options?: GateOptions): Gate
  /** What Straico has charged. */
  readonly bill: Bill
  /** Files that were sent to Straico, oldest first. */
  readonly uploads: ReadonlyArray<Upload>
  /** Cuts what is still running. */
  close(): Promise<void>
}

/** @throws SluiceError `config_invalid`; the error of the system when the port cannot be had */
export async function startScripted(options: ScriptedOptions = {}): Promise<ScriptedServer> {
  if (options.script) checkScript(options.script, 'the option `script`')
  if (options.scripts) checkScriptFile(options.scripts, 'the option `scripts`')
  const logLimit = options.logLimit ?? 1000
  const log = new RequestLog(logLimit)
  const habits = new Habits()
  habits.set(options.streaming, undefined, 'the option `streaming`')
  const counts = new RequestCounts()
  const gates = new Gates()
  const ledger = new Ledger(options.straico?.coins ?? 1_000_000, logLimit)
  const uploads: Upload[] = []
  const failures = new Map<string, number>()
  const running = new Map<ServerResponse, Reply>()
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    const entry = log.add(request.method ?? '', request.url ?? '', request.headers)
    const reply = new Reply(response, entry, (status) => {
      if (status >= 400) entry.refused = true
      if (entry.model !== '') counts.answered(entry)
    })
    const mark = options.ids === 'random' ? randomUUID().replaceAll('-', '') : String(entry.index + 1)
    const newId = (prefix: string, at?: number): string => `${prefix}_${mark}${at === undefined ? '' : `_${at}`}`
    running.set(response, reply)
    response.once('close', () => {
      running.delete(response)
      log.settle(entry, response.writableFinished ? 'finished' : reply.wasCut ? 'cut' : 'aborted')
    })
    const state = { failures, habits, gates, counts, ledger, uploads, options }
    answer({ request, entry, reply, newId, ...state }).catch((thrown: unknown) => {
      // A fault of the stand-in itself must not look like one that a script asked for.
      const text = `the scripted provider failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`
      reply.wasCut = response.headersSent
      if (response.headersSent) response.destroy()
      else reply.whole(500, { 'content-type': 'text/plain' }, text)
    })
  })

  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests: log.requests,
    aborted: (index) => log.wait(index, 'aborted'),
    settled: (index) => log.wait(index, 'settled'),
    setStreaming: (streaming, model) => habits.set(streaming, model, '`setStreaming`'),
    count: (filter = {}) => counts.count(filter),
    resetCounts: () => counts.clear(),
    hold: (options = {}) => gates.add(options),
    bill: ledger,
    uploads,
    async close() {
      for (const reply of running.values()) reply.wasCut = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const ended = [...running.keys()].map((response) => once(response, 'close'))
      server.closeAllConnections()
      await Promise.all([closed, ...ended])
      log.close()
    },
  }
}
