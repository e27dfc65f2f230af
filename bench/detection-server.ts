/**
 * A provider that takes the same time for its answer in both ways: under `/streams` piece by piece, under `/refuses` only
 * whole, at the end of that time. Runs as a child; says its port over IPC.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Plan, readPlan } from './plan.ts'
import { streamOf } from './streams.ts'

const prepared = new Map<string, { pieces: Buffer[]; whole: Buffer }>()

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { model, stream } = JSON.parse(Buffer.concat(parts).toString()) as { model: string; stream?: boolean }
    const { pieces, whole } = answerOf(model)
    const { everyMs } = readPlan(model)
    if (!request.url?.startsWith('/refuses/')) play(response, pieces, everyMs)
    else if (stream) {
      const error = { message: '`stream` is not supported with this model', type: 'invalid_request_error' }
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
    } else {
      setTimeout(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end(whole),
        everyMs * pieces.length,
      )
    }
  })
})
server.listen(0, '127.0.0.1', 8192)

process.on('message', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))

function answerOf(model: string) {
  let made = prepared.get(model)
  if (!made) {
    const plan = readPlan(model)
    made = { pieces: piecesOf(plan, model), whole: wholeOf(plan, model) }
    prepared.set(model, made)
  }
  return made
}

function piecesOf({ tokens, burst }: Plan, model: string): Buffer[] {
  const { head, deltas, tail } = streamOf('openai-chat', tokens, 'ascii', model)
  const grouped = [head.join('')]
  for (let at = 0; at < deltas.length; at += burst) grouped.push(deltas.slice(at, at + burst).join(''))
  return [...grouped, tail.join('')].map((text) => Buffer.from(text))
}

function wholeOf({ tokens }: Plan, model: string): Buffer {
  const message = { role: 'assistant', content: streamOf('openai-chat', tokens, 'ascii').text }
  const body = { id: 'chatcmpl-1', object: 'chat.completion', created: 1790000000, model }
  return Buffer.from(JSON.stringify({ ...body, choices: [{ index: 0, message, finish_reason: 'stop' }] }))
}

function play(response: ServerResponse, pieces: readonly Buffer[], everyMs: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let at = 0
  // By the clock, so that a late timer does not make the whole stream late.
  const from = performance.now()
  const next = (): void => {
    const due = Math.min(pieces.length, Math.floor((performance.now() - from) / everyMs))
    while (at < due) response.write(pieces[at++])
    if (at < pieces.length) setTimeout(next, everyMs)
    else response.end()
  }
  setTimeout(next, everyMs)
}
