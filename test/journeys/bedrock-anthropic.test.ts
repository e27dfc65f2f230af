import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import { afterEach, expect, it } from 'vitest'
import { writeAwsEvent } from '../../src/framing/index.ts'
import { createSluice } from '../../src/index.ts'
import { type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { testedClient } from '../transport/client.ts'

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Asked {
  path: string
  authorization: string | undefined
  body: JsonObject
}

interface Front {
  url: string
  asked: Asked[]
  /** What stands in the place of the end of a stream. */
  exception?: [name: string, message: string]
}

/** Amazon's front for Claude, with the scripted provider behind it: events as base64 in messages of its own. */
async function front(scripted: ScriptedServer): Promise<Front> {
  const found: Front = { url: '', asked: [] }
  const server = createServer(async (request, reply) => {
    let text = ''
    for await (const piece of request) text += piece
    const { anthropic_version: version, ...body } = JSON.parse(text) as JsonObject
    const path = request.url ?? ''
    found.asked.push({ path, authorization: request.headers.authorization, body })
    const [, model = '', method] = /^\/model\/([^/]+)\/(invoke|invoke-with-response-stream)$/.exec(path) ?? []
    if (method === undefined || 'model' in body || 'stream' in body || version !== 'bedrock-2023-05-31') {
      reply.writeHead(400).end(JSON.stringify({ message: 'Malformed input request' }))
      return
    }
    const stream = method === 'invoke-with-response-stream'
    const answer = await fetch(`${scripted.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...body, model: decodeURIComponent(model), stream }),
    })
    const said = await answer.text()
    if (!stream) {
      reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(said)
      return
    }
    reply.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })
    const datas = said.split('\n').filter((line) => line.startsWith('data: '))
    const sent = found.exception ? datas.slice(0, -2) : datas
    const messages = sent.map((line) => {
      const payload = { bytes: Buffer.from(line.slice(6)).toString('base64'), p: 'abcdef' }
      const headers = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' }
      return Buffer.from(writeAwsEvent(headers, JSON.stringify(payload)))
    })
    if (found.exception) {
      const [name, message] = found.exception
      const headers = { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' }
      messages.push(Buffer.from(writeAwsEvent(headers, JSON.stringify({ message }))))
    }
    const bytes = Buffer.concat(messages)
    for (let at = 0; at < bytes.length; at += 97) {
      reply.write(bytes.subarray(at, at + 97))
      await new Promise((resolve) => setImmediate(resolve))
    }
    reply.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise((resolve) => server.close(resolve)))
  found.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return found
}

async function house() {
  const script = {
    steps: [
      { reasoning: 'Hmm – 世界.', signature: 's1' },
      { text: 'Grüße 👋🏽 aus Bern' },
      { tool: 'weather', arguments: { city: 'Bern' } },
    ],
  }
  const scripted = await startScripted({ script })
  open.push(() => scripted.close())
  const aws = await front(scripted)
  const keys = { region: 'eu-west-1', aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'secret' }
  const provider = { name: 'b', kind: 'bedrock-anthropic', base_url: aws.url, ...keys }
  const config = { transport: { client: testedClient }, providers: [provider] }
  const sluice = await createSluice({ config, env: {}, port: 0, logLevel: 'silent' })
  open.push(() => sluice.close())
  return { sluice, aws, client: new Anthropic({ apiKey: 'k', baseURL: sluice.url, maxRetries: 0 }) }
}

const model = 'b/eu.anthropic.claude-sonnet-4-5-20250929-v1:0'
const messages = [{ role: 'user' as const, content: 'Hi' }]
const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }]
const content = [
  { type: 'thinking', thinking: 'Hmm – 世界.', signature: 's1' },
  { type: 'text', text: 'Grüße 👋🏽 aus Bern' },
  { type: 'tool_use', name: 'weather', input: { city: 'Bern' } },
]

it('Anthropic’s SDK speaks to Claude on Bedrock, streamed and whole', async () => {
  const { client, aws } = await house()
  const whole = await client.messages.create({ model, max_tokens: 50, messages, tools })
  const streamed = await client.messages.stream({ model, max_tokens: 50, messages, tools }).finalMessage()
  expect(whole.content).toMatchObject(content)
  expect(streamed.content).toMatchObject(content)
  expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens)
  const at = '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0'
  expect(aws.asked.map(({ path }) => path)).toEqual([`${at}/invoke`, `${at}/invoke-with-response-stream`])
  expect(aws.asked[0]!.authorization).toContain('/eu-west-1/bedrock/aws4_request')
  expect(aws.asked[1]!.body).toEqual({ max_tokens: 50, messages, tools })
})

it('an exception in the middle of the stream is an error of its kind, not an end', async () => {
  const { client, aws } = await house()
  aws.exception = ['throttlingException', 'Too many tokens, please wait']
  const stream = client.messages.stream({ model, max_tokens: 50, messages, tools })
  await expect(stream.finalMessage()).rejects.toThrow(/rate_limit_error.*Too many tokens, please wait/)
})

it('a message that holds no event is an error, not silence', async () => {
  const { client, aws } = await house()
  aws.exception = ['chunk', 'nothing']
  const stream = client.messages.stream({ model, max_tokens: 50, messages, tools })
  await expect(stream.finalMessage()).rejects.toThrow('nothing')
})

it('a prompt is counted here, since there is no counter', async () => {
  const { client, aws } = await house()
  const counted = client.messages.countTokens({ model, messages }).withResponse()
  expect((await counted).response.headers.get('x-sluice-warnings')).toBe('input_tokens;estimated')
  expect(aws.asked).toEqual([])
})
