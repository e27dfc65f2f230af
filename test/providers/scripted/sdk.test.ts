import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../../src/providers/scripted/index.ts'
import { start } from './raw-client.ts'

const said = (script: Script): string => JSON.stringify({ sluice_script: script })
const everything: Script = {
  steps: [
    { reasoning: 'Hm, let me see.', signature: 'c2ln' },
    { text: 'Grüße, 世界!', chunk: 1 },
    { tool: 'look', id: 'call_look', arguments: { where: 'Zürich', deep: { a: [1, 2] } }, pieces: 7 },
    { tool: 'now', arguments: '' },
  ],
  usage: { input: 100, output: 40, cacheRead: 60, cacheWrite: 10, reasoning: 12 },
}

describe('the openai SDK', () => {
  const client = async () => new OpenAI({ apiKey: 'any', baseURL: `${(await start()).url}/v1`, maxRetries: 0 })
  const request = (script: Script) => ({ model: 'm', messages: [{ role: 'user' as const, content: said(script) }] })

  it('puts text, tool calls and usage of a stream together', async () => {
    const openai = await client()
    const stream = openai.chat.completions.stream({ ...request(everything), stream_options: { include_usage: true } })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'Grüße, 世界!' } })
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_look', function: { name: 'look', arguments: '{"where":"Zürich","deep":{"a":[1,2]}}' } },
      { id: 'call_1_1', function: { name: 'now', arguments: '' } },
    ])
    expect(usage).toMatchObject({
      prompt_tokens: 100,
      completion_tokens: 40,
      total_tokens: 140,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 12 },
    })
  })

  it('gets the same answer whole', async () => {
    const openai = await client()
    const whole = await openai.chat.completions.create(request(everything))
    const streamed = await openai.chat.completions
      .stream({ ...request(everything), stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(whole.usage).toEqual(streamed.usage)
    expect(whole.choices[0]?.message.content).toBe(streamed.choices[0]?.message.content)
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { reasoning: 'Hm, let me see.' } })
  })

  it('sees usage only when it asks for it, and never under usage: false', async () => {
    const openai = await client()
    const usages = async (script: Script, include: boolean) => {
      const found: unknown[] = []
      const stream = await openai.chat.completions.create({
        ...request(script),
        stream: true,
        ...(include && { stream_options: { include_usage: true } }),
      })
      for await (const chunk of stream) found.push(chunk.usage)
      return [...new Set(found.map((usage) => (usage ? 'counts' : String(usage))))]
    }
    expect(await usages({ steps: [{ text: 'a b' }] }, false)).toEqual(['undefined'])
    expect(await usages({ steps: [{ text: 'a b' }] }, true)).toEqual(['null', 'counts'])
    expect(await usages({ steps: [{ text: 'a b' }], usage: false }, true)).toEqual(['null'])
  })

  it('gets interleaved parallel calls, n choices and log-probabilities', async () => {
    const openai = await client()
    const script: Script = {
      steps: [
        { text: 'So: ' },
        {
          parallel: [
            { tool: 'a', arguments: { x: 1 } },
            { tool: 'b', arguments: { y: 2 } },
          ],
        },
      ],
    }
    const order: number[] = []
    const stream = openai.chat.completions.stream({ ...request(script), n: 2, logprobs: true, top_logprobs: 2 })
    for await (const { choices } of stream) {
      for (const { index, delta } of choices)
        if (index === 0) for (const call of delta.tool_calls ?? []) order.push(call.index)
    }
    expect(order.slice(0, 6)).toEqual([0, 1, 0, 1, 0, 1])
    const { choices } = await stream.finalChatCompletion()
    expect(choices).toHaveLength(2)
    for (const { message, logprobs } of choices) {
      expect(message.tool_calls?.map((call) => call.type === 'function' && call.function.arguments)).toEqual([
        '{"x":1}',
        '{"y":2}',
      ])
      expect(logprobs?.content?.[0]).toMatchObject({ token: 'So: ', top_logprobs: [{}, {}] })
    }
    expect(new Set(choices.flatMap(({ message }) => message.tool_calls?.map(({ id }) => id))).size).toBe(4)
  })

  it('gets refusals and custom tools', async () => {
    const openai = await client()
    const refusal = await openai.chat.completions
      .stream(request({ steps: [{ refusal: 'No, sorry.' }] }))
      .finalChatCompletion()
    expect(refusal.choices[0]).toMatchObject({ finish_reason: 'stop', message: { refusal: 'No, sorry.' } })
    const custom = await openai.chat.completions.create(
      request({ steps: [{ tool: 'sql', custom: true, arguments: 'select 1' }] }),
    )
    expect(custom.choices[0]?.message.tool_calls).toMatchObject([
      { type: 'custom', custom: { name: 'sql', input: 'select 1' } },
    ])
  })

  it('types errors by status, and waits out Retry-After', async () => {
    const openai = await client()
    const fail = (status: number) => openai.chat.completions.create(request({ fault: { status } }))
    await expect(fail(429)).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(fail(401)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    await expect(fail(404)).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    await expect(fail(500)).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    const flaky = request({ steps: [{ text: 'at last' }], fault: { status: 429, retryAfter: 120, times: 1 } })
    const started = performance.now()
    const answer = await openai.chat.completions.create(flaky, { maxRetries: 1 })
    expect(answer.choices[0]?.message.content).toBe('at last')
    expect(performance.now() - started).toBeGreaterThan(110)
  })

  it('throws what an error event says', async () => {
    const openai = await client()
    const stream = await openai.chat.completions.create({
      ...request({ steps: [{ text: 'a b c' }], fault: { errorEvent: { message: 'gone' }, afterEvents: 2 } }),
      stream: true,
    })
    let text = ''
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    }
    await expect(read()).rejects.toThrow('gone')
    expect(text).toBe('a')
  })

  it('lists models', async () => {
    const openai = await client()
    const ids: string[] = []
    for await (const model of openai.models.list()) ids.push(model.id)
    expect(ids).toEqual(expect.arrayContaining(['text', 'tools', 'error-429', 'cut']))
    expect(await openai.models.retrieve('text')).toMatchObject({ id: 'text', object: 'model' })
    await expect(openai.models.retrieve('nothing')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe('the anthropic SDK', () => {
  const client = async () => new Anthropic({ apiKey: 'any', baseURL: (await start()).url, maxRetries: 0 })
  const request = (script: Script) => ({
    model: 'm',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: said(script) }],
  })

  it('puts thinking, text, tool calls and usage of a stream together, as in the whole answer', async () => {
    const anthropic = await client()
    const streamed = await anthropic.messages.stream(request(everything)).finalMessage()
    const whole = await anthropic.messages.create(request(everything))
    for (const message of [streamed, whole]) {
      expect(message.stop_reason).toBe('tool_use')
      expect(message.content).toMatchObject([
        { type: 'thinking', thinking: 'Hm, let me see.', signature: 'c2ln' },
        { type: 'text', text: 'Grüße, 世界!' },
        { type: 'tool_use', id: 'call_look', name: 'look', input: { where: 'Zürich', deep: { a: [1, 2] } } },
        { type: 'tool_use', name: 'now', input: {} },
      ])
      // The input of this vendor does not include what came from or went into a cache.
      expect(message.usage).toMatchObject({
        input_tokens: 30,
        cache_read_input_tokens: 60,
        cache_creation_input_tokens: 10,
        output_tokens: 40,
      })
    }
  })

  it.each<[string, Script, object]>([
    [
      'redacted thinking',
      { steps: [{ redacted: 'eHh4' }] },
      { content: [{ type: 'redacted_thinking', data: 'eHh4' }] },
    ],
    [
      'a refusal',
      { steps: [{ refusal: 'No.' }] },
      { stop_reason: 'refusal', content: [{ type: 'text', text: 'No.' }] },
    ],
    ['the ceiling', { steps: [{ text: 'a' }], finish: 'length' }, { stop_reason: 'max_tokens' }],
    [
      'a stop sequence',
      { steps: [{ text: 'a' }], stopSequence: 'END' },
      { stop_reason: 'stop_sequence', stop_sequence: 'END' },
    ],
    ['a pause', { steps: [{ text: 'a' }], finish: 'pause' }, { stop_reason: 'pause_turn' }],
    ['an unknown word', { steps: [{ text: 'a' }], finish: 'bored' }, { stop_reason: 'bored' }],
    [
      'adjacent texts in one block, others apart',
      {
        steps: [{ text: 'a' }, { wait: 1 }, { text: 'b' }, { text: 'c', newBlock: true }, { repeat: 3, text: '{{i}}' }],
      },
      { content: [{ text: 'ab' }, { text: 'c012' }] },
    ],
    [
      'hosted blocks',
      {
        steps: [
          { hosted: [{ type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'x' } }] },
          { hosted: [{ type: 'web_search_tool_result', tool_use_id: 's1', content: [] }] },
        ],
      },
      {
        content: [
          { type: 'server_tool_use', input: { query: 'x' } },
          { type: 'web_search_tool_result', content: [] },
        ],
      },
    ],
    [
      'parallel calls one after another',
      {
        steps: [
          {
            parallel: [
              { tool: 'a', arguments: { x: 1 } },
              { tool: 'b', arguments: {} },
            ],
          },
        ],
      },
      {
        content: [
          { name: 'a', input: { x: 1 } },
          { name: 'b', input: {} },
        ],
      },
    ],
  ])('gets %s, streamed and whole', async (_, script, expected) => {
    const anthropic = await client()
    expect(await anthropic.messages.stream(request(script)).finalMessage()).toMatchObject(expected)
    expect(await anthropic.messages.create(request(script))).toMatchObject(expected)
  })

  it('types errors by status, and waits out Retry-After', async () => {
    const anthropic = await client()
    const fail = (status: number) => anthropic.messages.create(request({ fault: { status } }))
    await expect(fail(429)).rejects.toBeInstanceOf(Anthropic.RateLimitError)
    await expect(fail(529)).rejects.toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } })
    const flaky = request({ steps: [{ text: 'at last' }], fault: { status: 529, retryAfter: 120, times: 1 } })
    const started = performance.now()
    expect(await anthropic.messages.create(flaky, { maxRetries: 1 })).toMatchObject({ content: [{ text: 'at last' }] })
    expect(performance.now() - started).toBeGreaterThan(110)
  })

  it('throws what an error event says, and what a missing end means', async () => {
    const anthropic = await client()
    const final = (script: Script) => anthropic.messages.stream(request(script)).finalMessage()
    const steps = [{ text: 'a b c' }]
    await expect(final({ steps, fault: { errorEvent: { message: 'gone' }, afterEvents: 3 } })).rejects.toThrow('gone')
    await expect(final({ steps, fault: { noEndMarker: true } })).rejects.toThrow('without producing a Message')
  })

  it('lists models and counts tokens', async () => {
    const anthropic = await client()
    const first = await anthropic.models.list()
    expect(first.data.map((model) => model.id)).toContain('parallel-tools')
    expect(await anthropic.models.retrieve('text')).toMatchObject({ id: 'text', type: 'model' })
    const count = await anthropic.messages.countTokens({
      model: 'm',
      system: 'x'.repeat(400),
      messages: [{ role: 'user', content: 'y'.repeat(40) }],
    })
    expect(count.input_tokens).toBeGreaterThanOrEqual(110)
  })
})
