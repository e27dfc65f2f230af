/**
 * A provider made of nothing but node:http and bytes that are made before they are needed. Runs as a child; answers
 * questions over IPC with `UpstreamReport`.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Plan, readPlan } from './plan.ts'
import { type DialectName, paths, streamOf } from './streams.ts'

export interface UpstreamReport {
  port: number
  /** Streams that are being written. */
  open: number
  /** Bytes that were handed to the kernel or wait for it, since the last report. */
  bytes: number
  /** When streams were cut by the other side, in milliseconds of the system's monotonic clock, since the last report. */
  cutAt: number[]
}

let open = 0
let bytes = 0
let cutAt: number[] = []
let started = 0
const prepared = new Map<string, Buffer[]>()

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const dialect: DialectName = request.url === paths['openai-chat'] ? 'openai-chat' : 'anthropic-messages'
    const { model } = JSON.parse(Buffer.concat(pieces).toString()) as { model: string }
    play(response, writes(dialect, readPlan(model), model), readPlan(model))
  })
})
server.listen(0, '127.0.0.1', 8192)

process.on('message', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port, open, bytes, cutAt } satisfies UpstreamReport)
  bytes = 0
  cutAt = []
})
process.on('disconnect', () => process.exit(0))

function writes(dialect: DialectName, plan: Plan, model: string): Buffer[] {
  const key = `${dialect} ${model}`
  let made = prepared.get(key)
  if (!made) {
    const { head, deltas, tail } = streamOf(dialect, plan.tokens, 'ascii', model)
    const grouped = [head.join('')]
    for (let at = 0; at < deltas.length; at += plan.burst) grouped.push(deltas.slice(at, at + plan.burst).join(''))
    made = [...grouped, tail.join('')].map((text) => Buffer.from(text))
    prepared.set(key, made)
  }
  return made
}

function play(response: ServerResponse, pieces: readonly Buffer[], { everyMs }: Plan): void {
  let at = 0
  let timer: NodeJS.Timeout | undefined
  open++
  response.on('close', () => {
    open--
    clearTimeout(timer)
    if (!response.writableFinished) cutAt.push(Number(process.hrtime.bigint()) / 1e6)
  })
  response.on('error', () => {})
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  if (everyMs === 0) {
    fast()
    response.on('drain', fast)
    return
  }
  // Streams that started together do not stay in step.
  timer = setTimeout(slow, (started++ * 7) % everyMs)

  function fast(): void {
    while (at < pieces.length) if (!next()) return
    response.end()
  }

  function slow(): void {
    next()
    if (at < pieces.length) timer = setTimeout(slow, everyMs)
    else response.end()
  }

  function next(): boolean {
    const piece = pieces[at++]!
    bytes += piece.length
    return response.write(piece)
  }
}
