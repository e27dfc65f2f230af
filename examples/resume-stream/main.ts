/**
 * A stream whose connection breaks twice, read as if nothing had happened: each event once and in order.
 * Run: npx node --conditions=source examples/resume-stream/main.ts
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fetchFrom, ResumableStream } from 'sluice/pipeline'
import { writeSse } from 'sluice/sse'

const words = ['A', 'line', 'that', 'breaks', 'is', 'no', 'reason', 'to', 'lose', 'a', 'word.']

// The source keeps what it said, and goes on behind the id that it is asked for. Its line breaks after every fourth word.
const server = createServer((request, response) => {
  const from = Number(request.headers['last-event-id'] ?? -1) + 1
  const part = words.slice(from, from + 4)
  console.log(`\n(asked for the words from ${from})`)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [i, data] of part.entries()) response.write(writeSse({ data, id: String(from + i) }))
  if (from + part.length === words.length) response.end(writeSse({ data: '[DONE]' }))
  else response.write('data: torn in the mid', () => setTimeout(() => response.destroy(), 10))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

const stream = new ResumableStream({
  open: fetchFrom(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
  isEnd: ({ data }) => data === '[DONE]',
})
for await (const { data } of stream) if (data !== '[DONE]') process.stdout.write(`${data} `)

console.log(`\n\n${stream.resumes} breaks, the longest gap ${stream.longestGapMs.toFixed(1)} ms`)
server.close()
server.closeAllConnections()
