import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { testedClient } from '../transport/client.ts'

interface Asked {
  url: string
  headers: IncomingHttpHeaders
  body: JsonObject
}

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Deltas = Array<JsonObject | string>

/** A server that says the same deltas to everybody, as a stream or whole; texts stand in the stream as they are. */
async function server(deltas: Deltas, finish = 'stop') {
  const asked: Asked[] = []
  const head = { id: 'c1', created: 7, model: 'm' }
  const upstream = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const body = JSON.parse(text) as JsonObject
    asked.push({ url: request.url ?? '', headers: request.headers, body })
    if (!body.stream) {
      const message: JsonObject = { role: 'assistant', content: null }
      for (const delta of deltas) {
        if (typeof delta === 'string') continue
        for (const [key, value] of Object.entries(delta)) {
          message[key] = typeof value === 'string' ? `${message[key] ?? ''}${value}` : value
        }
      }
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ ...head, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }] }),
      )
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    const chunk = (delta: JsonObject, word: string | null = null): void => {
      const choices = [{ index: 0, delta, finish_reason: word }]
      response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`)
    }
    chunk({ role: 'assistant', content: '' })
    for (const delta of deltas) {
      if (typeof delta === 'string') response.write(delta)
      else chunk(delta)
    }
    chunk({}, finish)
    response.end('data: [DONE]\n\n')
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  open.push(async () => {
    upstream.closeAllConnections()
    await new Promise((resolve) => upstream.close(resolve))
  })
  return { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, asked }
}

async function clients(provider: Omit<ProviderOptions, 'name'>, headers: Record<string, string> = {}) {
  const sluice = await createSluice({
    config: {
      streaming: { max_retries: 0 },
      transport: { client: testedClient },
      providers: [{ name: 'p', api_keys: ['provider-key'], ...provider }],
    },
    env: {},
    port: 0,
    logLevel: 'silent',
  })
  open.push(() => sluice.close())
  const shared = { apiKey: 'any', maxRetries: 0, defaultHeaders: headers }
  return {
    sluice,
    openai: new OpenAI({ baseURL: `${sluice.url}/v1`, ...shared }),
    anthropic: new Anthropic({ baseURL: sluice.url, ...shared }),
  }
}

const call = { index: 0, id: 'abc123XYZ', type: 'function', function: { name: 'look', arguments: '{"x":1}' } }
const tool = { type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }
const hi = [{ role: 'user' as const, content: 'hi' }]

describe('a server with an accent of its own', () => {
  it('is spoken to as it wants by a client of the same language', async () => {
    const { url, asked } = await server([{ tool_calls: [call] }], 'tool_calls')
    const { openai } = await clients({ kind: 'mistral', base_url: `${url}/v1` })
    const { data, response } = await openai.chat.completions
      .create({
        model: 'p/mistral-large',
        seed: 7,
        user: 'u',
        stream: true,
        tools: [tool],
        tool_choice: 'required',
        messages: [
          ...hi,
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_long_and_foreign', type: 'function', function: { name: 'look', arguments: '{}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_long_and_foreign', content: '1' },
        ],
      })
      .withResponse()
    for await (const chunk of data) void chunk
    const { body } = asked[0]!
    expect(body).toMatchObject({ model: 'mistral-large', random_seed: 7, tool_choice: 'any', stream: true })
    for (const field of ['seed', 'user', 'stream_options']) expect(body).not.toHaveProperty(field)
    const messages = body.messages as JsonObject[]
    const [{ id }] = messages[1]!.tool_calls as [{ id: string }]
    expect(id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: id, content: '1', name: 'look' })
    expect(response.headers.get('x-sluice-warnings')).toBe('user;dropped')
  })

  it('is refused at once what it cannot do, in the dialect of the client', async () => {
    const { url, asked } = await server([{ content: 'x' }])
    const { openai, anthropic } = await clients({ kind: 'glm', base_url: url })
    const asking = openai.chat.completions.create({ model: 'p/glm-4', messages: hi, n: 2 })
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'n' })
    const insisting = anthropic.messages.create({
      model: 'p/glm-4',
      max_tokens: 9,
      messages: hi,
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any' },
    })
    await expect(insisting).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(asked).toEqual([])
  })

  it('that only streams gives whole answers all the same', async () => {
    const { url, asked } = await server([{ reasoning_content: 'hm' }, { content: 'Hel' }, { content: 'lo' }])
    const { openai, anthropic } = await clients({ kind: 'qwen', base_url: url })
    const answer = await openai.chat.completions.create({ model: 'p/qwq-32b', messages: hi })
    expect(answer.choices[0]?.message).toMatchObject({ content: 'Hello', reasoning_content: 'hm' })
    const message = await anthropic.messages.create({ model: 'p/qwq-32b', max_tokens: 9, messages: hi })
    expect(message.content.at(-1)).toMatchObject({ type: 'text', text: 'Hello' })
    expect(asked.map(({ url: path, body }) => [path, body.stream])).toEqual([
      ['/compatible-mode/v1/chat/completions', true],
      ['/compatible-mode/v1/chat/completions', true],
    ])
  })

  it('that wants its reasoning back with the calls gets it through another dialect', async () => {
    const { url, asked } = await server([{ reasoning_content: 'I look.' }, { tool_calls: [call] }], 'tool_calls')
    const { anthropic } = await clients({ kind: 'deepseek', base_url: url })
    const tools = [{ name: 'look', input_schema: { type: 'object' as const } }]
    const base = {
      model: 'p/deepseek-v4',
      max_tokens: 2000,
      tools,
      thinking: { type: 'enabled' as const, budget_tokens: 1500 },
    }
    const first = await anthropic.messages.stream({ ...base, messages: hi }).finalMessage()
    // It is signed, so that clients which drop unsigned thinking keep it.
    expect(first.content[0]).toMatchObject({
      type: 'thinking',
      thinking: 'I look.',
      signature: expect.stringMatching(/^slc1\./),
    })
    const use = first.content.find((block) => block.type === 'tool_use')
    const results = [{ type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: '1' }]
    await anthropic.messages.create({
      ...base,
      messages: [...hi, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    })
    expect(asked[0]!.body).toMatchObject({ thinking: { type: 'enabled' }, reasoning_effort: 'high' })
    expect(asked[1]!.body.messages).toEqual([
      { role: 'user', content: 'hi' },
      expect.objectContaining({ role: 'assistant', reasoning_content: 'I look.', tool_calls: [expect.anything()] }),
      expect.objectContaining({ role: 'tool', tool_call_id: 'abc123XYZ' }),
    ])
  })

  it.each([true, false])(
    'that wants its reasoning back gets it for a client that forgot it (streamed: %s)',
    async (stream) => {
      const { url, asked } = await server([{ reasoning_content: 'I look.' }, { tool_calls: [call] }], 'tool_calls')
      const { openai } = await clients({ kind: 'deepseek', base_url: url })
      const base = { model: 'p/deepseek-v4', tools: [tool] }
      let text = ''
      if (stream) {
        for await (const chunk of await openai.chat.completions.create({ ...base, messages: hi, stream }))
          text += JSON.stringify(chunk)
      } else text = JSON.stringify(await openai.chat.completions.create({ ...base, messages: hi }))
      // What the provider did not say is not said to the client either.
      expect(text).toContain('"reasoning_content":"I look."')
      expect(text).not.toContain('reasoning_details')
      const { index: _, ...made } = call
      const loop = [
        ...hi,
        { role: 'assistant' as const, content: null, tool_calls: [made as never] },
        { role: 'tool' as const, tool_call_id: call.id, content: '1' },
      ]
      await openai.chat.completions.create({ ...base, messages: loop })
      expect((asked[1]!.body.messages as JsonObject[])[1]).toMatchObject({
        reasoning_content: 'I look.',
        tool_calls: [{ id: call.id }],
      })
      // Of a call that nobody remembers there is at least the field.
      const other = [{ ...made, id: 'unknown12' }]
      await openai.chat.completions.create({
        ...base,
        messages: [
          ...hi,
          { role: 'assistant', content: null, tool_calls: other as never },
          { role: 'tool', tool_call_id: 'unknown12', content: '1' },
        ],
      })
      expect((asked[2]!.body.messages as JsonObject[])[1]).toMatchObject({ reasoning_content: '' })
    },
  )

  it('that is known to nobody is described in the configuration', async () => {
    const { url, asked } = await server([{ content: '<thought>a</thought>b' }])
    const quirks: ProviderOptions['quirks'] = { drops: ['seed'], renames: { user: 'who' }, think_tags: ['thought'] }
    const { openai } = await clients({ dialect: 'openai-chat', base_url: url, quirks })
    const answer = await openai.chat.completions.create({ model: 'p/m', messages: hi, seed: 1, user: 'u' })
    expect(asked[0]!.body).toEqual({ model: 'm', messages: hi, who: 'u' })
    expect(answer.choices[0]?.message).toMatchObject({ content: 'b', reasoning_content: 'a' })
  })
})

describe('reasoning that a model writes into its text', () => {
  const pieces: Deltas = ['<th', 'ink>', 'h', 'm</thi', 'nk>\n\nHel', 'lo <b>'].map((content) => ({ content }))

  it('is reasoning for every client, streamed as well as whole', async () => {
    const { url } = await server(pieces)
    const { openai, anthropic } = await clients({ kind: 'together', base_url: `${url}/v1` })
    const model = 'p/deepseek-ai/DeepSeek-R1'
    const whole = await openai.chat.completions.create({ model, messages: hi })
    expect(whole.choices[0]?.message).toMatchObject({ content: 'Hello <b>', reasoning_content: 'hm' })

    const told = { content: '', reasoning: '' }
    for await (const { choices } of await openai.chat.completions.create({ model, messages: hi, stream: true })) {
      const delta = choices[0]?.delta as { content?: string; reasoning_content?: string }
      told.content += delta.content ?? ''
      told.reasoning += delta.reasoning_content ?? ''
    }
    expect(told).toEqual({ content: 'Hello <b>', reasoning: 'hm' })

    const asked = { model, max_tokens: 99, messages: hi }
    const streamed = await anthropic.messages.stream(asked).finalMessage()
    const message = await anthropic.messages.create(asked)
    for (const { content } of [streamed, message]) {
      expect(content).toMatchObject([
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'Hello <b>' },
      ])
    }
  })

  it('stays text for models that are not known to do so', async () => {
    const { url } = await server(pieces)
    const { openai } = await clients({ kind: 'together', base_url: `${url}/v1` })
    const whole = await openai.chat.completions.create({ model: 'p/other', messages: hi })
    expect(whole.choices[0]?.message.content).toBe('<think>hm</think>\n\nHello <b>')
  })
})

describe('where a provider is', () => {
  it.each<[string, (url: string) => Omit<ProviderOptions, 'name'>, string, Record<string, string>]>([
    [
      'Azure',
      (url) => ({ kind: 'azure', base_url: url }),
      '/openai/v1/chat/completions',
      { 'api-key': 'provider-key' },
    ],
    [
      'Azure, the classic form',
      (url) => ({
        kind: 'azure',
        base_url: `${url}/openai/deployments/{model}`,
        query: { 'api-version': '2024-10-21' },
      }),
      '/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
      { 'api-key': 'provider-key' },
    ],
    [
      'Perplexity',
      (url) => ({ kind: 'perplexity', base_url: url }),
      '/chat/completions',
      { authorization: 'Bearer provider-key' },
    ],
    ['OpenRouter', (url) => ({ kind: 'openrouter', base_url: url }), '/api/v1/chat/completions', {}],
    ['an unknown one', (url) => ({ dialect: 'openai-chat', base_url: url }), '/v1/chat/completions', {}],
    [
      'one with a header of its own',
      (url) => ({ dialect: 'openai-chat', base_url: url, auth_header: 'x-goog-api-key' }),
      '/v1/chat/completions',
      { 'x-goog-api-key': 'provider-key' },
    ],
  ])('%s', async (_, provider, path, headers) => {
    const { url, asked } = await server([{ content: 'x' }])
    const { openai } = await clients(provider(url))
    await openai.chat.completions.create({ model: 'p/my gpt', messages: hi })
    expect(asked).toMatchObject([{ url: path, headers }])
    const shown = ['authorization', 'api-key', 'x-api-key', 'x-goog-api-key'].filter((name) => asked[0]!.headers[name])
    expect(shown).toHaveLength(1)
  })
})

describe('a client that takes less than its dialect allows', () => {
  const deltas: Deltas = [': OPENROUTER PROCESSING\n\n', { reasoning_content: 'hm', odd: 1 }, { content: 'Hello' }]
  const said = async (
    headers: Record<string, string>,
    stream = true,
    kind: Omit<ProviderOptions, 'name'> = { dialect: 'openai-chat' },
  ) => {
    const { url } = await server(deltas)
    const { sluice } = await clients({ ...kind, base_url: `${url}/v1` })
    const response = await fetch(`${sluice.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'p/m', messages: hi, stream }),
    })
    return { status: response.status, text: await response.text() }
  }

  it('gets all that the provider says when nothing is known of it', async () => {
    const { text } = await said({ 'user-agent': 'curl/8' })
    expect(text).toContain(': OPENROUTER PROCESSING')
    expect(text).toContain('"odd":1')
  })

  it.each<[string, Record<string, string>]>([
    ['Copilot CLI', { 'user-agent': 'copilot-cli/1.2.3 (linux)' }],
    ['the strict profile', { 'x-sluice-client': 'strict' }],
  ])('%s: no field that OpenAI does not have', async (_, headers) => {
    for (const stream of [true, false]) {
      const { text } = await said(headers, stream)
      expect(text).toContain('Hello')
      expect(text).not.toMatch(/reasoning|odd|"hm"/)
    }
  })

  it('no comment for the strict one, the first that comes included', async () => {
    expect((await said({ 'x-sluice-client': 'strict' })).text).not.toMatch(/^:/m)
  })

  it.each<[string, string[]]>([
    ['openrouter-sdk', ['reasoning']],
    ['both', ['reasoning', 'reasoning_content']],
    ['usual', ['reasoning_content']],
  ])('%s reads reasoning in %j', async (name, fields) => {
    for (const stream of [true, false]) {
      const { text } = await said({ 'x-sluice-client': name }, stream, { dialect: 'openai-chat', normalise: true })
      const found = [...text.matchAll(/"(reasoning\w*)":"hm"/g)].map(([, field]) => field).sort()
      expect(found).toEqual(fields)
    }
  })

  it('is told which profiles there are when it names another', async () => {
    const { status, text } = await said({ 'x-sluice-client': 'mine' })
    expect(status).toBe(400)
    expect(JSON.parse(text).error.message).toMatch(/there are copilot-cli, openrouter-sdk, both, strict, usual$/)
  })
})
