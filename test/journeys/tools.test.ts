import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'
import { type Ask, ask, crossed, hello, type Pair, pairs, pairsOf, titled } from './pairs.ts'

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const

const chatTools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  function: { name, description: `${name} of a city`, parameters: schema },
}))
const messagesTools = ['get_weather', 'get_time'].map((name) => ({
  name,
  description: `${name} of a city`,
  input_schema: { ...schema, required: ['city'] },
}))

const offer: Ask = {
  chat: { ...hello.chat, tools: chatTools },
  messages: { ...hello.messages, tools: messagesTools },
}

/** A call without arguments, as each provider says it: OpenAI by an empty object, Anthropic by nothing. */
const silent = (pair: Pair) => (pair.upstream === 'openai-chat' ? { arguments: {} } : {})

const parallel = (pair: Pair): Script => ({
  steps: [
    { text: 'Looking.' },
    {
      parallel: [
        { tool: 'get_weather', arguments: { city: 'Paris "×" 👩‍👩‍👧' }, id: 'call_A', pieces: 9 },
        { tool: 'get_weather', arguments: { city: 'Zürich' }, id: 'call_B' },
        { tool: 'get_time', id: 'call_C', ...silent(pair) },
      ],
    },
  ],
})

describe.each(titled(pairs))('%s', (_, pair) => {
  it('the tools reach the provider in its own shape', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, offer)
    expect(house.sent().tools).toEqual(pair.upstream === 'openai-chat' ? chatTools : messagesTools)
    expect(house.sent().tool_choice).toBeUndefined()
  })

  it('parallel calls keep their ids, names, order and arguments, and a call without arguments is an empty object', async () => {
    const house = await openHouse({ script: parallel(pair) })
    const heard = await ask(house, pair, offer)
    expect(heard.text).toBe('Looking.')
    expect(heard.calls).toEqual([
      { id: 'call_A', name: 'get_weather', arguments: { city: 'Paris "×" 👩‍👩‍👧' } },
      { id: 'call_B', name: 'get_weather', arguments: { city: 'Zürich' } },
      { id: 'call_C', name: 'get_time', arguments: {} },
    ])
    expect(heard.finish).toBe(pair.client === 'openai-chat' ? 'tool_calls' : 'tool_use')
  })

  const choices: Array<[string, Ask['chat'], Ask['messages'], object | string, object]> = [
    ['auto', { tool_choice: 'auto' }, { tool_choice: { type: 'auto' } }, 'auto', { type: 'auto' }],
    ['required', { tool_choice: 'required' }, { tool_choice: { type: 'any' } }, 'required', { type: 'any' }],
    ['none', { tool_choice: 'none' }, { tool_choice: { type: 'none' } }, 'none', { type: 'none' }],
    [
      'one',
      { tool_choice: { type: 'function', function: { name: 'get_time' } } },
      { tool_choice: { type: 'tool', name: 'get_time' } },
      { type: 'function', function: { name: 'get_time' } },
      { type: 'tool', name: 'get_time' },
    ],
  ].map(([name, chat, messages, ...wire]) => [
    name as string,
    { ...offer.chat, ...(chat as object) },
    { ...offer.messages, ...(messages as object) },
    ...(wire as [object | string, object]),
  ])

  it.each(choices)(
    'tool choice %s means the same on the other side',
    async (_name, chat, messages, inChat, inMessages) => {
      const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
      await ask(house, pair, { chat, messages })
      expect(house.sent().tool_choice).toEqual(pair.upstream === 'openai-chat' ? inChat : inMessages)
    },
  )

  it('no parallel calls: the wish reaches the provider', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, {
      chat: { ...offer.chat, parallel_tool_calls: false },
      messages: { ...offer.messages, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    })
    const { tool_choice, parallel_tool_calls } = house.sent()
    if (pair.upstream === 'openai-chat') expect(parallel_tool_calls).toBe(false)
    else expect(tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
  })

  it('a history with calls and results is whole and in order at the provider', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, history)
    const { messages } = house.sent()
    if (pair.upstream === 'openai-chat') {
      expect(messages).toEqual([
        { role: 'user', content: 'Hi there' },
        {
          role: 'assistant',
          content: 'Looking.',
          tool_calls: [
            { id: 'call_A', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
            { id: 'call_B', type: 'function', function: { name: 'get_time', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_A', content: 'sunny' },
        { role: 'tool', tool_call_id: 'call_B', content: 'noon' },
      ])
    } else {
      expect(messages).toMatchObject([
        { role: 'user', content: 'Hi there' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Looking.' },
            { type: 'tool_use', id: 'call_A', name: 'get_weather', input: { city: 'Paris' } },
            { type: 'tool_use', id: 'call_B', name: 'get_time', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_A', content: 'sunny' },
            { type: 'tool_result', tool_use_id: 'call_B', content: 'noon' },
          ],
        },
      ])
    }
  })
})

it.each(titled(crossed))(
  'empty arguments are made whole, so that the next turn is not refused: %s',
  async (_, pair) => {
    const house = await openHouse({ script: { steps: [{ tool: 'get_time', arguments: '' }] } })
    expect((await ask(house, pair, offer)).calls).toMatchObject([{ name: 'get_time', arguments: {} }])
  },
)

const history: Ask = {
  chat: {
    tools: chatTools,
    messages: [
      { role: 'user', content: 'Hi there' },
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [
          { id: 'call_A', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
          { id: 'call_B', type: 'function', function: { name: 'get_time', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_A', content: 'sunny' },
      { role: 'tool', tool_call_id: 'call_B', content: 'noon' },
    ],
  },
  messages: {
    tools: messagesTools,
    messages: [
      { role: 'user', content: 'Hi there' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'call_A', name: 'get_weather', input: { city: 'Paris' } },
          { type: 'tool_use', id: 'call_B', name: 'get_time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_A', content: 'sunny' },
          { type: 'tool_result', tool_use_id: 'call_B', content: 'noon' },
        ],
      },
    ],
  },
}

const png = 'iVBORw0KGgo='

describe('what a tool gives back that is no plain text', () => {
  const [pair] = pairsOf({ client: 'anthropic-messages', upstream: 'openai-chat', stream: false })

  it('an image in a result follows in a message of the user, and an error says that it is one', async () => {
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair!, {
      ...history,
      messages: {
        tools: messagesTools,
        messages: [
          ...history.messages.messages.slice(0, 2),
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'call_A',
                content: [
                  { type: 'text', text: 'the map' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
                ],
              },
              { type: 'tool_result', tool_use_id: 'call_B', content: 'no clock', is_error: true },
              { type: 'text', text: 'Go on.' },
            ],
          },
        ],
      },
    })
    const messages = house.sent().messages as object[]
    expect(messages.slice(2)).toEqual([
      { role: 'tool', tool_call_id: 'call_A', content: expect.stringMatching(/^the map\n/) },
      { role: 'tool', tool_call_id: 'call_B', content: 'Error: no clock' },
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }],
      },
      { role: 'user', content: 'Go on.' },
    ])
  })
})

it.each(titled(crossed))(
  'an id that the provider would refuse is replaced, for call and result alike: %s',
  async (_, pair) => {
    const id = 'functions.get_time:0'
    const house = await openHouse({ script: { steps: [{ text: 'ok' }] } })
    await ask(house, pair, {
      chat: {
        tools: chatTools,
        messages: [
          { role: 'user', content: 'Hi there' },
          {
            role: 'assistant',
            tool_calls: [{ id, type: 'function', function: { name: 'get_time', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: id, content: 'noon' },
        ],
      },
      messages: {
        tools: messagesTools,
        messages: [
          { role: 'user', content: 'Hi there' },
          { role: 'assistant', content: [{ type: 'tool_use', id, name: 'get_time', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'noon' }] },
        ],
      },
    })
    const text = JSON.stringify(house.sent().messages)
    const [called] = /(?<="id":")[^"]+/.exec(text) ?? []
    const [answered] = /(?<="(?:tool_call_id|tool_use_id)":")[^"]+/.exec(text) ?? []
    expect(called).toMatch(/^[\w-]{1,40}$/)
    expect(answered).toBe(called)
  },
)

describe('names and ids that are not legal on the other side come back as they were', () => {
  it.each(titled(pairsOf({ client: 'openai-chat', upstream: 'anthropic-messages' })))('%s', async (_, pair) => {
    const name = 'files.read/all'
    const wire = /^[a-zA-Z0-9_-]{1,128}$/
    const house = await openHouse({ scripts: { probe: { steps: [{ text: 'ok' }] } } })
    const tools = [{ type: 'function' as const, function: { name, parameters: { type: 'object' } } }]
    await ask(house, pair, { ...hello, chat: { ...hello.chat, tools }, model: 'probe' })
    const [offered] = house.sent().tools as Array<{ name: string }>
    expect(offered?.name).toMatch(wire)
    const second = await openHouse({ script: { steps: [{ tool: offered!.name, arguments: { a: 1 } }] } })
    const heard = await ask(second, pair, { ...hello, chat: { ...hello.chat, tools } })
    expect(heard.calls).toMatchObject([{ name, arguments: { a: 1 } }])
  })

  it.each(titled(pairsOf({ client: 'openai-chat' })))('a free-text tool keeps its text: %s', async (_, pair) => {
    const input = 'line one\n"two" \\ {brace} 👍'
    const house = await openHouse({ script: { steps: [{ tool: 'patch', custom: true, arguments: input, pieces: 7 }] } })
    const tools = [{ type: 'custom' as const, custom: { name: 'patch', description: 'Apply a patch.' } }]
    const heard = await ask(house, pair, { ...hello, chat: { ...hello.chat, tools } })
    expect(heard.calls).toMatchObject([{ name: 'patch', arguments: input }])
    expect(heard.finish).toBe('tool_calls')
  })
})
