import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { type Ask, ask, hello, type Pair } from './pairs.ts'

/** The real packages of the AI SDK, before the vendors that they are made for. */
const packages = {
  '@ai-sdk/openai (chat)': 'pc/gpt-4.1-mini',
  '@ai-sdk/openai': 'pr/gpt-4.1-mini',
  '@ai-sdk/anthropic': 'pa/claude-sonnet-4-5',
  '@ai-sdk/google': 'pg/gemini-2.5-flash',
  '@ai-sdk/openai-compatible': 'pk/llama-3',
} as const

type PackagePair = Pair & { package: string; way: string }

const pairs = Object.entries(packages).flatMap(([name, model]) =>
  (['openai-chat', 'anthropic-messages'] as const).flatMap((client) =>
    [true, false].map(
      (stream): PackagePair => ({
        client,
        // The helper asks only for the name of the model.
        upstream: 'openai-chat',
        model: () => model,
        stream,
        package: name,
        way: stream ? 'streamed' : 'whole',
      }),
    ),
  ),
)
const isChat = (pair: Pair): boolean => pair.client === 'openai-chat'

const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const tools: Ask = {
  chat: {
    ...hello.chat,
    tools: [{ type: 'function', function: { name: 'get_weather', description: 'of a city', parameters: schema } }],
  },
  messages: {
    ...hello.messages,
    tools: [{ name: 'get_weather', description: 'of a city', input_schema: schema }],
  },
}
const text = 'Grüße, 世界 👩‍👩‍👧!'
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p1nVYQAAAABJRU5ErkJggg=='

describe.each(pairs)('$client before $package, $way', (pair) => {
  it('hears the text and the counts', async () => {
    const usage = { input: 100, cacheRead: 70, output: 5 }
    const house = await openHouse({ script: { steps: [{ text, chunk: 1 }], usage, wire: { write: 3 } } })
    const heard = await ask(house, pair, hello)
    expect(heard.text).toBe(text)
    expect(heard.finish).toBe(isChat(pair) ? 'stop' : 'end_turn')
    expect(heard.usage).toMatchObject(
      isChat(pair)
        ? { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 70 } }
        : { input_tokens: 30, output_tokens: 5, cache_read_input_tokens: 70 },
    )
    expect(house.scripted.requests).toHaveLength(1)
    if (pair.stream) expect(house.head.get('x-sluice-stream')).toBe('native')
    const { headers } = house.scripted.requests[0]!
    expect([headers.authorization, headers['x-api-key'], headers['x-goog-api-key']].join(' ')).toContain('provider-key')
    expect(JSON.stringify(headers)).not.toContain('client-key')
  })

  it('calls tools side by side', async () => {
    const script: Script = {
      steps: [
        { text: 'Let me look.' },
        { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'call_A' },
        { tool: 'get_weather', arguments: { city: 'Bern' }, id: 'call_B' },
      ],
    }
    const house = await openHouse({ script })
    const heard = await ask(house, pair, tools)
    expect(heard.calls.map(({ name, arguments: args }) => [name, args])).toEqual([
      ['get_weather', { city: 'Zürich' }],
      ['get_weather', { city: 'Bern' }],
    ])
    expect(heard).toMatchObject({ text: 'Let me look.', finish: isChat(pair) ? 'tool_calls' : 'tool_use' })
    expect(JSON.stringify(house.sent().tools)).toContain('get_weather')
  })

  it('shows an image', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'I see {{images}}.' }] } })
    const heard = await ask(house, pair, {
      chat: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
              { type: 'text', text: 'What is it?' },
            ],
          },
        ],
      },
      messages: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              { type: 'text', text: 'What is it?' },
            ],
          },
        ],
      },
    })
    expect(heard.text).toMatch(/^I see image\/png of \d+ bytes\.$/)
  })

  it('hears that the longest length was reached', async () => {
    const house = await openHouse({ script: { steps: [{ text }], finish: 'length' } })
    expect((await ask(house, pair, hello)).finish).toBe(isChat(pair) ? 'length' : 'max_tokens')
  })

  it.each([
    [400, 400],
    [401, 502],
    [404, 404],
    [429, 429],
    [500, 500],
    [503, isChat(pair) ? 503 : 529],
  ])('a refusal with status %i is told before the answer begins', async (status, told) => {
    const fault = { status, message: 'because', ...(status === 429 && { retryAfter: '7s' }) }
    const house = await openHouse({ script: { steps: [{ text }], fault } })
    const failed = await ask(house, pair, hello).catch((error: unknown) => error)
    const { APIError } = isChat(pair) ? OpenAI : Anthropic
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ status: told, message: expect.stringContaining('because') })
    if (status === 429) expect(house.head.get('retry-after')).toBe('7')
    expect(house.scripted.requests).toHaveLength(1)
  })
})
