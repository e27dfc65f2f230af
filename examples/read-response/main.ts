/**
 * The answer of a model API to tokens, in whatever form it comes: here an event stream under the wrong content type,
 * compressed, and a refusal. The server is a stand-in on this machine.
 * Run: npx node --conditions=source examples/read-response/main.ts
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { openaiChat } from 'sluice/dialects'
import { HttpStreamHandler } from 'sluice/pipeline'
import { writeSse } from 'sluice/sse'

const chunk = (delta: object, finish: string | null = null) =>
  writeSse({ data: JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta, finish_reason: finish }] }) })

const server = createServer((request, response) => {
  if (request.url === '/busy') {
    response.writeHead(429, { 'content-type': 'application/json' })
    response.end('{"error":{"message":"Too many requests, try later.","type":"rate_limit_error"}}')
    return
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
  const body = createGzip()
  body.pipe(response)
  for (const content of ['Hello', ' from', ' a', ' stream.']) body.write(chunk({ content }))
  body.end(chunk({}, 'stop') + writeSse({ data: '[DONE]' }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const handler = new HttpStreamHandler({ dialect: openaiChat })

// As an iterator. A stream that breaks says so in its last token.
for await (const token of handler.intoStream(await fetch(`${url}/chat`))) {
  if (token.type === 'text-delta') process.stdout.write(token.text)
  if (token.type === 'finish') console.log(`\n(${token.reason})`)
  if (token.type === 'error') throw token.error
}

// By callbacks. Exactly one of onEnd and onError is called, last.
await handler.read(await fetch(`${url}/busy`), {
  onEnd: () => console.log('this is not called'),
  onError: ({ code, status, message }) => console.log({ code, status, message }),
})

server.close()
