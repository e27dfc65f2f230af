import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { type GeminiHouse, type GeminiHouseOptions, modelAt, openGeminiHouse, upstreams } from './gemini-house.ts'

const open: Array<{ close(): Promise<void> }> = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function house(
  options: GeminiHouseOptions = {},
): Promise<GeminiHouse & { openai: OpenAI; anthropic: Anthropic }> {
  const at = await openGeminiHouse(options)
  open.push(at)
  const shared = { apiKey: 'client-key', maxRetries: 0 }
  return {
    ...at,
    openai: new OpenAI({ ...shared, baseURL: `${at.sluice.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: at.sluice.url }),
  }
}

const answer = 'Grüße, 世界! 👩‍👩‍👧‍👦 "quoted" \\ \u2028 end.'
const signature = 'c2lnbmF0dXJlLW9mLWEtdGhvdWdodA=='
const weather = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }

/** The signatures of a request's model turns, with the names of the functions that carry them. */
function signatures(body: JsonObject): unknown[] {
  const contents = body.contents as Array<{ role: string; parts: JsonObject[] }>
  return contents
    .filter(({ role }) => role === 'model')
    .flatMap(({ parts }) => parts)
    .filter((part) => part.thoughtSignature !== undefined)
    .map((part) => [(part.functionCall as JsonObject | undefined)?.name ?? part.text, part.thoughtSignature])
}

describe.each([true, false])('a client of another API before a provider that speaks Gemini, streamed %s', (stream) => {
  async function chat(at: { openai: OpenAI }, body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>) {
    return stream
      ? at.openai.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion()
      : at.openai.chat.completions.create(body)
  }
  const say = (at: { anthropic: Anthropic }, body: Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'>) =>
    stream ? at.anthropic.messages.stream(body).finalMessage() : at.anthropic.messages.create(body)

  it('text and counts arrive', async () => {
    const usage = { input: 1200, cacheRead: 1000, output: 50, reasoning: 20 }
    const at = await house({ script: { steps: [{ text: answer }], usage } })
    const model = modelAt('gemini')
    const { choices, usage: cost } = await chat(at, { model, messages: [{ role: 'user', content: 'Hi' }] })
    expect(choices[0]).toMatchObject({ message: { content: answer }, finish_reason: 'stop' })
    expect(cost).toMatchObject({
      prompt_tokens: 1200,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 1000 },
      completion_tokens_details: { reasoning_tokens: 20 },
    })
    const message = await say(at, { model, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
    expect(message).toMatchObject({
      content: [{ type: 'text', text: answer }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 200, cache_read_input_tokens: 1000, output_tokens: 50 },
    })
  })

  it('a loop of parallel calls and more calls gives every signature back on its own call', async () => {
    const at = await house({
      script: {
        turns: [
          {
            steps: [
              { reasoning: 'Both.', signature },
              {
                parallel: [
                  { tool: 'get_weather', arguments: { city: 'Paris' } },
                  { tool: 'get_weather', arguments: { city: 'Zürich' } },
                ],
              },
            ],
          },
          {
            steps: [
              { reasoning: 'And the time.', signature: 'c2Vjb25k' },
              { tool: 'get_time', arguments: {} },
            ],
          },
          { steps: [{ text: 'The tools say: {{tool_result}}' }] },
        ],
      },
    })
    const model = modelAt('gemini')
    const names = ['get_weather', 'get_time']
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'What is it like?' }]
    const tools = names.map((name) => ({ type: 'function' as const, function: { name, parameters: weather } }))
    for (let round = 0; round < 2; round++) {
      const { choices } = await chat(at, { model, messages, tools })
      const { message, finish_reason } = choices[0]!
      expect(finish_reason).toBe('tool_calls')
      messages.push(message)
      for (const { id } of message.tool_calls ?? []) messages.push({ role: 'tool', tool_call_id: id, content: 'fine' })
    }
    const last = await chat(at, { model, messages, tools })
    expect(last.choices[0]!.message.content).toMatch(/^The tools say: fine/)
    const wanted = [
      ['get_weather', signature],
      ['get_time', 'c2Vjb25k'],
    ]
    expect(signatures(at.sent())).toEqual(wanted)

    const turns: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is it like?' }]
    const offered = names.map((name) => ({ name, input_schema: weather }))
    for (let round = 0; round < 2; round++) {
      const { content, stop_reason } = await say(at, { model, max_tokens: 99, messages: turns, tools: offered })
      expect(stop_reason).toBe('tool_use')
      turns.push({ role: 'assistant', content })
      const calls = content.filter((block) => block.type === 'tool_use')
      turns.push({
        role: 'user',
        content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'fine' })),
      })
    }
    await say(at, { model, max_tokens: 99, messages: turns, tools: offered })
    expect(signatures(at.sent())).toEqual(wanted)
  })

  it('a client that builds its messages anew does not lose the signatures of calls', async () => {
    const at = await house({
      script: {
        turns: [
          {
            steps: [
              { reasoning: 'Hm.', signature },
              { tool: 'get_time', arguments: {} },
            ],
          },
          { steps: [{ text: 'Done.' }] },
        ],
      },
    })
    const model = modelAt('gemini')
    const tools = [{ type: 'function' as const, function: { name: 'get_time', parameters: weather } }]
    const user = { role: 'user' as const, content: 'What time is it?' }
    const { choices } = await chat(at, { model, messages: [user], tools })
    const calls = choices[0]!.message.tool_calls!.map((call) => ({
      id: call.id,
      type: 'function' as const,
      function: { name: 'get_time', arguments: '{}' },
    }))
    const rebuilt = { role: 'assistant' as const, content: null, tool_calls: calls }
    const result = { role: 'tool' as const, tool_call_id: calls[0]!.id, content: 'noon' }
    await chat(at, { model, messages: [user, rebuilt, result], tools })
    expect(signatures(at.sent())).toEqual([['get_time', signature]])
  })

  it.each([
    [400, 400],
    [404, 404],
    [429, 429],
    [503, 503],
  ])('the error %i keeps its status', async (status, shown) => {
    const at = await house({ script: { fault: { status } } })
    const model = modelAt('gemini')
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await expect(chat(at, { model, messages })).rejects.toMatchObject({ status: shown })
    const anthropic = say(at, { model, max_tokens: 9, messages })
    await expect(anthropic).rejects.toMatchObject({ status: shown === 503 ? 529 : shown })
  })

  it('a key that the provider does not take is no fault of the client', async () => {
    const at = await house({
      script: { fault: { status: 400, code: 'API_KEY_INVALID', message: 'API key not valid.' } },
    })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await expect(chat(at, { model: modelAt('gemini'), messages })).rejects.toMatchObject({ status: 502 })
  })

  it('pictures arrive', async () => {
    const at = await house({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    const url = 'data:image/png;base64,iVBORw0KGgo='
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: 'text', text: 'Look.' },
      { type: 'image_url', image_url: { url } },
    ]
    const { choices } = await chat(at, { model: modelAt('gemini'), messages: [{ role: 'user', content }] })
    expect(choices[0]!.message.content).toBe('I see image/png of 8 bytes.')
  })
})

type Model = ReturnType<ReturnType<typeof createGoogleGenerativeAI>>
type Options = Parameters<Model['doStream']>[0]
type Prompt = Options['prompt']
type Content = Awaited<ReturnType<Model['doGenerate']>>['content']

/** The parts of a stream, put together as the SDK does it. */
async function streamed(model: Model, options: Options): Promise<Content> {
  const { stream } = await model.doStream(options)
  const content: Content = []
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const part = next.value
    const more = 'providerMetadata' in part && part.providerMetadata ? { providerMetadata: part.providerMetadata } : {}
    const last = content.at(-1)
    if (part.type === 'error') throw part.error
    if (part.type === 'text-start') content.push({ type: 'text', text: '', ...more })
    else if (part.type === 'reasoning-start') content.push({ type: 'reasoning', text: '', ...more })
    else if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
      if (last?.type === 'text' || last?.type === 'reasoning') {
        Object.assign(last, { text: last.text + part.delta, ...more })
      }
    } else if (part.type === 'tool-call') content.push(part)
  }
  return content
}

describe.each(upstreams)('the AI SDK with its Google provider, before %s', (upstream) => {
  const turns = [
    {
      steps: [
        { reasoning: 'The tool knows.', signature },
        { tool: 'get_weather', arguments: { city: 'Paris' } },
      ],
    },
    { steps: [{ text: 'The tool says: {{tool_result}}' }] },
  ]

  it.each([true, false])('completes a loop of tools, streamed %s', async (stream) => {
    const at = await house({ script: { turns } })
    const google = createGoogleGenerativeAI({ apiKey: 'client-key', baseURL: `${at.sluice.url}/v1beta` })
    const model = google(modelAt(upstream))
    const prompt: Prompt = [{ role: 'user', content: [{ type: 'text', text: 'What is it like in Paris?' }] }]
    const options: Options = {
      prompt,
      tools: [{ type: 'function', name: 'get_weather', inputSchema: weather }],
      providerOptions: { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } } },
      maxOutputTokens: 9000,
    }
    const ask = async (): Promise<Content> =>
      stream ? streamed(model, options) : (await model.doGenerate(options)).content
    const first = await ask()
    const said = first.map((part) => {
      const { providerMetadata, ...rest } = part as Content[number] & { providerMetadata?: object }
      const input = part.type === 'tool-call' ? { input: JSON.parse(part.input) as unknown } : {}
      return { ...rest, ...input, ...(providerMetadata && { providerOptions: providerMetadata }) }
    })
    prompt.push({ role: 'assistant', content: said as never })
    const calls = first.filter((part) => part.type === 'tool-call')
    expect(calls).toMatchObject([{ toolName: 'get_weather', input: '{"city":"Paris"}' }])
    const output = { type: 'text' as const, value: 'rain' }
    const content = calls.map(({ toolCallId, toolName }) => {
      return { type: 'tool-result' as const, toolCallId, toolName, output }
    })
    prompt.push({ role: 'tool', content })
    expect(await ask()).toMatchObject([{ type: 'text', text: expect.stringContaining('The tool says: ') }])
    const body = JSON.stringify(at.sent())
    expect(body).toContain('rain')
    expect(body).not.toContain('slc1.')
    // OpenAI's own models take no such state back.
    if (upstream !== 'openai-chat') expect(body).toContain(signature)
  })

  it('an error is an error', async () => {
    const at = await house({ script: { fault: { status: 429 } } })
    const google = createGoogleGenerativeAI({ apiKey: 'client-key', baseURL: `${at.sluice.url}/v1beta` })
    const prompt: Prompt = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]
    await expect(google(modelAt(upstream)).doGenerate({ prompt })).rejects.toMatchObject({ statusCode: 429 })
  })
})

describe('a provider that streams an array although events were asked for', () => {
  it.each([
    ['array', ''],
    ['sse', '?alt=sse'],
  ])('is read, and the client gets what it asked for: %s', async (_, query) => {
    const chunk = (text: string, more: JsonObject = {}): JsonObject => ({
      candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }],
    })
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify([chunk('one '), chunk('two', { finishReason: 'STOP' })], null, 1))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const sluice = await createSluice({
      config: { streaming: { max_retries: 0 }, providers: [{ name: 'ge', dialect: 'gemini', base_url: url }] },
      env: {},
      port: 0,
      logLevel: 'silent',
    })
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) }, sluice)
    const response = await fetch(`${sluice.url}/v1beta/models/ge/m:streamGenerateContent${query}`, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    })
    const text = await response.text()
    const chunks =
      query === ''
        ? (JSON.parse(text) as JsonObject[])
        : text.match(/(?<=^data: ).*$/gm)!.map((line) => JSON.parse(line) as JsonObject)
    expect(JSON.stringify(chunks)).toMatch(/one .*two.*STOP/)
  })
})
