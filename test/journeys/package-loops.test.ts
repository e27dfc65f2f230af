import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'
import { type House, openHouse } from './house.ts'
import { hello } from './pairs.ts'

const lookTool = { name: 'look', description: 'Look there' }
const parameters = { type: 'object' as const, properties: { at: { type: 'string' } } }
const runnable = { type: 'function' as const, function: { ...lookTool, parameters, function: () => 'saw' } }

const drivers: Record<string, (house: House, model: string) => Promise<unknown>> = {
  'openai SDK, runTools streamed, which builds the history anew': ({ openai }, model) =>
    openai.chat.completions
      .runTools({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'openai SDK, runTools whole': ({ openai }, model) =>
    openai.chat.completions
      .runTools({ model, messages: [{ role: 'user', content: 'Hi' }], tools: [runnable] })
      .finalContent(),
  'anthropic SDK, streamed': (house, model) => messagesLoop(house, model, true),
  'anthropic SDK, whole': (house, model) => messagesLoop(house, model, false),
}

async function messagesLoop({ anthropic }: House, model: string, stream: boolean): Promise<unknown> {
  const messages: Parameters<typeof anthropic.messages.create>[0]['messages'] = [{ role: 'user', content: 'Hi' }]
  for (;;) {
    const body = { model, messages, max_tokens: 100, tools: [{ ...lookTool, input_schema: parameters }] }
    const { content } = stream
      ? await anthropic.messages.stream(body).finalMessage()
      : await anthropic.messages.create(body)
    messages.push({ role: 'assistant', content })
    const calls = content.filter((block) => block.type === 'tool_use')
    if (calls.length === 0) return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    messages.push({
      role: 'user',
      content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'saw' })),
    })
  }
}

const each = it.each(Object.entries(drivers))

/** Two tool turns; the vendor wants what it thought back where it was. */
const signed: Script = {
  turns: [
    {
      steps: [
        { reasoning: 'Two places.', signature: 'c2lnLTE=' },
        { redacted: 'cmVkYWN0ZWQtMQ==' },
        { text: 'Let me look.' },
        { tool: 'look', arguments: { at: 'a' }, id: 'toolu_A' },
        { tool: 'look', arguments: { at: 'b' }, id: 'toolu_B' },
      ],
    },
    { steps: [{ redacted: 'cmVkYWN0ZWQtMg==' }, { tool: 'look', arguments: { at: 'c' }, id: 'toolu_C' }] },
    { steps: [{ reasoning: 'Enough.', signature: 'c2lnLTM=' }, { text: 'Seen.' }] },
  ],
}

describe('a tool loop through a package brings the vendor its own state back', () => {
  each('signed and redacted thinking of @ai-sdk/anthropic: %s', async (_, drive) => {
    const house = await openHouse({ script: signed })
    expect(await drive(house, 'pa/claude-sonnet-4-5')).toBe('Seen.')
    const turns = house.sent(2).messages as JsonObject[]
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
    expect(turns[1]!.content).toMatchObject([
      { type: 'thinking', thinking: 'Two places.', signature: 'c2lnLTE=' },
      { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtMQ==' },
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'toolu_A', name: 'look', input: { at: 'a' } },
      { type: 'tool_use', id: 'toolu_B', name: 'look', input: { at: 'b' } },
    ])
    expect(turns[2]!.content).toMatchObject([
      { type: 'tool_result', tool_use_id: 'toolu_A', content: 'saw' },
      { type: 'tool_result', tool_use_id: 'toolu_B', content: 'saw' },
    ])
    expect(turns[3]!.content).toMatchObject([
      { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtMg==' },
      { type: 'tool_use', id: 'toolu_C', name: 'look', input: { at: 'c' } },
    ])
    expect(JSON.stringify(house.sent())).not.toContain('slc1.')
  })

  each('the signatures of calls of @ai-sdk/google: %s', async (_, drive) => {
    const script: Script = {
      turns: [
        {
          steps: [
            { reasoning: 'Hm.', signature: 'c2lnLTE=' },
            { tool: 'look', arguments: { at: 'a' }, id: 'call_A' },
          ],
        },
        { steps: [{ text: 'Seen.' }] },
      ],
    }
    const house = await openHouse({ script })
    expect(await drive(house, 'pg/gemini-2.5-flash')).toBe('Seen.')
    expect(JSON.stringify(house.sent(1).contents)).toContain('"thoughtSignature":"c2lnLTE="')
    expect(JSON.stringify(house.sent())).not.toContain('slc1.')
  })

  each('the encrypted reasoning of @ai-sdk/openai: %s', async (_, drive) => {
    const script: Script = {
      turns: [
        {
          steps: [
            { reasoning: 'Hm.', signature: 'sealed-1' },
            { tool: 'look', arguments: { at: 'a' }, id: 'call_A' },
          ],
        },
        { steps: [{ text: 'Seen.' }] },
      ],
    }
    const more = [
      {
        name: 'px',
        kind: 'ai-sdk',
        package: '@ai-sdk/openai',
        api_keys: ['k'],
        provider_options: { openai: { store: false, include: ['reasoning.encrypted_content'] } },
      },
    ]
    const house = await openHouse({ script, more: (url) => more.map((one) => ({ ...one, base_url: `${url}/v1` })) })
    expect(await drive(house, 'px/gpt-5')).toBe('Seen.')
    expect(house.sent(1)).toMatchObject({ store: false })
    const input = house.sent(1).input as JsonObject[]
    expect(input.map(({ type, role }) => type ?? role)).toEqual([
      'user',
      'reasoning',
      'function_call',
      'function_call_output',
    ])
    expect(input[1]).toMatchObject({ encrypted_content: 'sealed-1' })
    expect(JSON.stringify(house.sent())).not.toContain('slc1.')
  })

  each('the plain reasoning of a server behind @ai-sdk/openai-compatible: %s', async (_, drive) => {
    const script: Script = {
      turns: [
        { steps: [{ reasoning: 'Hm.' }, { tool: 'look', arguments: { at: 'a' }, id: 'call_A' }] },
        { steps: [{ text: 'Seen.' }] },
      ],
    }
    const house = await openHouse({ script })
    expect(await drive(house, 'pk/deepseek-reasoner')).toBe('Seen.')
    expect((house.sent(1).messages as JsonObject[])[1]).toMatchObject({ role: 'assistant', reasoning_content: 'Hm.' })
  })

  it('the state of one package is not shown to another', async () => {
    const house = await openHouse({ script: signed })
    const body = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
    const first = await house.anthropic.messages.create({ ...body, model: 'pa/claude-sonnet-4-5' })
    await house.anthropic.messages.create({
      ...body,
      model: 'pk/llama-3',
      messages: [...body.messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'And?' }],
    })
    expect(JSON.stringify(house.sent())).not.toMatch(/c2lnLTE|cmVkYWN0|Two places|slc1/)
  })
})

describe('what else goes through a package', () => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p1nVYQAAAABJRU5ErkJggg=='

  it.each(['pc/gpt-4.1-mini', 'pa/claude-sonnet-4-5', 'pg/gemini-2.5-flash'])(
    'an image in a result stands behind it, not as letters in it: %s',
    async (model) => {
      const house = await openHouse({ script: { steps: [{ text: 'I see {{images}}.' }] } })
      const message = await house.anthropic.messages.create({
        model,
        max_tokens: 100,
        tools: [{ ...lookTool, input_schema: parameters }],
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'toolu_1',
                content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }],
              },
            ],
          },
        ],
      })
      expect(message.content).toMatchObject([{ text: expect.stringMatching(/^I see image\/png of \d+ bytes\.$/) }])
    },
  )

  it('an address is sent where the vendor reads it, and refused where it does not', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'Nice.' }] } })
    const look = (model: string): Promise<unknown> =>
      house.openai.chat.completions.create({
        model,
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }],
      })
    await look('pa/claude-sonnet-4-5')
    expect(JSON.stringify(house.sent().messages)).toContain('"url":"https://example.com/a.png"')
    await expect(look('pg/gemini-2.5-flash')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('send the data'),
    })
    expect(house.scripted.requests).toHaveLength(1)
  })

  it.each([true, false])('what the package could not do is named, streamed %s', async (stream) => {
    const house = await openHouse({ script: { steps: [{ text: 'Hi.' }] } })
    const request = { ...hello.chat, model: 'pa/claude-sonnet-4-5', seed: 1, presence_penalty: 1 }
    const answer = await house.openai.chat.completions.create({ ...request, stream })
    if (Symbol.asyncIterator in answer) for await (const _ of answer);
    expect(house.head.get('x-sluice-warnings')).toMatch(/presence_penalty;dropped.*seed;dropped/)
  })

  it('what only a package knows goes on in its own words, and marks of the cache in those of the configuration', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'Hi.' }] } })
    await house.openai.chat.completions.create({
      ...hello.chat,
      model: 'pc/gpt-4.1-mini',
      ...({ providerOptions: { openai: { user: 'ada', logitBias: { 50256: -100 } } } } as object),
    })
    expect(house.sent()).toMatchObject({ user: 'ada', logit_bias: { 50256: -100 } })
    await house.anthropic.messages.create({
      model: 'pa/claude-sonnet-4-5',
      max_tokens: 10,
      system: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(house.sent().system).toEqual([{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }])
  })

  it.each(['pc/gpt-4.1-mini', 'pr/gpt-4.1-mini', 'pg/gemini-2.5-flash', 'pa/claude-sonnet-4-5'])(
    'JSON of a shape, sampling, and how much to think: %s',
    async (model) => {
      const house = await openHouse({ script: { steps: [{ text: '{"city":"Paris"}' }] } })
      const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
      const answer = await house.openai.chat.completions.create({
        ...hello.chat,
        model,
        temperature: 0.5,
        max_completion_tokens: 50,
        response_format: { type: 'json_schema', json_schema: { name: 'place', schema } },
      })
      expect(answer.choices[0]!.message.content).toBe('{"city":"Paris"}')
      const sent = JSON.stringify(house.sent())
      expect(sent).toContain('"temperature":0.5')
      expect(sent).toMatch(/okens":50\b/)
      expect(sent).toContain('"city"')
    },
  )

  it('sources reach a client that knows them', async () => {
    const citations = [
      { type: 'url_citation', url_citation: { start_index: 0, end_index: 2, url: 'https://a.example/', title: 'A' } },
    ]
    const house = await openHouse({ script: { steps: [{ text: 'So.', citations }] } })
    const stream = house.openai.chat.completions.stream({ ...hello.chat, model: 'pc/gpt-4.1-mini' })
    const found: unknown[] = []
    for await (const { choices } of stream) {
      const { annotations } = (choices[0]?.delta ?? {}) as { annotations?: unknown[] }
      found.push(...(annotations ?? []))
    }
    expect(found).toMatchObject([{ url_citation: { url: 'https://a.example/', title: 'A' } }])
  })
})
