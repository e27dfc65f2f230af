import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import { type SseMessage, writeSse } from '../../../src/sse/index.ts'
import { fold, type StreamToken } from '../../../src/tokens/index.ts'
import { anyTokens } from './any-tokens.ts'
import { cases, client, decode, encode, encodeOptions, fixture } from './stream-of.ts'

// The vendor's own client reads what the encoder writes, over a real connection.
let server: Server
let sdk: Anthropic
let answer: { status: number; type: string; body: string } = { status: 200, type: 'text/event-stream', body: '' }

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  sdk = new Anthropic({ apiKey: 'key', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 })
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const question = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] }

function stream(messages: readonly SseMessage[]) {
  // A ping between any two events, as the gateway may write one there.
  const body = messages.map((message) => writeSse(message)).join(client.framing().heartbeat)
  answer = { status: 200, type: 'text/event-stream', body: client.framing().heartbeat + body }
  return sdk.messages.stream(question)
}

/** Fields that the client adds, or that only its beta namespace puts together. */
const others = new Set(['parsed_output', 'context_management', 'iterations'])

/** A message in the plain form of the whole answer. */
function plain(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message, (key, value) => (others.has(key) ? undefined : value)))
}

const finished = cases.filter((name) => decode([fixture(name)]).some(({ type }) => type === 'finish'))

describe('the client puts the stream together to the same answer as it gets whole', () => {
  it.each(finished)('%s', async (name) => {
    const tokens = decode([fixture(name)])
    const found = plain(await stream(encode(tokens).messages).finalMessage())
    const whole = plain(client.encodeReply(fold(tokens), encodeOptions()))
    expect(found).toMatchObject(whole as object)
  })

  it('whatever the blocks are and however they overlap', async () => {
    await fc.assert(
      fc.asyncProperty(anyTokens, async (tokens) => {
        const found = plain(await stream(encode(tokens).messages).finalMessage()) as { content: unknown }
        const whole = plain(client.encodeReply(fold(tokens), encodeOptions())) as { content: unknown }
        expect(found.content).toEqual(whole.content)
      }),
      { numRuns: 60 },
    )
  })
})

const begun: StreamToken[] = [
  { type: 'message-start', id: 'msg_up', model: 'm' },
  { type: 'text-start', choice: 0, index: 0 },
  { type: 'text-delta', choice: 0, index: 0, text: 'half an' },
]

describe('an error in the stream reaches the client as an error', () => {
  it.each([
    ['in the middle', begun],
    ['before anything', begun.slice(0, 1)],
  ])('%s', async (_name, tokens) => {
    const error = new SluiceError('upstream_overloaded', 'busy')
    const { messages } = encode([...tokens, { type: 'error', error }])
    await expect(stream(messages).finalMessage()).rejects.toThrow(/overloaded_error/)
  })

  it('and an answer with an error status by its class', async () => {
    const { status, body } = client.encodeError(new SluiceError('upstream_rate_limit', 'slow down'), 'req1')
    answer = { status, type: 'application/json', body: JSON.stringify(body) }
    await expect(sdk.messages.create(question)).rejects.toBeInstanceOf(Anthropic.RateLimitError)
  })
})

it('the client lists models', async () => {
  const models = [{ id: 'smart', owner: 'sluice' }]
  answer = { status: 200, type: 'application/json', body: JSON.stringify(client.encodeModels(models)) }
  const found = []
  for await (const model of sdk.models.list()) found.push(model.id)
  expect(found).toEqual(['smart'])
})
