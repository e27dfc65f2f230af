import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterEach } from 'vitest'
import { createSluice, type Sluice } from '../../src/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { testedClient } from '../transport/client.ts'

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** One call of the provider, answered by hand. */
export interface Call {
  body: JsonObject
  /** The gateway has hung up. */
  gone: boolean
  /** The same, to wait for. */
  left: Promise<void>
  /** Says a piece of the text. */
  say(text: string): void
  /** Ends the answer well. */
  finish(): void
  /** Answers at once, and not with a stream. */
  answer(status: number, body: JsonObject): void
}

export interface BackgroundHouse {
  sluice: Sluice
  openai: OpenAI
  /** The same gateway, asked with another key. */
  stranger: OpenAI
  /** The next call of the provider. */
  call(): Promise<Call>
  /** Another gateway before the same provider. */
  again(): Promise<Pick<BackgroundHouse, 'sluice' | 'openai'>>
}

type Wire = Pick<Call, 'say' | 'finish'>

/** A provider that says what the test tells it to: `oa` in openai-chat, `re` in openai-responses with ids of its own. */
export async function openBackground(path = ':memory:'): Promise<BackgroundHouse> {
  const calls: Call[] = []
  let came = () => {}
  const server = createServer(async (request, reply) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = JSON.parse(Buffer.concat(pieces).toString()) as JsonObject
    const wire = request.url?.endsWith('/responses') ? responsesWire(reply) : chatWire(reply)
    const call: Call = {
      ...wire,
      body,
      gone: false,
      left: once(reply, 'close').then(() => {
        call.gone = true
      }),
      answer: (status, answer) => {
        reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      },
    }
    calls.push(call)
    came()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const again = async () => {
    const sluice = await createSluice({
      config: {
        streaming: { max_retries: 0 },
        transport: { client: testedClient },
        storage: { path },
        providers: [
          {
            name: 'oa',
            kind: 'openai',
            dialect: 'openai-chat',
            base_url: `http://127.0.0.1:${port}/v1`,
            api_keys: ['k'],
          },
          { name: 're', dialect: 'openai-responses', base_url: `http://127.0.0.1:${port}/v1`, api_keys: ['k'] },
        ],
      },
      env: {},
      port: 0,
      logLevel: 'silent',
    })
    open.push(() => sluice.close())
    const client = (apiKey: string) => new OpenAI({ apiKey, maxRetries: 0, baseURL: `${sluice.url}/v1` })
    return { sluice, openai: client('client-key'), stranger: client('other-key') }
  }
  return {
    ...(await again()),
    again,
    async call() {
      while (calls.length === 0) {
        await new Promise<void>((resolve) => {
          came = resolve
        })
      }
      return calls.shift()!
    },
  }
}

function chatWire(reply: ServerResponse): Wire {
  const chunk = (delta: JsonObject, finish: string | null) => {
    const choices = [{ index: 0, delta, finish_reason: finish }]
    const json = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices }
    reply.write(`data: ${JSON.stringify(json)}\n\n`)
  }
  return {
    say(text) {
      if (!reply.headersSent) reply.setHeader('content-type', 'text/event-stream')
      chunk({ role: 'assistant', content: text }, null)
    },
    finish() {
      chunk({}, 'stop')
      reply.end('data: [DONE]\n\n')
    },
  }
}

/** Numbers its events from elsewhere, as a server behind a proxy may. */
function responsesWire(reply: ServerResponse): Wire {
  let said = ''
  let number = 100
  const part = { item_id: 'msg_theirs', output_index: 0, content_index: 0 }
  const send = (type: string, fields: JsonObject) => {
    reply.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: number++ })}\n\n`)
  }
  const response = (status: string, output: JsonObject[]) => ({
    response: { id: 'resp_theirs', object: 'response', created_at: 1, status, model: 'theirs', output, store: true },
  })
  const item = (status: string) => ({
    type: 'message',
    id: 'msg_theirs',
    role: 'assistant',
    status,
    content: status === 'completed' ? [{ type: 'output_text', text: said, annotations: [] }] : [],
  })
  return {
    say(text) {
      if (said === '') {
        reply.setHeader('content-type', 'text/event-stream')
        send('response.created', response('in_progress', []))
        send('response.output_item.added', { output_index: 0, item: item('in_progress') })
        send('response.content_part.added', { ...part, part: { type: 'output_text', text: '', annotations: [] } })
      }
      said += text
      send('response.output_text.delta', { ...part, delta: text, logprobs: [] })
    },
    finish() {
      send('response.output_item.done', { output_index: 0, item: item('completed') })
      send('response.completed', response('completed', [item('completed')]))
      reply.end()
    },
  }
}
