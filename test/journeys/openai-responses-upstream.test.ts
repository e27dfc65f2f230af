import type { MessageParam } from '@anthropic-ai/sdk/resources/messages'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { type Ask, ask, hello, type Pair } from './pairs.ts'

const pairs: Pair[] = (['openai-chat', 'anthropic-messages'] as const).flatMap((client) =>
  [true, false].map((stream) => ({
    client,
    upstream: 'openai-chat',
    stream,
    model: (name = 'journey') => `re/${name}`,
  })),
)

const schema = { type: 'object' as const, properties: { at: { type: 'string' } } }
const chatTools = [{ type: 'function' as const, function: { name: 'look', parameters: schema } }]
const messagesTools = [{ name: 'look', input_schema: schema }]

describe.each(pairs)('a client of $client, upstream openai-responses, streamed: $stream', (pair) => {
  it('gets the text, the counts and the reasoning', async () => {
    const house = await openHouse({
      script: {
        steps: [{ reasoning: 'Let me see.' }, { text: 'Grüße, 世界!' }],
        model: 'served',
        usage: { input: 9, cacheRead: 4, output: 5, reasoning: 2 },
      },
      strict: true,
    })
    const heard = await ask(house, pair, hello)
    expect(heard).toMatchObject({ text: 'Grüße, 世界!', reasoning: 'Let me see.', model: 'served' })
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'stop' : 'end_turn')
    expect(heard.usage).toMatchObject(
      pair.client === 'openai-chat'
        ? { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens: 5 }
        : { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 5 },
    )
    expect(house.scripted.requests[0]).toMatchObject({ path: '/v1/responses' })
    expect(house.sent()).toMatchObject({ model: 'journey', store: false })
    expect(house.head.get('x-sluice-warnings')).toBeNull()
  })

  it('the instructions, the turns and the settings reach the provider in its words', async () => {
    const house = await openHouse({ script: { steps: [{ text: '{}' }] }, strict: true })
    await ask(house, pair, conversation)
    expect(house.sent()).toMatchObject({
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'Eins.' }] },
        { role: 'user', content: 'Two?' },
      ],
      temperature: 0.5,
      max_output_tokens: 77,
      safety_identifier: 'u1',
      tools: [{ type: 'function', name: 'look', parameters: schema, strict: false }],
      tool_choice: { type: 'function', name: 'look' },
      parallel_tool_calls: false,
      text: { format: { type: 'json_schema', schema: { type: 'object' } } },
    })
  })

  it('keeps the encrypted reasoning through a loop of tools, with its id and its text', async () => {
    const house = await openHouse({ script: loop, strict: true })
    const chat: ChatCompletionMessageParam[] = [{ role: 'user', content: 'go' }]
    const messages: MessageParam[] = [{ role: 'user', content: 'go' }]
    for (let turn = 0; turn < 2; turn++) {
      if (pair.client === 'openai-chat') {
        const { choices } = await house.openai.chat.completions.create({
          model: pair.model(),
          messages: chat,
          tools: chatTools,
        })
        const { message } = choices[0]!
        chat.push(message)
        for (const { id } of message.tool_calls ?? []) chat.push({ role: 'tool', tool_call_id: id, content: 'seen' })
      } else {
        const body = { model: pair.model(), max_tokens: 100, messages, tools: messagesTools }
        const { content } = pair.stream
          ? await house.anthropic.messages.stream(body).finalMessage()
          : await house.anthropic.messages.create(body)
        const results = content.flatMap((block) =>
          block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'seen' }] : [],
        )
        messages.push({ role: 'assistant', content }, { role: 'user', content: results })
      }
    }
    expect(house.sent().input).toMatchObject([
      { role: 'user' },
      {
        type: 'reasoning',
        id: expect.stringMatching(/^rs_/),
        summary: [{ text: 'think one' }],
        encrypted_content: 'sig-1',
      },
      { role: 'assistant' },
      { type: 'function_call', name: 'look', arguments: '{"at":"a"}' },
      { type: 'function_call_output', output: 'seen' },
    ])
    await ask(house, pair, { chat: { messages: chat, tools: chatTools }, messages: { messages, tools: messagesTools } })
    expect(JSON.stringify(house.sent())).toContain('sig-2')
  })

  it('is told of errors before and inside the answer', async () => {
    const house = await openHouse({
      scripts: {
        busy: { fault: { status: 429, message: 'slow down' } },
        broken: { steps: [{ text: 'a b c d e' }], fault: { errorEvent: { message: 'oh no' }, afterEvents: 7 } },
        cut: { steps: [{ text: 'a b c d e' }], fault: { cutAfterEvents: 7 } },
      },
    })
    await expect(ask(house, pair, { ...hello, model: 'busy' })).rejects.toMatchObject({ status: 429 })
    await expect(ask(house, pair, { ...hello, model: 'broken' })).rejects.toThrow('oh no')
    await expect(ask(house, pair, { ...hello, model: 'cut' })).rejects.toThrow()
  })

  it('several calls, a refusal and an end by length are what they are', async () => {
    const house = await openHouse({
      scripts: {
        calls: {
          steps: [
            {
              parallel: [
                { tool: 'look', arguments: { at: 'a' }, id: 'call_A' },
                { tool: 'look', id: 'call_B' },
              ],
            },
          ],
        },
        no: { steps: [{ refusal: 'No.' }] },
        short: { steps: [{ text: 'Half' }], finish: 'length' },
      },
    })
    const tools = { chat: { ...hello.chat, tools: chatTools }, messages: { ...hello.messages, tools: messagesTools } }
    const { calls, finish } = await ask(house, pair, { ...tools, model: 'calls' })
    expect(calls).toEqual([
      { id: 'call_A', name: 'look', arguments: { at: 'a' } },
      { id: 'call_B', name: 'look', arguments: {} },
    ])
    expect(finish).toBe(pair.client === 'openai-chat' ? 'tool_calls' : 'tool_use')
    const no = await ask(house, pair, { ...hello, model: 'no' })
    expect(no.text + no.refusal).toBe('No.')
    expect((await ask(house, pair, { ...hello, model: 'short' })).finish).toBe(
      pair.client === 'openai-chat' ? 'length' : 'max_tokens',
    )
  })

  it('what this API has no field for is refused or told', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] }, strict: true })
    await expect(
      ask(house, pair, {
        chat: { ...hello.chat, stop: ['END'] },
        messages: { ...hello.messages, stop_sequences: ['END'] },
      }),
    ).rejects.toMatchObject({ status: 400 })
    await ask(house, pair, { chat: { ...hello.chat, seed: 1 }, messages: { ...hello.messages, top_k: 4 } })
    expect(house.head.get('x-sluice-warnings')).toBe(pair.client === 'openai-chat' ? 'seed;dropped' : 'top_k;dropped')
  })
})

const conversation: Ask = {
  chat: {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Eins.' },
      { role: 'user', content: 'Two?' },
    ],
    temperature: 0.5,
    max_completion_tokens: 77,
    user: 'u1',
    tools: chatTools,
    tool_choice: { type: 'function', function: { name: 'look' } },
    parallel_tool_calls: false,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
  },
  messages: {
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Eins.' },
      { role: 'user', content: 'Two?' },
    ],
    temperature: 0.5,
    max_tokens: 77,
    metadata: { user_id: 'u1' },
    tools: messagesTools,
    tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
    output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
  },
}

const loop: Script = {
  turns: [
    {
      steps: [
        { reasoning: 'think one', signature: 'sig-1' },
        { text: 'Let me look.' },
        { tool: 'look', arguments: { at: 'a' } },
      ],
    },
    {
      steps: [
        { reasoning: 'think two', signature: 'sig-2' },
        { tool: 'look', arguments: { at: 'b' } },
      ],
    },
    { steps: [{ text: 'Done.' }] },
  ],
}
