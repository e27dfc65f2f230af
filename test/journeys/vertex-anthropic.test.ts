import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import { afterEach, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { startTokenServer } from '../providers/token-server.ts'
import { testedClient } from '../transport/client.ts'

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Asked {
  path: string
  bearer: string | undefined
  beta: string | undefined
  body: JsonObject
}

/** Vertex AI's front for Claude: as particular as Google's about paths and bodies, with the scripted provider behind it. */
async function front(scripted: ScriptedServer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, reply) => {
    let text = ''
    for await (const piece of request) text += piece
    const { anthropic_version: version, ...body } = JSON.parse(text) as JsonObject
    const { authorization: bearer, 'anthropic-beta': beta } = request.headers
    const path = request.url ?? ''
    asked.push({ path, bearer, beta: beta?.toString(), body })
    const [, named, method] =
      /^\/v1\/projects\/proj\/locations\/eu\/publishers\/anthropic\/models\/([^/]+):(\w+)$/.exec(path) ?? []
    const count = named === 'count-tokens'
    const model = count ? body.model : named
    const right = method === (body.stream === true ? 'streamRawPredict' : 'rawPredict') && 'model' in body === count
    if (!right || version !== 'vertex-2023-10-16') {
      reply
        .writeHead(400)
        .end(JSON.stringify({ error: { code: 400, message: 'Extra inputs', status: 'INVALID_ARGUMENT' } }))
      return
    }
    const answer = await fetch(`${scripted.url}/v1/messages${count ? '/count_tokens' : ''}`, {
      method: 'POST',
      body: JSON.stringify({ ...body, model }),
    })
    reply
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      .end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

async function house() {
  const scripted = await startScripted({
    script: { steps: [{ reasoning: 'Hmm.', signature: 's1' }, { text: 'Hello' }] },
  })
  const tokens = await startTokenServer()
  open.push(
    () => scripted.close(),
    () => tokens.close(),
  )
  const { url: base_url, asked } = await front(scripted)
  const provider = { name: 'v', kind: 'vertex-anthropic', base_url, project: 'proj', location: 'eu' }
  const config = { transport: { client: testedClient }, providers: [{ ...provider, google_credentials: tokens.file }] }
  const sluice = await createSluice({ config, env: {}, port: 0, logLevel: 'silent' })
  open.push(() => sluice.close())
  return { sluice, asked, client: new Anthropic({ apiKey: 'k', baseURL: sluice.url, maxRetries: 0 }) }
}

const model = 'v/claude-sonnet-4-5@20250929'
const path = '/v1/projects/proj/locations/eu/publishers/anthropic/models'
const messages = [{ role: 'user' as const, content: 'Hi' }]

it('Anthropic’s SDK speaks to Claude on Vertex AI, streamed and whole', async () => {
  const { client, asked } = await house()
  const betas = { headers: { 'anthropic-beta': 'context-1m-2025-08-07' } }
  const whole = await client.messages.create({ model, max_tokens: 50, messages }, betas)
  const streamed = await client.messages.stream({ model, max_tokens: 50, messages }).finalMessage()
  for (const { content } of [whole, streamed]) {
    expect(content).toMatchObject([
      { type: 'thinking', signature: 's1' },
      { type: 'text', text: 'Hello' },
    ])
  }
  expect(asked.map(({ path: at, bearer, beta }) => [at, bearer, beta])).toEqual([
    [`${path}/claude-sonnet-4-5@20250929:rawPredict`, 'Bearer token-1', 'context-1m-2025-08-07'],
    [`${path}/claude-sonnet-4-5@20250929:streamRawPredict`, 'Bearer token-1', undefined],
  ])
})

it('what only Anthropic knows goes on, and the prompt is counted there', async () => {
  const { client, asked } = await house()
  const fields = { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }
  await client.messages.create({ model, max_tokens: 50, messages, ...fields })
  expect(asked[0]!.body).toEqual({ max_tokens: 50, messages, ...fields })
  const { input_tokens } = await client.messages.countTokens({ model, messages })
  expect(input_tokens).toBeGreaterThan(0)
  expect(asked[1]).toMatchObject({ path: `${path}/count-tokens:rawPredict`, bearer: 'Bearer token-1' })
})

it('a client of another language does, too', async () => {
  const { sluice } = await house()
  const body = JSON.stringify({ model, messages, stream: true })
  const answer = await fetch(`${sluice.url}/v1/chat/completions`, { method: 'POST', body })
  const text = await answer.text()
  expect([text.includes('"content":"Hello"'), text.trimEnd().endsWith('data: [DONE]')]).toEqual([true, true])
})

it('its models cannot be listed, and nobody is asked for them', async () => {
  const { client, asked } = await house()
  expect((await client.models.list()).data).toEqual([])
  expect(asked).toEqual([])
})
