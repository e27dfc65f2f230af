import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { testedClient } from '../transport/client.ts'

const limits = Array.from({ length: 1000 }, (_, i) => [`x-ratelimit-${i}`, 'v'.repeat(30)])
const warnings = 'messages[0].name;dropped, '.repeat(1200)
/** What a provider may say in a good answer, in lengths that no client would read. */
const tooLong: [string, Record<string, string>][] = [
  ['an id', { 'x-request-id': 'r'.repeat(20_000), 'request-id': 'r'.repeat(20_000) }],
  ['limits', Object.fromEntries(limits)],
  ['warnings', { 'x-sluice-warnings': warnings }],
  ['a wait', { 'retry-after': '0'.repeat(20_000) }],
  ['something else', { 'x-other': 'o'.repeat(30_000) }],
]

const words = {
  whole: { id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [choice({ message: said() })] },
  chunk: { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice({ delta: said() })] },
}

function choice(part: object): object {
  return { index: 0, ...part, finish_reason: 'stop' }
}

function said(): object {
  return { role: 'assistant', content: 'Hello' }
}

/** A gateway before a provider that sends these headers with every answer, and refuses the model `no`. */
async function opened(headers: Record<string, string>): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const { model, stream } = text === '' ? { model: 'm', stream: false } : JSON.parse(text)
    const type = stream && model !== 'no' ? 'text/event-stream' : 'application/json'
    response.writeHead(model === 'no' ? 429 : 200, { ...headers, 'content-type': type })
    if (model === 'no') response.end('{"error":{"message":"Hello, slow down"}}')
    else response.end(stream ? `data: ${JSON.stringify(words.chunk)}\n\ndata: [DONE]\n\n` : JSON.stringify(words.whole))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sluice = await createSluice({
    config: {
      transport: { client: testedClient },
      storage: { path: ':memory:' },
      streaming: { max_retries: 0 },
      providers: [
        {
          name: 'p',
          dialect: 'openai-chat',
          base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        },
      ],
    },
    port: 0,
    env: {},
    log: silentLog,
  })
  onTestFinished(async () => {
    await sluice.close()
    server.closeAllConnections()
    server.close()
  })
  return sluice.url
}

async function ask(url: string, path: string, body: object): Promise<{ status: number; text: string; size: number }> {
  const messages = [{ role: 'user', content: 'Hi' }]
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages, max_tokens: 9, ...body }),
  })
  const size = [...response.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  return { status: response.status, text: await response.text(), size }
}

it.each(tooLong)('%s of any length in the headers of a provider costs no client its answer', async (_, headers) => {
  const url = await opened(headers)
  for (const path of ['/v1/chat/completions', '/v1/messages']) {
    for (const stream of [true, false]) {
      for (const [model, status] of [
        ['p/m', 200],
        ['p/no', 429],
      ] as const) {
        const answer = await ask(url, path, { model, stream })
        expect([path, stream, answer.status]).toEqual([path, stream, status])
        expect(answer.text).toContain('Hello')
        expect(answer.size).toBeLessThan(8192)
      }
    }
  }
  const raw = await ask(url, '/raw/p/chat/completions', { model: 'm' })
  expect([raw.status, raw.text]).toEqual([200, JSON.stringify(words.whole)])
})
