import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import type { RunnableToolFunctionWithoutParse } from 'openai/lib/RunnableFunction'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'
import { type Pair, pairs, titled } from './pairs.ts'

/** Calls, then more calls, then an answer: what an agent does all day, driven by the SDKs' own runners. */
const script = (pair: Pair): Script => ({
  turns: [
    {
      steps: [
        { text: 'First.' },
        {
          parallel: [
            { tool: 'get_weather', arguments: { city: 'Paris' }, id: 'call_A' },
            { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'call_B' },
          ],
        },
      ],
    },
    { steps: [{ tool: 'get_time', id: 'call_C', ...(pair.upstream === 'openai-chat' && { arguments: {} }) }] },
    { steps: [{ text: 'The tools say: {{tool_result}}' }] },
  ],
})

describe.each(titled(pairs))('%s', (_, pair) => {
  it("the SDK's tool runner completes a loop of three requests", async () => {
    const house = await openHouse({ script: script(pair) })
    const ran: string[] = []
    const text = await (pair.client === 'openai-chat' ? runChat : runMessages)(house, pair, ran)
    expect(ran).toEqual(['weather of Paris', 'weather of Zürich', 'time'])
    expect(text).toBe('The tools say: noon')
    expect(house.scripted.requests.map(({ script: name }) => name)).toEqual(['given', 'given', 'given'])
    const { messages } = house.sent()
    if (pair.upstream === 'openai-chat') {
      expect(messages).toMatchObject([
        { role: 'user' },
        { role: 'assistant', tool_calls: [{ id: 'call_A' }, { id: 'call_B' }] },
        { role: 'tool', tool_call_id: 'call_A', content: 'rain in Paris' },
        { role: 'tool', tool_call_id: 'call_B', content: 'rain in Zürich' },
        { role: 'assistant', tool_calls: [{ id: 'call_C', function: { name: 'get_time', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'call_C', content: 'noon' },
      ])
    } else {
      expect(messages).toMatchObject([
        { role: 'user' },
        { role: 'assistant', content: [{ text: 'First.' }, { id: 'call_A' }, { id: 'call_B' }] },
        { role: 'user', content: [{ tool_use_id: 'call_A' }, { tool_use_id: 'call_B' }] },
        { role: 'assistant', content: [{ id: 'call_C', name: 'get_time', input: {} }] },
        { role: 'user', content: [{ tool_use_id: 'call_C', content: 'noon' }] },
      ])
    }
  })
})

async function runChat({ openai }: House, { model, stream }: Pair, ran: string[]): Promise<string | null> {
  const tools: RunnableToolFunctionWithoutParse[] = [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        function: (input) => {
          const { city } = JSON.parse(input) as { city: string }
          ran.push(`weather of ${city}`)
          return `rain in ${city}`
        },
      },
    },
    {
      type: 'function',
      function: {
        name: 'get_time',
        description: 'The time',
        parameters: { type: 'object', properties: {} },
        function: () => {
          ran.push('time')
          return 'noon'
        },
      },
    },
  ]
  const body = { model: model(), messages: [{ role: 'user' as const, content: 'What is it like out there?' }], tools }
  const runner = stream
    ? openai.chat.completions.runTools({ ...body, stream: true })
    : openai.chat.completions.runTools(body)
  return runner.finalContent()
}

async function runMessages({ anthropic }: House, { model, stream }: Pair, ran: string[]): Promise<string> {
  const runner = anthropic.beta.messages.toolRunner({
    model: model(),
    max_tokens: 1000,
    stream,
    thread: false,
    messages: [{ role: 'user', content: 'What is it like out there?' }],
    tools: [
      betaTool({
        name: 'get_weather',
        description: 'The weather',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        run: (input) => {
          ran.push(`weather of ${input.city}`)
          return `rain in ${input.city}`
        },
      }),
      betaTool({
        name: 'get_time',
        description: 'The time',
        inputSchema: { type: 'object', properties: {} },
        run: () => {
          ran.push('time')
          return 'noon'
        },
      }),
    ],
  })
  const { content } = await runner.runUntilDone()
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}
